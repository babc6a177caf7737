// Whom a page without a network believes is an operator's word: a page that believes nobody takes it from an onboarding code, and one that believes
// somebody lets no stranger's code change that, unless a person confirms it with both fingerprints in sight.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";

import { camera, record } from "./films.mjs";
import { DIRECTIONS, PHONE, again, ready, says, sequenceOf, text, upload, verdict, words } from "./offline-page.mjs";

const FINGERPRINT = /^(\d{5} ){5}\d{5}$/;

/** Every story of it; how many passed. */
export async function onboardingStories({ binary, work, installation, check, studio, cards }) {
  const folder = join(work, "installation");
  const distributor = new Distributor(join(folder, "data", "published-packs"));
  await distributor.open();
  installation.run("distributor", "publish");
  const film = join(work, "joining.mjpeg");
  const story = { work, folder, installation, check, studio, film, cards, distributor };
  story.own = onboardingCode((...words) => installation.run(...words), join(work, "joining.png"), distributor.index);
  const forger = (...words) => execFileSync(binary, words, { cwd: join(work, "forger"), stdio: ["ignore", "pipe", "inherit"] }).toString();
  story.strangers = onboardingCode(forger, join(work, "joining-another.png"), "https://packs.forger.example/packs.json");
  await record(studio, [readFileSync(story.own.picture)], film);
  const browsers = { en: camera(work, film, "joining-en"), ar: camera(work, film, "joining-ar") };
  try {
    await installation.stopVerifier();
    await installation.serveVerifier(binary, folder, {
      SYMBOLON_VERIFIER_OFFLINE_PAGE_ROOT_OF_TRUST: "onboarding",
      SYMBOLON_VERIFIER_OFFLINE_PAGE_DISTRIBUTOR_URL: distributor.index,
    });
    const pages = {};
    for (const [language, browser] of Object.entries(browsers)) pages[language] = await believingNobody(story, browser, language);
    await installation.stopVerifier();
    for (const [language, page] of Object.entries(pages)) await joined(story, page, language);
    for (const [language, page] of Object.entries(pages)) await strangersCodeChangesNothing(story, page, language);
    await changedByAPerson(story, pages.ar);
    await fromTheServerWhereTheAddressFails(story, pages.en, () => installation.serveVerifier(binary, folder));
    await namedByACode(story, pages);
    return 9;
  } finally {
    for (const browser of Object.values(browsers)) await browser.close();
    distributor.close();
  }
}

/** The code of an operator, and what he says of it. */
function onboardingCode(run, picture, index) {
  const told = run("pack", "onboarding-qr", "--index", index, "--out", picture);
  const fingerprint = told.match(/fingerprint\s+([\d ]{35})/)[1];
  assert.match(fingerprint, FINGERPRINT);
  return { picture, index, fingerprint };
}

/** Nobody is believed and nothing judged; no question can be asked either. */
async function believingNobody({ installation, check, cards }, browser, language) {
  const page = await browser.page({ ...PHONE, language });
  await page.go(`${installation.verifier}/offline/`);
  await ready(page);
  await page.until("document.body.dataset.saved === 'yes'");
  await says(page, "root-alert", "root-none");
  for (const part of ["pack", "asking", "root-known"]) {
    assert.equal(await page.evaluate(`document.getElementById("${part}").hidden`), true, part);
  }
  await page.chooseFile("#picture", cards.genuine);
  await says(page, "alert", "root-none", 60_000);
  await check(page, `offline-${language}-320-16-believes-nobody`, language, DIRECTIONS[language], 1);
  return page;
}

/** The operator's code is filmed, its fingerprint typed as he says it; then the page has root, address and pack, and judges. */
async function joined(story, page, language) {
  const at = (step) => story.check(page, `offline-${language}-320-17-${step}`, language, DIRECTIONS[language], 1);
  await again(page);
  await filmed(story, page, story.own);
  await at("1-offered");
  await fingerprintIsNotShown(page);
  assert.equal(await text(page, "join-own"), await page.evaluate("document.getElementById('join-none').textContent"));
  assert.equal(await text(page, "join-index"), story.own.index);
  assert.equal(await text(page, "join-scope"), await words(page, "join-everything"));
  assert.equal(await text(page, "join-index-now"), await words(page, "join-none"));
  for (const said of ["", story.strangers.fingerprint]) {
    await confirm(page, said, { taken: false });
    await says(page, "join-alert", "join-other-fingerprint");
  }
  await at("2-other-fingerprint");
  await again(page);
  await says(page, "root-alert", "root-none");
  await filmed(story, page, story.own);
  await confirm(page, story.own.fingerprint, { taken: true });
  await page.until("!document.getElementById('pack-known').hidden && document.body.dataset.pack === 'current'", 60_000);
  assert.equal(await text(page, "spoken"), story.own.fingerprint);
  assert.equal(await text(page, "address"), story.own.index);
  assert.equal(await text(page, "scope"), await words(page, "join-everything"));
  await at("3-joined");
  await page.evaluate("document.getElementById('pack-alert').replaceChildren()");
  page.requests.length = 0;
  await page.tabTo("#refresh");
  await page.press("Enter");
  await says(page, "pack-alert", "pack-accepted");
  assert.deepEqual(askedOfItsServer(page), [], "the address says that the pack is the newest");
  await upload(page, story.cards.genuine);
  assert((await verdict(page)) !== "unknown", "the pack came from the address of the code");
}

/** It is shown with both fingerprints, and whatever is not a confirmation changes nothing, after a new start as well. */
async function strangersCodeChangesNothing(story, page, language) {
  await again(page);
  const state = async () => [await text(page, "fingerprint"), await text(page, "spoken"), await text(page, "address"), await sequenceOf(page)];
  const before = await state();
  await filmed(story, page, story.strangers);
  await says(page, "alert", "root-of-another");
  await story.check(page, `offline-${language}-320-18-strangers-code`, language, DIRECTIONS[language], 1);
  assert.equal(await text(page, "join-own"), story.own.fingerprint);
  await fingerprintIsNotShown(page);
  assert.equal(await text(page, "join-index-now"), story.own.index);
  assert.equal(await text(page, "join-index"), story.strangers.index);
  assert((await text(page, "join-other")).length > 40, "it warns");
  for (const said of ["", story.own.fingerprint]) {
    await confirm(page, said, { taken: false });
    await says(page, "join-alert", "join-other-fingerprint");
  }
  await page.tabTo("#join-no");
  await page.press("Enter");
  assert.equal(await page.evaluate("document.getElementById('join').hidden"), true);
  assert.equal(await page.evaluate("document.getElementById('join-said').value"), "", "what was typed is gone");
  assert.deepEqual(await state(), before);
  await upload(page, story.cards.genuine);
  const judged = await verdict(page);
  await again(page);
  assert.deepEqual(await state(), before, "after a new start");
  await upload(page, story.cards.genuine);
  assert.equal(await verdict(page), judged);
  // A picture of it is no other than a film.
  await page.chooseFile("#picture", story.strangers.picture);
  await says(page, "alert", "root-of-another", 60_000);
  assert.deepEqual(await state(), before);
}

/** A person confirms: then the other one is believed, and what the one before brought is gone. The file is to be the one that the code names. */
async function changedByAPerson(story, page) {
  await again(page);
  await filmed(story, page, story.strangers);
  await confirm(page, story.strangers.fingerprint, { taken: false });
  await says(page, "join-alert", "join-not-found", 60_000);
  assert.equal(await text(page, "join-new"), story.strangers.fingerprint, "shown once it was said");
  await page.chooseFile("#join-file", join(story.folder, "data", "trust.json"));
  await confirm(page, story.strangers.fingerprint, { taken: false });
  await says(page, "join-alert", "join-other-root");
  await page.chooseFile("#join-file", join(story.work, "forger", "data", "trust.json"));
  await confirm(page, story.strangers.fingerprint, { taken: true });
  await says(page, "pack-alert", "pack-none");
  assert.equal(await text(page, "spoken"), story.strangers.fingerprint);
  await upload(page, story.cards.genuine);
  assert((await verdict(page)) !== "genuine");
  await story.check(page, "offline-ar-320-19-changed", "ar", "rtl", 1);
}

/** The address answers, and what it offers cannot be taken, or has no end: the page asks its own server. */
async function fromTheServerWhereTheAddressFails(story, page, serve) {
  await again(page);
  await serve();
  for (const answers of ["nothing that could be taken", "without end"]) {
    const before = await sequenceOf(page);
    story.installation.run("distributor", "publish");
    story.distributor.answers = answers;
    story.installation.run("pack", "build", "--out", join(story.folder, "newest.pack"));
    await page.tabTo("#refresh");
    await page.press("Enter");
    await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`, 60_000);
    await says(page, "pack-alert", "pack-accepted");
  }
}

/** Where a code named the root of trust, the server's is not compared with it, also after another code of the same root named another address. */
async function namedByACode(story, pages) {
  const elsewhere = onboardingCode((...words) => story.installation.run(...words), join(story.work, "joining-elsewhere.png"), "http://127.0.0.1:9/packs.json");
  await pages.en.tabTo("#picture");
  await pages.en.chooseFile("#picture", elsewhere.picture);
  await pages.en.until("!document.getElementById('join').hidden", 60_000);
  await pages.en.tabTo("#join-yes");
  await pages.en.press("Enter");
  await says(pages.en, "alert", "join-address-kept");
  for (const page of Object.values(pages)) {
    page.requests.length = 0;
    await again(page);
    await askedForAPack(page);
    assert(!askedOfItsServer(page).includes("/offline/root.json"));
    assert.equal(await text(page, "root-alert"), "");
  }
}

/** Until the page has asked its server for a pack, as it does after every start, and whatever it asked before that. */
async function askedForAPack(page) {
  for (let round = 0; !askedOfItsServer(page).some((path) => path.startsWith("/offline/pack")); round++) {
    assert(round < 200, "it asks for a pack");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What of its server the page wanted that is not kept with it. */
function askedOfItsServer(page) {
  const paths = page.requests.map((url) => new URL(url).pathname);
  return paths.filter((path) => /^\/offline\/(pack|root\.json)/.test(path));
}

/** Who is to type it has it from the operator: on the page it stands nowhere. */
async function fingerprintIsNotShown(page) {
  assert.equal(await page.evaluate("document.getElementById('join-new-part').hidden"), true);
  assert.equal(await page.evaluate("document.getElementById('join-new').textContent"), "");
}

async function filmed(story, page, code) {
  await record(story.studio, [readFileSync(code.picture)], story.film);
  await page.tabTo("#start");
  await page.press("Enter");
  await page.until("!document.getElementById('join').hidden", 60_000);
  assert.equal(await page.evaluate("document.getElementById('video').srcObject"), null, "the camera is off");
}

/** By keyboard: the fingerprint, and the button. A page that takes it begins anew. */
async function confirm(page, said, { taken }) {
  await page.evaluate("document.getElementById('join-said').value = ''");
  await page.tabTo("#join-said");
  if (said) await page.type(said);
  await page.evaluate("document.getElementById('join-alert').replaceChildren()");
  await page.tabTo("#join-yes");
  if (!taken) return page.press("Enter");
  await page.loading(() => page.press("Enter"));
  await ready(page);
}

/** More than any pack has, and then nothing more, without an end. */
async function withoutEnd(response) {
  const [part, gone] = [Buffer.alloc(1 << 20), new Promise((resolve) => response.once("close", resolve))];
  for (let sent = 0; sent < 160 && !response.destroyed; sent++) {
    if (!response.write(part)) await Promise.race([gone, new Promise((resolve) => response.once("drain", resolve))]);
  }
}

/** A distributor as any web server is one that a page of another origin may ask. */
class Distributor {
  #folder;
  #server;
  /** What comes in place of files, if not they. */
  answers;

  constructor(folder) {
    this.#folder = folder;
  }

  async open() {
    this.#server = createServer((request, response) => {
      const name = basename(new URL(request.url, "http://any").pathname);
      response.setHeader("access-control-allow-origin", "*");
      if (name === "root-of-trust.json") return response.end(readFileSync(join(this.#folder, "..", "trust.json")));
      if (!readdirSync(this.#folder).includes(name)) return response.writeHead(404).end();
      if (!this.answers || name.endsWith(".json")) return response.end(readFileSync(join(this.#folder, name)));
      if (this.answers !== "without end") return response.end(this.answers);
      withoutEnd(response);
    });
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get index() {
    return `http://127.0.0.1:${this.#server.address().port}/packs.json`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
