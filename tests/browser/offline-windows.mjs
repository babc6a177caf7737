// Several windows of the page without a network are one device: what one of them takes, or forgets, the others judge by.
import assert from "node:assert/strict";
import { join } from "node:path";

import { Chromium } from "./chromium.mjs";
import { first, quiet, says, sequenceOf, text, upload, verdict } from "./offline-page.mjs";

/** Every story of it; how many passed. */
export async function windowStories({ binary, work, installation }) {
  const folder = join(work, "installation");
  const [card, newer] = [join(work, "windows.png"), join(work, "windows.pack")];
  const [, , , , , person] = installation.people;
  installation.run("card", "print", "--record", person.UIN, "--out", card);
  installation.run("pack", "build", "--out", join(folder, "newest.pack"));
  await installation.stopVerifier();
  await installation.serveVerifier(binary, folder);
  const browser = new Chromium(join(work, "windows"));
  const story = { installation, card, newer };
  try {
    const one = await first(story, browser, "en");
    const two = await first(story, browser, "en", one);
    const deaf = await first(story, browser, "en", one);
    await deaf.send("Page.addScriptToEvaluateOnNewDocument", { source: "delete window.BroadcastChannel" });
    await deaf.loading(() => deaf.send("Page.reload"));
    await deaf.until("document.body.dataset.ready === 'yes'");
    await installation.stopVerifier();
    installation.run("credential", "revoke", "--record", person.UIN);
    installation.run("pack", "build", "--out", newer);
    await newerPackIsUsedEverywhere(story, { one, two, deaf });
    await whoBeginsAnewDoesSoEverywhere(story, { one, two, deaf });
    return 2;
  } finally {
    await browser.close();
  }
}

/** One window takes a pack: another shows it without being touched, and one that hears nothing judges by it all the same. */
async function newerPackIsUsedEverywhere(story, { one, two, deaf }) {
  const before = await sequenceOf(one);
  for (const page of [two, deaf]) {
    assert.equal(await sequenceOf(page), before);
    await upload(page, story.card);
    assert.equal(await verdict(page), "genuine", "the old pack does not know yet");
  }
  await one.chooseFile("#pack-file", story.newer);
  await one.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  await two.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  for (const page of [two, deaf]) {
    await upload(page, story.card);
    assert.equal(await verdict(page), "invalid");
    quiet(page, story.installation, "windows");
  }
}

/** One window forgets whom it believes: another does so at once, and one that hears nothing before it judges or keeps anything. */
async function whoBeginsAnewDoesSoEverywhere(story, { one, two, deaf }) {
  const believesNobody = async (page) => {
    await page.until("document.body.dataset.ready === 'yes' && document.getElementById('root-known').hidden");
    await says(page, "root-alert", "root-none");
  };
  await one.loading(() => one.evaluate("document.getElementById('forget').click()"));
  for (const page of [one, two]) await believesNobody(page);
  assert.notEqual(await text(deaf, "fingerprint"), "", "it has not heard");
  await deaf.loading(() => deaf.chooseFile("#pack-file", story.newer));
  await believesNobody(deaf);
  const kept = await one.evaluate(`new Promise((resolve) => {
    indexedDB.open("symbolon-offline", 1).onsuccess = ({ target }) => {
      target.result.transaction("kept").objectStore("kept").getAllKeys().onsuccess = ({ target }) => resolve(target.result);
    };
  })`);
  assert.deepEqual(kept.filter((name) => ["root", "pack", "known", "last-seen"].includes(name)), []);
}
