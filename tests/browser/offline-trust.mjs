// Whom a page without a network believes, and how old what it knows may be: an operator's code confirms or contradicts its root of trust, and
// rules of freshness go with the page.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { camera, record } from "./films.mjs";
import { DIRECTIONS, again, againAt, first, quiet, ready, says, sequenceOf, text, upload, verdict, why } from "./offline-page.mjs";

const HOUR = 60 * 60 * 1000;
const TOO_OLD = { en: "What is known of it is too old", ar: "ما يعرف عنها قديم جدا" };

/** Every story of it; how many passed. */
export async function trustStories({ binary, work, installation, check, studio }) {
  const folder = join(work, "installation");
  const card = join(work, "freshness.png");
  const [, , , , person] = installation.people;
  installation.run("card", "print", "--record", person.UIN, "--out", card);
  installation.run("pack", "build", "--out", join(folder, "newest.pack"));
  const film = join(work, "onboarding.mjpeg");
  const codes = onboardingCodes({ binary, work, installation });
  await record(studio, [readFileSync(codes.own)], film);
  const browser = camera(work, film, "onboarding");
  const story = { binary, work, folder, installation, check, studio, film, card, codes };
  const both = async () => ({ en: await first(story, browser, "en"), ar: await first(story, browser, "ar") });
  try {
    await installation.stopVerifier();
    await installation.serveVerifier(binary, folder);
    const asSigned = await both();
    const [kept, taken] = [await first(story, browser, "en"), await first(story, browser, "ar")];
    appendFileSync(join(folder, "symbolon.toml"), "\n[verifier.freshness.types.claim_169]\noldest_seconds = 3600\n");
    await installation.stopVerifier();
    await installation.serveVerifier(binary, folder);
    const anHour = await both();
    await newVersionIsTaken(story, taken);
    await newRulesReachAKeptPage(story, kept);
    for (const language of ["en", "ar"]) {
      await comparedWithTheOperators(story, asSigned[language], language);
      await asOldAsTheRuleSays(story, anHour[language], asSigned[language], language);
    }
    return 6;
  } finally {
    await browser.close();
  }
}

/** The code of the operator, and that of somebody who makes himself one. */
function onboardingCodes({ binary, work, installation }) {
  const [own, another] = [join(work, "onboarding.png"), join(work, "onboarding-of-another.png")];
  installation.run("pack", "onboarding-qr", "--out", own);
  execFileSync(binary, ["pack", "onboarding-qr", "--out", another], { cwd: join(work, "forger"), stdio: ["ignore", "ignore", "inherit"] });
  return { own, another };
}

/** The operator's code is filmed, and that of another; and either from a picture. Neither changes anything. */
async function comparedWithTheOperators(story, page, language) {
  await again(page);
  const before = [await text(page, "fingerprint"), await sequenceOf(page)];
  for (const [code, id, looks] of [["own", "root-confirmed", "hint"], ["another", "root-of-another", "problem"]]) {
    const name = `offline-${language}-320-12-${id}`;
    await record(story.studio, [readFileSync(story.codes[code])], story.film);
    await page.tabTo("#start");
    await page.press("Enter");
    await says(page, "alert", id, 60_000);
    await page.until("document.activeElement.id === 'join'");
    await story.check(page, name, language, DIRECTIONS[language], 1);
    const seen = () =>
      page.evaluate(`({
        looks: document.querySelector("#alert p").className,
        live: document.getElementById("alert").getAttribute("aria-live"),
        filming: document.getElementById("video").srcObject !== null,
        judged: document.querySelector("#result article") !== null,
        offered: !document.getElementById("join").hidden,
        seen: document.querySelector("#alert p").getBoundingClientRect().top > -1,
        focus: document.activeElement.id,
      })`);
    const expected = { looks, live: "assertive", filming: false, judged: false, seen: true, offered: true, focus: "join" };
    assert.deepEqual(await seen(), expected, name);
    await page.evaluate("document.getElementById('alert').replaceChildren()");
    await page.tabTo("#picture");
    await page.chooseFile("#picture", story.codes[code]);
    await says(page, "alert", id, 60_000);
    await page.until("document.activeElement.id === 'join'");
    assert.deepEqual(await seen(), expected, `${name} from a picture`);
    await page.tabTo("#join-no");
    await page.press("Enter");
  }
  assert.deepEqual([await text(page, "fingerprint"), await sequenceOf(page)], before);
  quiet(page, story.installation, `onboarding ${language}`);
}

/** Fresh for an hour and too old after two, without a network; and the same card on a page without the rule is as good as before. */
async function asOldAsTheRuleSays(story, page, without, language) {
  for (const [shown, hours, expected] of [[page, 0, "genuine"], [page, 2, "unknown"], [without, 2, "genuine"]]) {
    const name = `offline-${language}-320-13-after-${hours}-hours`;
    await againAt(shown, hours * HOUR);
    await upload(shown, story.card);
    assert.equal(await verdict(shown), expected, name);
    if (expected !== "unknown") continue;
    await story.check(shown, name, language, DIRECTIONS[language], 1);
    assert((await why(shown)).includes(TOO_OLD[language]), await why(shown));
    assert.equal(await text(shown, "pack-alert"), "", "the pack itself is as fresh as ever");
    quiet(shown, story.installation, name);
  }
}

/** A page that was kept before says that a newer version waits, and takes it when somebody says so, by keyboard. */
async function newVersionIsTaken(story, page) {
  const version = () => page.evaluate("document.scripts[0].src");
  const before = await version();
  assert.equal(await page.evaluate("document.getElementById('newer').hidden"), true);
  await again(page);
  await says(page, "newer-said", "newer-waits");
  await story.check(page, "offline-ar-320-20-newer-version", "ar", "rtl", 1);
  assert.equal(await version(), before, "nothing changes by itself");
  await page.tabTo("#newer-take");
  await page.loading(() => page.press("Enter"));
  await ready(page);
  assert.notEqual(await version(), before);
  assert.equal(await page.evaluate("document.getElementById('newer').hidden"), true);
  quiet(page, story.installation, "newer version");
}

/** A page that was kept before the rule was made takes it with the next version of itself, whole, once no page of the old one is open. */
async function newRulesReachAKeptPage({ installation, card }, page) {
  const version = () => page.evaluate("document.scripts[0].src");
  const before = await version();
  await again(page);
  await page.until("navigator.serviceWorker.getRegistration('/offline/').then(({ waiting }) => waiting !== null)");
  await installation.stopVerifier();
  for (let round = 0; (await version()) === before; round++) {
    assert(round < 20, "the new version is used");
    await page.go("about:blank");
    await new Promise((resolve) => setTimeout(resolve, 250));
    await page.go(`${installation.verifier}/offline/en`);
    await ready(page);
  }
  await againAt(page, 2 * HOUR);
  await upload(page, card);
  assert.equal(await verdict(page), "unknown");
  assert((await why(page)).includes(TOO_OLD.en), await why(page));
  quiet(page, installation, "new rules");
}
