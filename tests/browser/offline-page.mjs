// What the stories of the page without a network do with it again and again.
import assert from "node:assert/strict";

export const PHONE = { width: 320, height: 640 };
export const DIRECTIONS = { en: "ltr", fr: "ltr", ar: "rtl", hi: "ltr" };

/** Loads the page for the first and only time with a network, in a browser of its own or in another window beside one: it is kept, and has the pack
    of the server. */
export async function first({ installation }, browser, language, beside) {
  const page = await browser.page({ ...PHONE, language }, beside);
  const before = Date.now();
  await page.go(`${installation.verifier}/offline/`);
  await ready(page);
  await page.until("document.body.dataset.saved === 'yes' && !document.getElementById('pack-known').hidden");
  console.log(`offline page in ${language}: loaded, kept and fed in ${Date.now() - before} ms`);
  assert.equal(await page.evaluate("location.pathname"), `/offline/${language}`);
  assert.match(await page.evaluate("document.getElementById('fingerprint').innerText"), /^([0-9A-F]{4} ){15}[0-9A-F]{4}$/);
  assert.equal(await page.evaluate("document.getElementById('newer').hidden"), true, "what is kept is no newer version of itself");
  assert.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].type"), "navigate", "and nothing is loaded again for it");
  quiet(page, installation, `first ${language}`);
  return page;
}

export const ready = (page) => page.until("document.body.dataset.ready === 'yes'");

/** The page begins anew, from what the browser has. */
export async function again(page) {
  await page.loading(() => page.send("Page.reload"));
  await ready(page);
}

/** Begins anew with a clock that is off by so many milliseconds; the next time it is right. */
export async function againAt(page, shift) {
  const source = `{ const real = Date.now; Date.now = () => real() + ${shift}; }`;
  const { identifier } = await page.send("Page.addScriptToEvaluateOnNewDocument", { source });
  await again(page);
  await page.send("Page.removeScriptToEvaluateOnNewDocument", { identifier });
}

/** Shows the page pictures of a card, or files. */
export async function upload(page, ...files) {
  await page.evaluate("document.getElementById('result').replaceChildren()");
  // A browser lets a page that nobody has touched make no sound.
  await page.tabTo("#picture");
  await page.chooseFile("#picture", ...files);
  await page.until("document.querySelector('#result article') !== null", 60_000);
}

export const verdict = (page) => page.evaluate("document.querySelector('#result article').dataset.verdict");
export const why = (page) => page.evaluate("document.querySelector('#result .why').innerText");
export const text = (page, id) => page.evaluate(`document.getElementById("${id}").innerText`);
export const sequenceOf = async (page) => Number(await page.evaluate("document.getElementById('pack-sequence').textContent"));

/** A text of the page, in its language. */
export const words = (page, id) => page.evaluate(`document.getElementById("${id}").textContent`);

/** Waits until a place of the page says one of its texts. */
export const says = (page, place, id, milliseconds) =>
  page.until(`document.getElementById("${place}").textContent === document.getElementById("${id}").textContent`, milliseconds);

/** Nobody but the shop's own server was asked, and nobody complained but of the server that is gone. */
export function quiet(page, installation, name) {
  const foreign = page.requests.filter(
    (url) => !/^(data|blob):/.test(url) && new URL(url).origin !== new URL(installation.verifier).origin,
  );
  assert.deepEqual(foreign, [], `${name} asked elsewhere`);
  const complaints = page.complaints.filter((line) => !/ERR_CONNECTION_REFUSED|status of 404.*offline\/pack/.test(line));
  assert.deepEqual(complaints, [], name);
}

/** What this device keeps under a name, or what stands there from then on. */
export const kept = (page, name) => page.evaluate(storage("readonly", `get(${JSON.stringify(name)})`));
export const keep = (page, name, value) =>
  page.evaluate(storage("readwrite", `put(${JSON.stringify(value)}, ${JSON.stringify(name)})`));
export const drop = (page, name) => page.evaluate(storage("readwrite", `delete(${JSON.stringify(name)})`));
export const namesKept = (page) => page.evaluate(storage("readonly", "getAllKeys()"));

const storage = (mode, act) => `new Promise((resolve) => {
  indexedDB.open("symbolon-offline", 1).onsuccess = ({ target: { result } }) => {
    const transaction = result.transaction("kept", "${mode}");
    const request = transaction.objectStore("kept").${act};
    transaction.oncomplete = () => (result.close(), resolve(request.result));
  };
})`;

/** Stands between a page and its worker from the page's next load on, which is now: `break` has the worker break by the next deed of that name,
    `hold` keeps that from it until `letGo`, `begun` are the deeds that began workers, and `broken` of them broke by themselves. */
export async function standBetween(page) {
  const source = `{
    const post = Worker.prototype.postMessage;
    const between = (window.between = { begun: [], broken: 0, held: [], letGo: () => between.held.splice(0).forEach((act) => act()) });
    Worker.prototype.postMessage = function (message, moved) {
      if (message.deed === "open") {
        between.begun.push({ asked: message.asked, answered: message.answered });
        this.addEventListener("error", () => between.broken++);
      }
      if (message.deed === between.break) {
        between.break = undefined;
        message = { ...message, deed: "which it does not know" };
      }
      if (message.deed !== between.hold) return post.call(this, message, moved);
      between.hold = undefined;
      between.held.push(() => post.call(this, message, moved));
    };
  }`;
  await page.send("Page.addScriptToEvaluateOnNewDocument", { source });
  await again(page);
}

export const begun = (page) => page.evaluate("window.between.begun");
export const breakAt = (page, deed) => page.evaluate(`void (window.between.break = "${deed}")`);
export const holdAt = (page, deed) => page.evaluate(`void (window.between.hold = "${deed}")`);
export const isHeld = (page) => page.until("window.between.held.length === 1");
export const letGo = (page) => page.evaluate("window.between.letGo()");
