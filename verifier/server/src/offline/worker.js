// The verifier itself, beside the page: what it does to pictures takes a moment, and a picture that was made to break a reader breaks this
// worker alone, which the page then begins anew.
import init, { OfflineCounter, interface_number } from "./symbolon_offline_page.js";

const INTERFACE = 2;
let counter;

const deeds = {
  async open({ root, pack }) {
    await init();
    if (interface_number() !== INTERFACE) throw new Error("another interface");
    const opened = new OfflineCounter(root);
    // How old what is known of a status may be: kept with the page, like everything that stands beside this file.
    const freshness = await fetch(new URL("./freshness.json", import.meta.url));
    if (!freshness.ok) throw new Error("no rules of freshness");
    useRules(opened, new Uint8Array(await freshness.arrayBuffer()));
    if (pack) opened.keep_pack(pack);
    // Nothing is judged by a counter whose rules were not set.
    counter?.free();
    counter = opened;
    return { fingerprint: counter.fingerprint() };
  },
  keep: ({ pack }) => counter.keep_pack(pack),
  accept: ({ incoming, lastSeen, now }) => ({
    ...JSON.parse(counter.accept_pack(incoming, lastSeen, now)),
    pack: counter.pack(),
  }),
  brought: () => counter.brought_pack(),
  known: ({ now }) => JSON.parse(counter.known_pack(now) ?? "null"),
  begin: ({ sameCard }) => (sameCard ? counter.begin_other_code() : counter.begin()),
  look: ({ picture, language, now }) => JSON.parse(counter.look(picture.width, picture.height, bytesOf(picture), language, now)),
  examine: ({ picture, language, now }) =>
    JSON.parse(counter.examine(picture.width, picture.height, bytesOf(picture), language, now)),
  take: ({ bytes, language, now }) => JSON.parse(counter.take(bytes, language, now)),
};

/** Rules that cannot be used are no fault of the root of trust, which a text would be taken for. */
function useRules(counter, freshness) {
  try {
    counter.set_freshness(freshness);
  } catch {
    throw new Error("the rules of freshness cannot be used");
  }
}

function bytesOf(picture) {
  return new Uint8Array(picture.data.buffer);
}

addEventListener("message", async ({ data }) => {
  try {
    postMessage({ id: data.id, answer: await deeds[data.deed](data) });
  } catch (error) {
    // A text is an answer; anything else means that nothing more is to be had here.
    postMessage({ id: data.id, ...(typeof error === "string" ? { refused: error } : { broken: true }) });
  }
});
