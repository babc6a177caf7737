// The pack of this device: from whom it comes, and what the page says of it. What is refused changes nothing.
import { kept } from "./keep.js";
import { at, note, placeTimes, say } from "./telling.js";
import { Refused } from "./verifier.js";

const MOST_PACK_BYTES = 128 << 20;
const STANDING = {
  none: "pack-none",
  in_grace: "pack-in-grace",
  over: "pack-over",
  clock: "pack-clock",
  refused: "pack-unusable",
};
const BELIEVED = { root: "believed-root", nobody: "believed-nobody" };

export class Packs {
  #verifier;
  #changed;

  /** `changed` is told whenever something else may be known here. */
  constructor(verifier, changed) {
    [this.#verifier, this.#changed] = [verifier, changed];
  }

  /** What changed, or a newer pack, where the operator's address or this page's server has one. */
  async refresh({ aloud = false } = {}) {
    const told = (say) => aloud && say();
    await this.resume();
    const at = await kept("address");
    if (at && (await this.#fromAddress(at, told))) return;
    const changed = await answerOf(await this.#sinceHere());
    if (changed?.status === 204) return told(() => this.#noteNewest());
    if (changed?.bytes && (await this.accept(changed.bytes, "", { quietly: true }))) return;
    const tag = await kept("tag");
    const whole = await answerOf("/offline/pack", tag ? { "if-none-match": tag } : {});
    if (whole?.status === 304) return told(() => this.#noteNewest());
    if (whole?.status === 404) return told(() => say("pack-alert", "pack-none-served"));
    if (!whole?.bytes) return told(() => say("pack-alert", "pack-not-reached"));
    await this.accept(whole.bytes, whole.tag);
  }

  /** What the address of an onboarding code offers: its word is no more than where a file is, and every pack is verified. Whether that will do: a
      pack was taken, or the one that is here is the newest. */
  async #fromAddress({ index, scope }, told) {
    const answer = await answerOf(index);
    if (!answer?.bytes) return false;
    try {
      for (const whole of [false, true]) {
        const name = await this.#verifier.wanted(answer.bytes, scope, whole);
        if (!name) return told(() => this.#noteNewest()), true;
        const file = await answerOf(new URL(name, index));
        if (!file?.bytes) return false;
        if (await this.accept(file.bytes, "", { quietly: !whole })) return true;
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      told(() => say("pack-alert", error.message));
    }
    return false;
  }

  async fromFile(file) {
    if (!file) return;
    if (file.size > MOST_PACK_BYTES) return say("pack-alert", "pack-refused");
    await this.accept(new Uint8Array(await file.arrayBuffer()), "");
  }

  /** What a neighbour's screen brought; the camera is off by then. */
  async takeBrought() {
    const bytes = await this.#verifier.brought();
    if (bytes) await this.accept(bytes, "");
    at("pack").scrollIntoView({ block: "start" });
  }

  /** Checks a pack or what changed, and keeps the new pack together with what guards against an older one. Whether it was taken. One at a
      time, in all windows of this page: of two the older one is not to be kept last. */
  accept(incoming, tag, how) {
    return alone(() => this.#accept(incoming, tag, how));
  }

  async #accept(incoming, tag, { quietly = false } = {}) {
    try {
      await this.#verifier.accept(incoming, tag);
      const standing = await this.show();
      if (standing?.state !== "in_grace") note("pack-alert", "pack-accepted");
      return true;
    } catch (error) {
      if (!quietly) say("pack-alert", error instanceof Refused ? error.message : "pack-refused");
      return false;
    }
  }

  /** Another window of this page may have taken a newer pack since. */
  resume() {
    return alone(() => this.#resume());
  }

  async #resume() {
    const known = await kept("known");
    if (!known || known.sequence === (await this.#verifier.standing())?.known?.sequence) return;
    await this.#verifier.resume();
    await this.show();
  }

  /** That the pack is the newest one is no news of one that is too old, or in its grace. */
  async #noteNewest() {
    const standing = await this.show();
    if (standing?.state === "current") note("pack-alert", "pack-accepted");
  }

  /** Where the server tells what changed since the pack that is here; nothing where none is. */
  async #sinceHere() {
    const seen = JSON.parse((await kept("last-seen")) ?? "null");
    return seen && `/offline/pack/since/${seen.sequence}/${seen.root}`;
  }

  /** What this device knows now, and who says whom to believe where it is not the pack. */
  async show() {
    const standing = await this.#verifier.standing();
    const known = standing?.known ?? (await kept("known"));
    at("pack-known").hidden = !known;
    say("pack-alert", STANDING[standing?.state]);
    say("pack-believed", BELIEVED[standing?.believed]);
    await this.#changed();
    document.body.dataset.pack = standing?.state ?? "none";
    document.body.dataset.believed = standing?.believed ?? "nobody";
    if (!known) return standing;
    for (const [id, time] of [["created", known.created], ["valid-until", known.valid_until], ["usable-until", known.usable_until]]) {
      at(`pack-${id}`).dateTime = time;
      at(`pack-${id}`).firstElementChild.textContent = time;
    }
    placeTimes(at("pack-known"));
    at("pack-sequence").textContent = known.sequence;
    at("pack-status-lists").textContent = known.status_lists;
    return standing;
  }
}

/** Does something with the pack that no other window does meanwhile, where the browser can tell. */
const alone = (act) => navigator.locks?.request("symbolon-pack", act) ?? act();

/** Status, tag and bytes of an answer; nothing where none came, none to the end, or more than any pack has. */
export async function answerOf(address, headers = {}) {
  if (!address) return undefined;
  try {
    const response = await fetch(address, { headers, cache: "no-store", credentials: "same-origin", referrerPolicy: "no-referrer" });
    const bytes = response.status === 200 ? await bytesOf(response.body) : undefined;
    return { status: response.status, tag: response.headers.get("etag") ?? "", bytes };
  } catch {
    return undefined;
  }
}

/** Everything that comes: whoever sends without end is not to fill this device. */
async function bytesOf(stream) {
  const [reader, parts] = [stream.getReader(), []];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length <= MOST_PACK_BYTES) continue;
    reader.cancel().catch(() => {});
    throw new RangeError("more than any pack has");
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
