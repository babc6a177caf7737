// An operator's onboarding code: whom to believe and where to ask first. Whoever holds one before the camera changes nothing; a person does, who
// types the fingerprint as the operator says it. The page shows it only then: what stands on the screen would be copied from there.
import { beginAnew } from "./keep.js";
import { answerOf } from "./packs.js";
import { at, note, say, show } from "./telling.js";
import { Refused } from "./verifier.js";

const ROOT_FILE = "root-of-trust.json";

export class Onboarding {
  #verifier;
  #offered;
  #address;
  #changed;

  /** `changed` is told once another address is kept. */
  constructor(verifier, changed) {
    [this.#verifier, this.#changed] = [verifier, changed];
    at("join").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#confirm();
    });
    at("join-no").addEventListener("click", () => this.close());
  }

  /** Shows what a code offers, beside what is believed. The answer that changes nothing comes first. */
  offer(offered, address) {
    if (offered.is_own && address?.index === offered.index && (address.scope ?? null) === offered.scope) return this.close();
    if (!addressOf(offered.index)) return say("alert", "join-address-refused");
    [this.#offered, this.#address] = [offered, address];
    at("join-own").textContent = offered.own ?? at("join-none").textContent;
    at("join-new").textContent = "";
    at("join-index-now").textContent = address?.index ?? at("join-none").textContent;
    at("join-scope-now").textContent = address ? scopeOf(address) : at("join-none").textContent;
    at("join-index").textContent = offered.index;
    at("join-scope").textContent = scopeOf(offered);
    show({
      "join-new-part": false,
      "join-first": !offered.own,
      "join-other": Boolean(offered.own) && !offered.is_own,
      "join-same": offered.is_own,
      "join-said-part": !offered.is_own,
      "join-file-part": false,
      join: true,
    });
    at("join-said").value = "";
    say("join-alert");
    at("alert").scrollIntoView({ block: "start" });
    at("join").focus({ preventScroll: true });
  }

  close() {
    const here = at("join").contains(document.activeElement);
    this.#offered = undefined;
    at("join-said").value = "";
    show({ join: false });
    if (here) at(at("start").hidden ? "again" : "start").focus({ preventScroll: true });
  }

  async #confirm() {
    say("join-alert");
    const offered = this.#offered;
    const said = at("join-said").value;
    const address = { index: offered.index, scope: offered.scope ?? undefined };
    try {
      await this.#verifier.confirm(said);
      if (offered.is_own) {
        // Where no code named the root of trust, none has now: this one confirms what was there.
        const named = this.#address && !this.#address.alone;
        await this.#verifier.settle(named ? address : { ...address, alone: true });
        this.close();
        note("alert", "join-address-kept");
        return this.#changed();
      }
      at("join-new").textContent = offered.fingerprint;
      show({ "join-new-part": true });
      const root = await this.#root(said, offered.index);
      if (!root) {
        show({ "join-file-part": true });
        return say("join-alert", "join-not-found");
      }
      // Root, address and the end of everything that was judged by the one before, in one transaction.
      await beginAnew({ root, address });
      sessionStorage.clear();
      location.reload();
    } catch (error) {
      say("join-alert", error instanceof Refused ? error.message : "offline-broken");
    }
  }

  /** The root of trust that the code names, from wherever it can be had: its digest says that it is the one. */
  async #root(said, index) {
    const file = at("join-file").files[0];
    if (file) return this.#verifier.join(said, new Uint8Array(await file.arrayBuffer()));
    for (const place of [new URL(ROOT_FILE, index), "/offline/root.json"]) {
      const answer = await answerOf(place);
      try {
        if (answer?.bytes) return await this.#verifier.join(said, answer.bytes);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
    }
    return undefined;
  }
}

/** What of the packs an address is asked for. */
export const scopeOf = ({ scope }) => scope ?? at("join-everything").textContent;

/** An address that a page may ask: text of a stranger until then. */
function addressOf(index) {
  try {
    const url = new URL(index);
    const near = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
    return url.protocol === "https:" || (url.protocol === "http:" && near) ? url : undefined;
  } catch {
    return undefined;
  }
}
