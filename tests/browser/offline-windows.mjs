// Several windows of the page without a network are one device: what one of them takes, or forgets, the others judge by.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Chromium } from "./chromium.mjs";
import {
  PHONE, again, drop, first, holdAt, isHeld, letGo, namesKept, quiet, ready, says, sequenceOf, standBetween, text, upload, verdict,
} from "./offline-page.mjs";

/** Every story of it; how many passed. */
export async function windowStories({ binary, work, installation }) {
  const folder = join(work, "installation");
  const [card, newer] = [join(work, "windows.png"), join(work, "windows.pack")];
  const codes = onboardingCodes(binary, work, installation);
  const [, , , , , person] = installation.people;
  installation.run("card", "print", "--record", person.UIN, "--out", card);
  installation.run("pack", "build", "--out", join(folder, "newest.pack"));
  await installation.stopVerifier();
  await installation.serveVerifier(binary, folder);
  const browser = new Chromium(join(work, "windows"));
  const story = { work, installation, browser, card, newer, codes };
  try {
    const { one, deaf } = await besideADeafOne(story);
    const two = await first(story, browser, "en", one);
    const races = [];
    for (const race of Object.values(RACES)) races.push([race, await besideADeafOne(story)]);
    await theRootThatIsKeptFirstStays(story);
    await installation.stopVerifier();
    installation.run("credential", "revoke", "--record", person.UIN);
    installation.run("pack", "build", "--out", newer);
    await newerPackIsUsedEverywhere(story, { one, two, deaf });
    await whoBeginsAnewDoesSoEverywhere(story, { one, two, deaf });
    for (const [race, windows] of races) await begunAnewMeanwhile(story, windows, race);
    return 3 + races.length;
  } finally {
    await browser.close();
  }
}

/** The codes of an operator and of somebody else, which name an address. */
function onboardingCodes(binary, work, installation) {
  const print = (run, picture) => {
    const told = run("pack", "onboarding-qr", "--index", "http://127.0.0.1:9/packs.json", "--out", picture);
    return { picture, fingerprint: told.match(/fingerprint\s+([\d ]{35})/)[1] };
  };
  const another = (...words) => execFileSync(binary, words, { cwd: join(work, "forger"), stdio: ["ignore", "pipe", "inherit"] }).toString();
  return {
    own: print((...words) => installation.run(...words), join(work, "windows-own.png")),
    another: print(another, join(work, "windows-another.png")),
  };
}

/** Two windows of one device, of which the second hears nothing of the first. */
async function besideADeafOne(story) {
  const one = await first(story, story.browser, "en");
  const deaf = await first(story, story.browser, "en", one);
  await deaf.send("Page.addScriptToEvaluateOnNewDocument", { source: "delete window.BroadcastChannel" });
  await standBetween(deaf);
  return { one, deaf };
}

/** A window that waits for its server's root of trust believes the one that another window has kept meanwhile. */
async function theRootThatIsKeptFirstStays(story) {
  const waiting = await story.browser.page({ ...PHONE, language: "en" });
  await waiting.send("Fetch.enable", { patterns: [{ urlPattern: "*/offline/root.json" }] });
  const request = new Promise((resolve) => {
    story.browser.listen(({ method, params }) => method === "Fetch.requestPaused" && resolve(params.requestId));
  });
  await waiting.go(`${story.installation.verifier}/offline/`);
  const requestId = await request;
  const one = await first(story, story.browser, "en", waiting);
  const body = readFileSync(join(story.work, "forger", "data", "trust.json")).toString("base64");
  await waiting.send("Fetch.fulfillRequest", { requestId, responseCode: 200, body });
  await waiting.send("Fetch.disable");
  await ready(waiting);
  assert.equal(await text(waiting, "fingerprint"), await text(one, "fingerprint"));
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
  await two.evaluate("sessionStorage.setItem('symbolon-asked', 'what was asked under the root of trust that is forgotten')");
  await one.loading(() => one.evaluate("document.getElementById('forget').click()"));
  for (const page of [one, two]) await believesNobody(page);
  assert.notEqual(await text(deaf, "fingerprint"), "", "it has not heard");
  await deaf.loading(() => deaf.chooseFile("#pack-file", story.newer));
  await believesNobody(deaf);
  await nothingIsKept(one);
  assert.equal(await two.evaluate("sessionStorage.getItem('symbolon-asked')"), null, "it is not asked again");
}

/** What the other window does when this one begins anew, up to the moment at which it does. */
const RACES = {
  /** Its root of trust is read, and the worker is to begin with it. */
  async aStart(_, deaf) {
    const source = "window.between.hold = 'open'";
    const { identifier } = await deaf.send("Page.addScriptToEvaluateOnNewDocument", { source });
    await deaf.loading(() => deaf.send("Page.reload"));
    await isHeld(deaf);
    await deaf.send("Page.removeScriptToEvaluateOnNewDocument", { identifier });
    return () => letGo(deaf);
  },
  /** Neither has a pack by which one could tell. */
  async aPerson(_, deaf) {
    for (const name of ["pack", "form", "last-seen", "known", "tag"]) await drop(deaf, name);
    await again(deaf);
    return () => deaf.evaluate("document.getElementById('start').click()");
  },
  async aVerdict({ card }, deaf) {
    await holdAt(deaf, "examine");
    await deaf.chooseFile("#picture", card);
    await isHeld(deaf);
    return () => letGo(deaf);
  },
  /** Checked under the root of trust that is kept, and to be written when that is no more. */
  async aPack({ newer }, deaf) {
    await deaf.inWorker(HOLD_SECOND_WRITE);
    await deaf.chooseFile("#pack-file", newer);
    await heldInWorker(deaf);
    return () => deaf.inWorker("self.letGo()");
  },
  async anAddress({ codes }, deaf) {
    await offered(deaf, codes.own);
    await holdAt(deaf, "settle");
    await deaf.tabTo("#join-yes");
    await deaf.press("Enter");
    await isHeld(deaf);
    return () => letGo(deaf);
  },
  async anotherRoot({ codes }, deaf) {
    await offered(deaf, codes.another);
    await deaf.tabTo("#join-said");
    await deaf.type(codes.another.fingerprint);
    await deaf.tabTo("#join-yes");
    return () => deaf.press("Enter");
  },
};

/** One window begins anew while another, which hears nothing, is about to do something under the root of trust of before: that one begins anew too,
    shows nothing and keeps nothing. */
async function begunAnewMeanwhile(story, { one, deaf }, race) {
  const goOn = await race(story, deaf);
  await one.loading(() => one.evaluate("document.getElementById('forget').click()"));
  await believesNobody(one);
  await deaf.loading(goOn);
  await believesNobody(deaf);
  assert.equal(await deaf.evaluate("document.querySelector('#result article')"), null, race.name);
  await nothingIsKept(one);
}

async function offered(page, code) {
  await page.tabTo("#picture");
  await page.chooseFile("#picture", code.picture);
  await page.until("!document.getElementById('join').hidden", 60_000);
}

// The worker opens its storage once to read what is kept, and once more to write.
const HOLD_SECOND_WRITE = `{
  const open = IDBFactory.prototype.open;
  let opened = 0;
  IDBFactory.prototype.open = function (...words) {
    const request = open.apply(this, words);
    if (++opened < 2) return request;
    IDBFactory.prototype.open = open;
    const held = {};
    request.onsuccess = () => (self.letGo = () => void held.onsuccess(held.result = request.result));
    return held;
  };
}`;

async function heldInWorker(page) {
  for (let round = 0; !(await page.inWorker("Boolean(self.letGo)")); round++) {
    assert(round < 100, "it came to its second write");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function believesNobody(page) {
  await page.until("document.body.dataset.ready === 'yes' && document.getElementById('root-known').hidden");
  await says(page, "root-alert", "root-none");
}

async function nothingIsKept(page) {
  const names = await namesKept(page);
  assert.deepEqual(names.filter((name) => ["root", "address", "pack", "known", "last-seen"].includes(name)), []);
}
