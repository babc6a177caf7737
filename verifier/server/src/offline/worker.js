// The verifier itself, beside the page: what it does to pictures takes a moment, and a picture that was made to break a reader breaks this
// worker alone, which the page then begins anew. Packs and spent nonces are kept from here, so that what is judged by is what is kept.
import { alike, keep, keepUnder, kept, keptTogether, spend } from "./keep.js";
import init, { OfflineCounter, device_identifier, interface_number } from "./symbolon_offline_page.js";

const INTERFACE = 4;
const RANDOM_BYTES = 128;
let counter;
// Under what everything is judged here. Whoever has another window may have replaced it.
let believed;

const deeds = {
  async open({ root, asked, answered, now }) {
    await init();
    if (interface_number() !== INTERFACE) throw new Error("another interface");
    const opened = new OfflineCounter(root);
    // How old what is known of a status may be, and what people can be asked for: kept with the page, like everything beside this file.
    useRules(opened, await beside("./freshness.json"), await beside("./asks.json"), now);
    believed = root;
    await resume(opened, now);
    // Nothing is judged by a counter whose rules were not set.
    counter?.free();
    counter = opened;
    if (answered) counter.remember_answered(answered);
    const [fingerprint, spoken, asks] = [counter.fingerprint(), counter.spoken_fingerprint(), JSON.parse(counter.asks())];
    return { fingerprint, spoken, asks, posed: asked && posedAgain(asked, now) };
  },
  resume: ({ now }) => resume(counter, now),
  asks: () => JSON.parse(counter.asks()),
  accept: async ({ incoming, tag, now }) => accept(incoming, tag, now),
  brought: () => counter.brought_pack(),
  standing: ({ now }) => JSON.parse(counter.standing(now) ?? "null"),
  wanted: ({ index, scope, whole }) => counter.wanted(index, scope, whole),
  async begin({ sameCard, now }) {
    await newest(now);
    if (sameCard) counter.begin_other_code();
    else counter.begin();
  },
  look: async ({ picture, language, now }) =>
    settled(counter.look(picture.width, picture.height, bytesOf(picture), language, now), language, now),
  examine: async ({ picture, language, now }) =>
    settled(counter.examine(picture.width, picture.height, bytesOf(picture), language, now), language, now),
  take: async ({ bytes, language, now }) => settled(counter.take(bytes, language, now), language, now),
  identifier: async () => device_identifier((await deviceKey()).point),
  ask: ({ label, now }) => ask(label, now),
  code: () => counter.next_code(),
  withdraw: () => counter.withdraw_request(),
  expire: () => counter.expire_request(),
  async confirm({ said }) {
    await underThisRoot();
    counter.confirm(said);
  },
  async settle({ address }) {
    if (!(await keepUnder(believed, { address }))) throw new Replaced();
  },
  join: ({ said, root }) => counter.join(said, root),
};

async function beside(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} is missing`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Rules that cannot be used are no fault of the root of trust, which a text would be taken for. */
function useRules(counter, freshness, asks, now) {
  try {
    counter.set_freshness(freshness);
    counter.set_asks(asks, now);
  } catch {
    throw new Error("the rules of this page cannot be used");
  }
}

function posedAgain(asked, now) {
  try {
    return JSON.parse(counter.resume_request(asked, now));
  } catch {
    return undefined;
  }
}

/** Another window keeps another root of trust: nothing is judged under this one any more, and nothing kept. */
class Replaced extends Error {}

/** Goes on with the pack that is kept, by whichever window of this page. */
async function resume(counter, now) {
  const { root, pack, form, ["last-seen"]: memory } = await keptTogether(["root", "pack", "form", "last-seen"]);
  if (!alike(root, believed)) throw new Replaced();
  counter.resume_pack(pack, form, memory, now);
}

async function underThisRoot() {
  if (!alike(await kept("root"), believed)) throw new Replaced();
}

/** Where another window took a pack, nobody is judged by the one before. */
async function newest(now) {
  const { root, ["last-seen"]: memory } = await keptTogether(["root", "last-seen"]);
  if (!alike(root, believed)) throw new Replaced();
  if (memory !== counter.pack_memory()) await resume(counter, now);
}

/** Takes a pack, and keeps it with its form and what guards against an older one, in one transaction. What was not kept is not used. */
async function accept(incoming, tag, now) {
  await resume(counter, now);
  const known = JSON.parse(counter.accept_pack(incoming, now));
  const [pack, form, memory] = [counter.pack(), counter.pack_form(), counter.pack_memory()];
  let under;
  try {
    under = await keepUnder(believed, { pack, form, known, tag, "last-seen": memory });
  } catch {
    await resume(counter, now);
    throw "pack-not-kept";
  }
  if (!under) throw new Replaced();
  return known;
}

/** What was judged or brought, if under the root of trust that is kept. An answer is judged once its nonce is spent, and not at all where that was
    done before or cannot be remembered; `answered` says that nothing answers its request any more. */
async function settled(json, language, now) {
  const told = JSON.parse(json);
  if (told.html || told.brought) await underThisRoot();
  const answer = told.brought?.answer;
  if (!answer) return told;
  let first;
  try {
    first = await spend(answer.nonce, answer.until, now);
  } catch {
    return { problem: "problem-not-remembered" };
  }
  if (first) return { ...JSON.parse(counter.judge_answer(language, now)), answered: true };
  counter.close_request();
  return { problem: "problem-replayed", answered: true };
}

/** The key of this device, by which wallets know it. It signs in the browser, which hands it out to nobody. */
async function deviceKey() {
  const made = await navigator.locks.request("symbolon-device-key", async () => {
    const before = await kept("device-key");
    if (before) return before;
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    await keep({ "device-key": pair });
    return pair;
  });
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
  return { secret: made.privateKey, point };
}

async function ask(label, now) {
  let key;
  try {
    key = await deviceKey();
  } catch {
    throw "ask-failed";
  }
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const bytes = counter.prepare_request(label, key.point, random, now);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.secret, bytes);
  return JSON.parse(counter.pose(new Uint8Array(signature)));
}

function bytesOf(picture) {
  return new Uint8Array(picture.data.buffer);
}

// One deed at a time: what waits for the browser's storage is not to be overtaken.
let last = Promise.resolve();
addEventListener("message", ({ data }) => {
  last = last.then(() => answer(data));
});

async function answer(data) {
  try {
    postMessage({ id: data.id, answer: await deeds[data.deed](data) });
  } catch (error) {
    // A text is an answer; anything else but another root of trust means that nothing more is to be had here.
    if (error instanceof Replaced) postMessage({ id: data.id, replaced: true });
    else postMessage({ id: data.id, ...(typeof error === "string" ? { refused: error } : { broken: true }) });
  }
}
