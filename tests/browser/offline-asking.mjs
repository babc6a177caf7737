// A page without a network asks: it shows a request of its own, a real wallet films that and answers with an animation, and the page films the answer
// with a third of its frames lost. It takes an answer once, and none to another request.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";

import { offerAsk, receive } from "./by_qr.mjs";
import { blank, camera, frames, record } from "./films.mjs";
import { DIRECTIONS, again, first, keep, quiet, says, text, upload, verdict, why } from "./offline-page.mjs";
import { LIFETIME, ask, noSecret, present } from "./offline-requests.mjs";
import { workerStories } from "./offline-worker.mjs";

const VALID = { en: "shown by the person it belongs to", ar: "قدمها صاحبها" };
const LONG = 120_000;

/** Every story of it; how many passed. */
export async function askingStories({ binary, work, installation, check, studio, cards }) {
  const folder = join(work, "installation");
  offerAsk(folder);
  receive(installation);
  installation.run("pack", "build", "--out", join(folder, "newest.pack"));
  await installation.stopVerifier();
  await installation.serveVerifier(binary, folder);
  const film = join(work, "asked-answer.mjpeg");
  await record(studio, [blank()], film);
  const browsers = { en: camera(work, film, "asking-en"), ar: camera(work, film, "asking-ar") };
  const story = { work, installation, check, studio, film, cards };
  try {
    const pages = {};
    for (const [language, browser] of Object.entries(browsers)) pages[language] = await first(story, browser, language);
    const breaking = await first(story, browsers.en, "en");
    const beside = await first(story, browsers.en, "en", breaking);
    await installation.stopVerifier();
    await listed(folder, { ...pages, breaking });
    for (const [language, page] of Object.entries(pages)) await answered(story, page, language);
    await answersAnotherRequest(story, pages.en);
    await answeredByAFile(story, pages.en);
    await overWhileItIsShown(story, pages.en);
    await cannotBeJudged(story, pages.ar);
    return 7 + (await workerStories(story, breaking, beside));
  } finally {
    for (const browser of Object.values(browsers)) await browser.close();
  }
}

/** The wallet's owner lists the shop's devices: whoever is on no list is not answered. */
async function listed(folder, pages) {
  const devices = [];
  for (const page of Object.values(pages)) {
    await page.until("document.getElementById('device').textContent.startsWith('did:key:z')");
    devices.push(await page.evaluate("document.getElementById('device').textContent"));
  }
  assert.equal(new Set(devices).size, devices.length, "each device has a key of its own");
  const lines = devices.map((did) => `"${did}" = "The corner shop"`);
  appendFileSync(join(folder, "symbolon.toml"), `\n[wallet.verifier_dids]\n${lines.join("\n")}\n`);
}

/** By keyboard alone: the page asks, the wallet answers, the page judges; and the same answer again is refused, after a new start as well. */
async function answered(story, page, language) {
  const at = (step) => story.check(page, `offline-${language}-320-14-${step}`, language, DIRECTIONS[language], 1);
  await again(page);
  await ask(page);
  await at("1-asked");
  const answer = await present(story, page, `answer-${language}`);
  await record(story.studio, frames(answer), story.film);
  await page.tabTo("#start");
  await page.press("Enter");
  await page.until("!document.getElementById('progress').hidden && document.getElementById('bar').value > 0.2", LONG);
  await at("2-progress");
  await page.until("document.querySelector('#result article') !== null", LONG);
  await at("3-answered");
  assert.equal(await verdict(page), "valid", "the holder has proven a key");
  assert((await why(page)).includes(VALID[language]), await why(page));
  const seen = await page.evaluate(`({
    asked: document.getElementById("asked").hidden,
    focus: document.activeElement.id,
    filming: document.getElementById("video").srcObject !== null,
    claims: document.querySelector("#result .claims").innerText.length,
    asOf: document.querySelector("#result .about time")?.dateTime ?? "",
  })`);
  assert.deepEqual([seen.asked, seen.focus, seen.filming], [true, "result", false]);
  assert(seen.claims > 5 && seen.asOf !== "", JSON.stringify(seen));
  await noSecret(page);
  await againRefused(page, "#again");
  await at("4-replayed");
  await again(page);
  assert.equal(await page.evaluate("document.getElementById('asked').hidden"), true, "what was answered is not asked again");
  await againRefused(page, "#start");
  quiet(page, story.installation, `asked ${language}`);
}

async function againRefused(page, button) {
  await page.tabTo(button);
  await page.press("Enter");
  await says(page, "alert", "problem-replayed", LONG);
  assert.equal(await page.evaluate("document.querySelector('#result article')"), null, "nothing is judged");
  await page.tabTo("#stop");
  await page.press("Enter");
}

/** The answer to one request, filmed where another one is shown, and where none is. */
async function answersAnotherRequest(story, page) {
  await again(page);
  await ask(page);
  const answer = await present(story, page, "answer-to-another");
  await record(story.studio, frames(answer), story.film);
  await ask(page);
  for (const [id, before] of [["problem-other-request", undefined], ["problem-not-asked", "#withdraw"]]) {
    if (before) {
      await page.tabTo(before);
      await page.press("Enter");
    }
    await page.evaluate("document.getElementById('alert').replaceChildren()");
    await page.tabTo("#start");
    await page.press("Enter");
    await says(page, "alert", id, LONG);
    assert.equal(await page.evaluate("document.querySelector('#result article')"), null, id);
    await page.tabTo("#stop");
    await page.press("Enter");
  }
  await story.check(page, "offline-en-320-15-answer-to-another", "en", "ltr", 1);
  assert.equal(await text(page, "ask-alert"), "");
  quiet(page, story.installation, "another request");
}

/** The answer as an animation in a file, whose frames go on after it was read, and once more: the verdict stays, and the secret of the request goes.
    A window that still shows the request closes it when it meets the answer. */
async function answeredByAFile(story, page) {
  await again(page);
  await ask(page);
  const secret = await page.evaluate("sessionStorage.getItem('symbolon-asked')");
  const answer = await present(story, page, "answer.gif");
  await upload(page, answer, answer);
  // Whatever is read after the verdict is read by then.
  await page.until("document.getElementById('picture').value === ''");
  assert.equal(await verdict(page), "valid");
  assert.equal(await text(page, "alert"), "");
  await noSecret(page);
  // A window that was closed before it had dropped the secret does so when it begins again.
  const withSecret = `sessionStorage.setItem("symbolon-asked", ${JSON.stringify(secret)})`;
  await page.evaluate(withSecret);
  await again(page);
  assert.equal(await page.evaluate("document.getElementById('asked').hidden"), true, "what was answered is not shown again");
  await noSecret(page);
  await page.evaluate(`sessionStorage.removeItem("symbolon-answered"), ${withSecret}`);
  await again(page);
  await page.until("!document.getElementById('asked').hidden");
  await page.tabTo("#picture");
  await page.chooseFile("#picture", answer);
  await says(page, "alert", "problem-replayed", LONG);
  assert.equal(await page.evaluate("document.querySelector('#result article')"), null, "nothing is judged twice");
  await page.until("document.getElementById('asked').hidden");
  await noSecret(page);
  quiet(page, story.installation, "file");
}

/** Time is over for a request that is shown: it goes with its secret, and who answers it then is told so, whatever the clock says by then. */
async function overWhileItIsShown(story, page) {
  await again(page);
  await ask(page);
  const answer = await present(story, page, "answer-too-late.gif");
  await page.evaluate(`void (window.real = Date.now, Date.now = () => window.real() + ${LIFETIME + 1_000})`);
  await says(page, "ask-alert", "problem-expired");
  assert.equal(await page.evaluate("document.getElementById('asked').hidden"), true);
  assert.equal(await page.evaluate("sessionStorage.getItem('symbolon-asked')"), null, "the secret is gone");
  await page.evaluate("void (Date.now = window.real)");
  await page.tabTo("#picture");
  await page.chooseFile("#picture", answer);
  await says(page, "alert", "problem-expired", LONG);
  assert.equal(await page.evaluate("document.querySelector('#result article')"), null, "nothing is judged");
  quiet(page, story.installation, "too late");
}

/** The answer is filmed when this device cannot judge: it says why and not what it would have said, the camera goes off, and the request is closed. */
async function cannotBeJudged(story, page) {
  await again(page);
  await ask(page);
  await record(story.studio, frames(await present(story, page, "answer-unjudged")), story.film);
  await keep(page, "last-seen", "what is no memory of packs");
  await page.tabTo("#start");
  await page.press("Enter");
  await says(page, "alert", "pack-memory", LONG);
  await page.until("document.getElementById('asked').hidden");
  const seen = await page.evaluate(`({
    filming: document.getElementById("video").srcObject !== null,
    judged: document.querySelector("#result article") !== null,
    focus: document.activeElement.id,
  })`);
  assert.deepEqual(seen, { filming: false, judged: false, focus: "start" });
  await noSecret(page);
  await story.check(page, "offline-ar-320-21-not-judged", "ar", "rtl", 1);
  quiet(page, story.installation, "not judged");
}
