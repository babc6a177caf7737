// The page that works without a network: loaded once, then the server is gone. Cards are filmed, packs grow old, come by file and are refreshed.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { camera } from "./films.mjs";
import { DIRECTIONS, PHONE, again, againAt, first, quiet, ready, says, sequenceOf, text, upload, verdict, why } from "./offline-page.mjs";

const DAY = 24 * 60 * 60 * 1000;
// Of a picture or another file that the page looks at.
const MOST_FILE_BYTES = 16 << 20;

const CARDS = {
  genuine: { verdict: "genuine", en: "Compare the person with the photo", ar: "قارن الشخص بالصورة" },
  revoked: { verdict: "invalid", en: "revoked by its issuer", ar: "ألغتها الجهة" },
  forged: { verdict: "invalid", en: "changed or forged", ar: "تزويرها" },
};

/** Has the verifier of the installation in this folder offer the page that was built, once. */
export function offerOfflinePage(folder, offlinePage) {
  const configuration = join(folder, "symbolon.toml");
  if (readFileSync(configuration, "utf8").includes("[verifier.offline_page]")) return;
  appendFileSync(configuration, `\n[verifier.offline_page]\nfolder = "${offlinePage}"\npack = "newest.pack"\n`);
}

/** Every story of the page; how many passed. The films and pictures of the cards are those of the scan page. */
export async function offlineStories({ binary, work, installation, check, cards }) {
  const folder = join(work, "installation");
  const packs = { served: join(folder, "newest.pack"), first: join(work, "first.pack"), second: join(work, "second.pack") };
  build(installation, packs.first);
  build(installation, packs.second);
  copyFileSync(packs.second, packs.served);
  await installation.stopVerifier();
  await installation.serveVerifier(binary, folder);
  const story = { work, folder, installation, check, packs, binary, cards };
  const browsers = Object.fromEntries(Object.keys(CARDS).map((card) => [card, camera(work, cards.films[card], `offline-${card}`)]));
  try {
    const pages = {};
    for (const [card, browser] of Object.entries(browsers)) {
      pages[card] = { en: await first(story, browser, "en"), ar: await first(story, browser, "ar") };
    }
    await everyLanguageFits(story, browsers.genuine);
    const unfed = await withoutAPack(story, browsers.genuine);
    await installation.stopVerifier();
    for (const [card, { en, ar }] of Object.entries(pages)) {
      await judgedWithoutANetwork(story, card, en, "en");
      await judgedWithoutANetwork(story, card, ar, "ar");
    }
    await packsFromFiles(story, unfed);
    await growsOld(story, browsers.genuine, pages.genuine.en);
    await refreshed(story, pages.genuine.ar);
    return 5 + Object.keys(CARDS).length;
  } finally {
    for (const browser of Object.values(browsers)) await browser.close();
  }
}

function build(installation, file) {
  installation.run("pack", "build", "--out", file);
}

async function everyLanguageFits(story, browser) {
  for (const [language, direction] of Object.entries(DIRECTIONS)) {
    const page = await first(story, browser, language);
    await story.check(page, `offline-${language}-320-1-ready`, language, direction, 1);
  }
}

/** A page that never saw a pack says so. */
async function withoutAPack(story, browser) {
  rmSync(story.packs.served);
  const page = await browser.page({ ...PHONE, language: "en" });
  await page.go(`${story.installation.verifier}/offline/en`);
  await ready(page);
  await page.until("document.body.dataset.saved === 'yes'");
  assert((await text(page, "pack-alert")).includes("no pack yet"));
  await story.check(page, "offline-en-320-2-without-a-pack", "en", "ltr", 1);
  return page;
}

/** The server is gone: the page is loaded again from the device, and films a card, by keyboard alone. */
async function judgedWithoutANetwork(story, card, page, language) {
  await again(page);
  await page.tabTo("#start");
  const before = Date.now();
  await page.press("Enter");
  await page.until("document.querySelector('#result article') !== null", 60_000);
  console.log(`offline page in ${language}: the verdict on the ${card} card after ${Date.now() - before} ms`);
  const at = `offline-${language}-320-3-${card}`;
  await story.check(page, at, language, DIRECTIONS[language], 1);
  const seen = await page.evaluate(`({
    verdict: document.querySelector("#result article").dataset.verdict,
    says: document.querySelector("#result .why").innerText,
    word: parseFloat(getComputedStyle(document.querySelector("#result h2")).fontSize),
    focus: document.activeElement.id,
    filming: document.getElementById("video").srcObject !== null,
    face: document.querySelector("#result .face img")?.naturalWidth ?? 0,
    asOf: document.querySelector("#result .about time")?.dateTime ?? "",
    named: document.querySelector("#result .claims")?.innerText ?? "",
  })`);
  assert.equal(seen.verdict, CARDS[card].verdict, at);
  assert(seen.says.includes(CARDS[card][language]), `${at}: ${seen.says}`);
  assert(seen.word >= 30, at);
  assert.deepEqual([seen.focus, seen.filming], ["result", false], at);
  if (card === "genuine") assert(seen.face > 30 && seen.named.length > 5 && seen.asOf !== "", at);
  if (card === "forged") assert.equal(seen.face + seen.named.length, 0, at);
  quiet(page, story.installation, at);
}

/** What a neighbour brings on a stick: a pack, an older one, and something else. */
async function packsFromFiles(story, page) {
  await again(page);
  await upload(page, story.cards.genuine);
  assert.equal(await verdict(page), "unknown", "without a pack nobody can tell");
  await page.chooseFile("#pack-file", story.packs.second);
  await page.until("!document.getElementById('pack-known').hidden");
  const sequence = await text(page, "pack-sequence");
  const huge = join(story.work, "huge.png");
  writeFileSync(huge, "");
  truncateSync(huge, MOST_FILE_BYTES + 1);
  await page.chooseFile("#picture", huge);
  await says(page, "alert", "problem-too-large");
  await upload(page, story.cards.genuine);
  assert.equal(await verdict(page), "genuine");
  await upload(page, story.cards.revoked);
  assert.equal(await verdict(page), "invalid");
  for (const [file, says] of [[story.packs.first, "older"], [story.cards.genuine, "no pack"]]) {
    await page.chooseFile("#pack-file", file);
    await page.until(`document.getElementById("pack-alert").innerText.includes("${says}")`);
  }
  await story.check(page, "offline-en-320-4-pack-refused", "en", "ltr", 1);
  assert.equal(await text(page, "pack-sequence"), sequence, "the pack before stays");
  // What was seen is kept: after a new start the older one is refused as well.
  await again(page);
  assert.equal(await text(page, "pack-sequence"), sequence);
  await page.chooseFile("#pack-file", story.packs.first);
  await page.until(`document.getElementById("pack-alert").innerText.includes("older")`);
  quiet(page, story.installation, "files");
}

/** The clock goes on: fresh, in grace with a warning, and then nothing of the pack is used. */
async function growsOld(story, browser, page) {
  const times = await page.evaluate(`({
    fresh: Date.parse(document.getElementById("pack-valid-until").dateTime),
    usable: Date.parse(document.getElementById("pack-usable-until").dateTime),
  })`);
  assert(times.usable > times.fresh);
  for (const [name, now, expected, warns, tells] of [
    ["grace", times.fresh + 60_000, "genuine", "expired at", "pack-in-grace"],
    ["too-old", times.usable + DAY, "unknown", "pack was refused", "pack-over"],
  ]) {
    await againAt(page, now - Date.now());
    await upload(page, story.cards.genuine);
    assert.equal(await verdict(page), expected, name);
    const warning = await page.evaluate(`[...document.querySelectorAll("#result .warning")].map((line) => line.innerText).join(" ")`);
    assert(warning.includes(warns), `${name}: ${warning}`);
    await says(page, "pack-alert", tells);
    assert.equal(await page.evaluate("document.body.dataset.pack"), expected === "unknown" ? "over" : "in_grace", name);
    const believed = await page.evaluate("document.body.dataset.believed");
    assert.equal(believed === "pack", expected !== "unknown", name);
    assert.equal((await text(page, "pack-believed")).length > 10, expected === "unknown", "who says whom to believe is said where it is not the pack");
    await story.check(page, `offline-en-320-5-${name}`, "en", "ltr", 1);
  }
}

/** The network is back, and with it a pack in which the card is revoked. */
async function refreshed(story, page) {
  const { installation, folder, binary, packs } = story;
  const before = await sequenceOf(page);
  installation.run("credential", "revoke", "--record", installation.people[0].UIN);
  build(installation, packs.served);
  await installation.serveVerifier(binary, folder);
  await page.tabTo("#refresh");
  await page.press("Enter");
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  await page.evaluate("document.getElementById('again').focus()");
  await page.press("Enter");
  await page.until("document.querySelector('#result article.invalid') !== null", 60_000);
  assert((await why(page)).includes(CARDS.revoked.ar));
  await story.check(page, "offline-ar-320-6-refreshed", "ar", "rtl", 1);
}
