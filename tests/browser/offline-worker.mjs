// The worker in which a page without a network judges breaks: the page says that nothing came of it, and goes on with another worker, which has what the
// one before had and nothing that it was to forget.
import assert from "node:assert/strict";
import { join } from "node:path";

import { begun, breakAt, holdAt, isHeld, quiet, says, sequenceOf, standBetween, upload, verdict } from "./offline-page.mjs";
import { LIFETIME, ask, noSecret, present } from "./offline-requests.mjs";

/** Every story of it; how many passed. The page has a window beside it, and no server. */
export async function workerStories(story, page, beside) {
  const packs = ["first", "second", "third"].map((name) => join(story.work, `worker-${name}.pack`));
  for (const pack of packs) story.installation.run("pack", "build", "--out", pack);
  await standBetween(page);
  await whileARequestIsShown(story, page);
  await afterARequest(story, page);
  await whileAPackIsTaken(page, beside, packs);
  await byItself(page, packs.at(-1));
  await whereNothingCanBeKept(story, page);
  quiet(page, story.installation, "worker");
  return 5;
}

/** A picture breaks the worker: the request is shown on, and its answer judged. One that breaks the worker after that finds the request closed. */
async function whileARequestIsShown(story, page) {
  await ask(page);
  await breaks(story, page);
  await breakAt(page, "code");
  await page.until("window.between.begun.length === 3");
  const last = async () => (await begun(page)).at(-1);
  let another = await last();
  assert(another.asked.length > 100 && another.answered === undefined, "it is asked on");
  await upload(page, story.cards.genuine);
  assert.notEqual(await verdict(page), "unknown", "by the pack that was there");
  const answer = await present(story, page, "answer-after-all.gif");
  await upload(page, answer);
  assert.equal(await verdict(page), "valid");
  await noSecret(page);

  await breaks(story, page);
  another = await last();
  assert.equal(another.asked, undefined, "the secret is handed to nobody any more");
  await page.chooseFile("#picture", answer);
  await says(page, "alert", "problem-replayed", 60_000);
  assert.equal(await page.evaluate("document.querySelector('#result article')"), null);
}

/** A request whose time is over, or that was taken away, is no other worker's. */
async function afterARequest(story, page) {
  const overByNow = async () => {
    await page.evaluate(`void (window.real = Date.now, Date.now = () => window.real() + ${LIFETIME + 1_000})`);
    await says(page, "ask-alert", "problem-expired");
    await page.evaluate("void (Date.now = window.real)");
  };
  const takenAway = async () => {
    await page.tabTo("#withdraw");
    await page.press("Enter");
  };
  for (const ends of [overByNow, takenAway]) {
    await ask(page);
    await ends();
    await page.until("document.getElementById('asked').hidden");
    await breaks(story, page);
    assert.equal((await begun(page)).at(-1).asked, undefined, ends.name);
  }
}

/** What the worker was asked when it broke is answered by nobody: who waits is told, and no window waits for the pack on. */
async function whileAPackIsTaken(page, beside, [pack, another]) {
  const before = await sequenceOf(page);
  await holdAt(page, "accept");
  await page.chooseFile("#pack-file", pack);
  await isHeld(page);
  await breakAt(page, "begin");
  const workers = (await begun(page)).length;
  await page.evaluate("document.getElementById('start').click()");
  await page.until(`window.between.begun.length === ${workers + 1}`);
  await says(page, "pack-alert", "pack-refused");
  assert.equal(await sequenceOf(page), before);
  await page.until("!document.getElementById('stop').hidden");
  await page.evaluate("document.getElementById('stop').click()");
  await beside.chooseFile("#pack-file", another);
  for (const window of [beside, page]) {
    await window.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  }
}

/** A worker that breaks by no deed: the next deed begins another, and is done. The one before does nothing more, and holds nothing. */
async function byItself(page, pack) {
  const [before, workers] = [await sequenceOf(page), (await begun(page)).length];
  await page.inWorker(`void setTimeout(() => {
    navigator.locks.request("of the worker that broke", () => new Promise(() => {}));
    throw new Error("by itself");
  })`);
  await page.until("window.between.broken === 1");
  page.complaints = page.complaints.filter((line) => !/by itself|^exception: Uncaught$/.test(line));
  await page.chooseFile("#pack-file", pack);
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  await says(page, "pack-alert", "pack-accepted");
  assert.equal((await begun(page)).length, workers + 1);
  await page.until(`navigator.locks.query().then(({ held }) => !held.some(({ name }) => name === "of the worker that broke"))`);
}

/** An answer whose nonce cannot be remembered is not judged, and the request stays open until it can. */
async function whereNothingCanBeKept(story, page) {
  await ask(page);
  const answer = await present(story, page, "answer-not-remembered.gif");
  await page.inWorker(`void (self.add = IDBObjectStore.prototype.add, IDBObjectStore.prototype.add = () => {
    throw new DOMException("no room", "QuotaExceededError");
  })`);
  await page.evaluate("document.getElementById('alert').replaceChildren()");
  await page.tabTo("#picture");
  await page.chooseFile("#picture", answer);
  await says(page, "alert", "problem-not-remembered", 60_000);
  assert.equal(await page.evaluate("document.querySelector('#result article')"), null);
  await page.inWorker("void (IDBObjectStore.prototype.add = self.add)");
  await upload(page, answer);
  assert.equal(await verdict(page), "valid");
}

/** Somebody shows a picture that breaks the worker. */
async function breaks(story, page) {
  const workers = (await begun(page)).length;
  await breakAt(page, "examine");
  await page.evaluate("document.getElementById('alert').replaceChildren()");
  await page.tabTo("#picture");
  await page.chooseFile("#picture", story.cards.genuine);
  await says(page, "alert", "problem-no-code");
  assert.equal((await begun(page)).length, workers + 1, "another worker was begun, once");
}
