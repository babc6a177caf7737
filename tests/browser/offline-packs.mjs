// How a page without a network gets what changed: from its server, from a file, and from a neighbour's screen by its camera.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import { blank, camera, frames, record } from "./films.mjs";
import { DIRECTIONS, again, first, quiet, says, sequenceOf, text, upload, verdict, why } from "./offline-page.mjs";

const REVOKED = { en: "revoked by its issuer", ar: "ألغتها الجهة" };

/** Every story of it; how many passed. The server's page has a pack that is pulled, as in a shop. */
export async function packStories({ binary, work, installation, check, studio }) {
  const folder = join(work, "installation");
  const [film, card] = [join(work, "neighbour.mjpeg"), join(work, "neighbour.png")];
  const story = { binary, work, folder, installation, check, studio, film, card };
  const [, , person, another] = installation.people;
  installation.run("card", "print", "--record", person.UIN, "--out", card);
  await record(studio, [blank()], film);
  const browser = camera(work, film, "neighbour");
  const shop = (story.shop = new Shop(story));
  try {
    await shop.open();
    const one = await shop.pull();
    const stateOfOne = shop.state("state-of-one");
    await installation.stopVerifier();
    await serve(story);
    const pages = {};
    for (const name of ["filming", "filed", "unfit", "online"]) pages[name] = await first(story, browser, "en");
    const filmingInArabic = await first(story, browser, "ar");
    await installation.stopVerifier();

    // The others go on while these have no network: the card is revoked in the next pack.
    installation.run("credential", "revoke", "--record", person.UIN);
    const two = await shop.pull();
    const [stateOfTwo, toTwo] = [shop.state("state-of-two"), shop.delta(one, "one-to-two")];
    await record(studio, frames(shop.show(stateOfOne, "one-to-two")), film);
    await filmedFromANeighbour(story, pages.filming, "en");
    await filmedFromANeighbour(story, filmingInArabic, "ar");
    await broughtAsAFile(story, pages.filed, toTwo);

    installation.run("credential", "revoke", "--record", another.UIN);
    await shop.pull();
    await record(studio, frames(shop.show(stateOfTwo, "two-to-three")), film);
    await whatDoesNotFitIsRefused(story, pages.unfit, toTwo, shop.delta(two, "two-to-three"));
    await fetchedWhenTheNetworkIsBack(story, pages.online);
    await wholeWhereTheServerDoesNotKnowWhatChanged(story, filmingInArabic);
    return 6;
  } finally {
    await browser.close();
    shop.close();
  }
}

/** The server hands out the pack that its shop has pulled. */
function serve({ installation, binary, folder }) {
  return installation.serveVerifier(binary, folder, { SYMBOLON_VERIFIER_OFFLINE_PAGE_PACK: "data/packs/current.pack" });
}

/** The page films a neighbour's screen, and a third of the frames is lost; by keyboard alone. */
async function filmedFromANeighbour(story, page, language) {
  const at = (step) => story.check(page, `offline-${language}-320-7-neighbour-${step}`, language, DIRECTIONS[language], 1);
  await again(page);
  const before = await sequenceOf(page);
  await upload(page, story.card);
  assert.equal(await verdict(page), "genuine", "the old pack does not know yet");
  await page.tabTo("#again");
  await page.press("Enter");
  await page.until("!document.getElementById('progress').hidden && document.getElementById('bar').value > 0.2");
  await at("1-progress");
  assert.equal(await sequenceOf(page), before, "a part changes nothing");
  assert((await text(page, "said")).length > 5, "progress is said");
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`, 90_000);
  await says(page, "pack-alert", "pack-accepted");
  await at("2-taken");
  const seen = await page.evaluate(`({
    filming: document.getElementById("video").srcObject !== null,
    progress: !document.getElementById("progress").hidden,
    alert: document.getElementById("alert").innerText,
    judged: document.querySelector("#result article") !== null,
    focus: document.activeElement.id,
  })`);
  assert.deepEqual(seen, { filming: false, progress: false, alert: "", judged: false, focus: "start" });
  await nowRevoked(story, page, language);
  await again(page);
  assert((await sequenceOf(page)) > before, "it is kept");
  await nowRevoked(story, page, language);
  quiet(page, story.installation, `filmed ${language}`);
}

async function broughtAsAFile(story, page, delta) {
  await again(page);
  const before = await sequenceOf(page);
  await page.tabTo("#pack-file");
  await page.chooseFile("#pack-file", delta);
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  await says(page, "pack-alert", "pack-accepted");
  await story.check(page, "offline-en-320-8-delta-from-a-file", "en", "ltr", 1);
  await again(page);
  const after = await sequenceOf(page);
  assert(after > before, "it is kept");
  await nowRevoked(story, page, "en");
  // Whoever brings the same once more brings nothing new, and nothing wrong.
  await page.chooseFile("#pack-file", delta);
  await says(page, "pack-alert", "pack-accepted");
  assert.equal(await sequenceOf(page), after);
  quiet(page, story.installation, "file");
}

/** What changed since another pack, by file and by camera; and what changed since this one, damaged. The pack stays as it was. */
async function whatDoesNotFitIsRefused(story, page, fitting, other) {
  const damaged = join(story.work, "damaged.delta");
  const bytes = readFileSync(fitting);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(damaged, bytes);
  await again(page);
  const before = await sequenceOf(page);
  for (const [file, id] of [[other, "pack-other-base"], [damaged, "pack-refused"]]) {
    await page.chooseFile("#pack-file", file);
    await says(page, "pack-alert", id);
    assert.equal(await sequenceOf(page), before, id);
  }
  await page.tabTo("#start");
  await page.press("Enter");
  await says(page, "pack-alert", "pack-other-base", 90_000);
  await story.check(page, "offline-en-320-9-delta-refused", "en", "ltr", 1);
  assert.equal(await page.evaluate("document.getElementById('video').srcObject"), null, "the camera is off");
  for (const turn of ["at once", "after a new start"]) {
    assert.equal(await sequenceOf(page), before, turn);
    await upload(page, story.card);
    assert.equal(await verdict(page), "genuine", turn);
    await again(page);
  }
  quiet(page, story.installation, "refused");
}

/** The browser notices the network by itself. What changed is fetched, and not the whole pack; then there is nothing more to fetch. */
async function fetchedWhenTheNetworkIsBack(story, page) {
  const offline = (offline) =>
    page.send("Network.emulateNetworkConditions", { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await again(page);
  const before = await sequenceOf(page);
  await offline(true);
  await serve(story);
  page.requests.length = 0;
  await offline(false);
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  assert.deepEqual(packsAskedFor(page), [`since/${before}`], "the whole pack was not asked for");
  await story.check(page, "offline-en-320-10-delta-fetched", "en", "ltr", 1);
  await nowRevoked(story, page, "en");

  page.requests.length = 0;
  const after = await sequenceOf(page);
  await page.evaluate("document.getElementById('pack-alert').replaceChildren()");
  await page.tabTo("#refresh");
  await page.press("Enter");
  await says(page, "pack-alert", "pack-accepted");
  assert.deepEqual(packsAskedFor(page), [`since/${after}`]);
  assert.equal(await sequenceOf(page), after);
}

/** A server that lost the packs of before hands out the whole one. */
async function wholeWhereTheServerDoesNotKnowWhatChanged(story, page) {
  await story.shop.pull();
  story.shop.forgetEarlier();
  const before = await sequenceOf(page);
  page.requests.length = 0;
  await page.tabTo("#refresh");
  await page.press("Enter");
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  assert.deepEqual(packsAskedFor(page), [`since/${before}`, "whole"]);
  await story.check(page, "offline-ar-320-11-whole-fetched", "ar", "rtl", 1);
}

/** What the page asked its server for, in the order in which it did. */
function packsAskedFor(page) {
  const asked = page.requests.map((url) => new URL(url).pathname.match(/^\/offline\/pack(?:\/(since\/\d+)\/[\w-]{43})?$/));
  return asked.filter(Boolean).map(([, since]) => since ?? "whole");
}

async function nowRevoked(story, page, language) {
  await upload(page, story.card);
  assert.equal(await verdict(page), "invalid");
  assert((await why(page)).includes(REVOKED[language]), await why(page));
}

/** A shop beside the page's server, which pulls its packs: its pack in force is what the server hands out, and what a neighbour shows. */
class Shop {
  #story;
  #packs;
  #published;

  constructor(story) {
    this.#story = story;
    this.#packs = join(story.folder, "data", "packs");
  }

  /** What is published is a folder, for any web server. */
  async open() {
    const folder = join(this.#story.folder, "data", "published-packs");
    this.#published = createServer((request, response) => {
      const name = basename(new URL(request.url, "http://any").pathname);
      if (!readdirSync(folder).includes(name)) return response.writeHead(404).end();
      response.end(readFileSync(join(folder, name)));
    });
    await new Promise((resolve) => this.#published.listen(0, "127.0.0.1", resolve));
  }

  /** Publishes a pack and pulls it; its number. The one before is set aside. */
  async pull() {
    const { binary, folder, installation } = this.#story;
    installation.run("distributor", "publish");
    const index = `http://127.0.0.1:${this.#published.address().port}/packs.json`;
    // Not to be waited for as other commands are: this process serves what the command asks for.
    await promisify(execFile)(binary, ["pack", "pull", index], { cwd: folder });
    return JSON.parse(installation.run("pack", "inspect", "--json", join(this.#packs, "current.pack"))).sequence;
  }

  /** A picture of which pack is in force, as whoever has the same one would show it. */
  state(name) {
    const picture = join(this.#story.work, `${name}.png`);
    this.#story.installation.run("pack", "state", "--qr", picture);
    return picture;
  }

  /** The frames for somebody who has the pack of that picture. */
  show(since, name) {
    const folder = join(this.#story.work, name);
    const told = this.#story.installation.run("pack", "show", "--qr", folder, "--since", since);
    assert(told.includes("what changed"), told);
    return folder;
  }

  /** A file of what changed since the pack of that number. */
  delta(since, name) {
    const earlier = readdirSync(join(this.#packs, "earlier")).find((file) => Number(file.split("-")[0]) === since);
    const file = join(this.#story.work, `${name}.delta`);
    this.#story.installation.run("pack", "delta", join(this.#packs, "earlier", earlier), join(this.#packs, "current.pack"), "--out", file);
    return file;
  }

  forgetEarlier() {
    rmSync(join(this.#packs, "earlier"), { recursive: true });
  }

  close() {
    this.#published.closeAllConnections();
    this.#published.close();
  }
}
