// The verifier as the page has it: calls across to the worker, which is begun anew when it breaks.

export class Verifier {
  #worker;
  #next = 1;
  #waiting = new Map();
  #kept;
  #replaced;

  /** `replaced` is told where another window keeps another root of trust: whatever was asked of this one is answered no more. */
  constructor(replaced) {
    this.#replaced = replaced;
  }

  /** Begins with what this device keeps, with a request that this window showed, and with the key of the one that was answered last. */
  async open(root, { asked, answered }) {
    this.#kept = { root, asked, answered };
    return this.#begin();
  }

  #begin() {
    this.#worker?.terminate();
    // Nobody else answers what the worker before was asked: whoever waits for it holds up every window that takes packs.
    this.#fail();
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => this.#hear(data));
    worker.addEventListener("error", () => {
      if (worker !== this.#worker) return;
      // It goes on otherwise, and would keep what nobody waits for any more.
      worker.terminate();
      this.#worker = undefined;
      this.#fail();
    });
    return this.#post("open", this.#kept);
  }

  #hear({ id, answer, refused, broken, replaced }) {
    if (replaced) return this.#replaced();
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (broken) waiting?.reject(new Broken());
    else if (refused) waiting?.reject(new Refused(refused));
    else waiting?.resolve(answer);
  }

  #fail() {
    for (const { reject } of this.#waiting.values()) reject(new Broken());
    this.#waiting.clear();
  }

  #post(deed, values = {}, moved = []) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      if (!this.#worker) return reject(new Broken());
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, deed, now: Date.now() / 1000, ...values }, moved);
    });
  }

  /** Has something done. A worker that breaks by it is begun anew, once; where one broke by itself, another does it. */
  async #call(deed, values, moved) {
    if (!this.#worker) await this.#begin();
    const worker = this.#worker;
    try {
      return await this.#post(deed, values, moved);
    } catch (error) {
      if (error instanceof Broken && worker === this.#worker) await this.#begin();
      throw error;
    }
  }

  /** Looks at something; what breaks the reader shows nothing. */
  async #mended(deed, values, moved) {
    try {
      return await this.#call(deed, values, moved);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return {};
    }
  }

  /** A pack, or what changed since the one that is here: checked, and kept. */
  accept(incoming, tag) {
    return this.#call("accept", { incoming, tag });
  }

  /** Goes on with the pack that is kept, by whichever window of this page. */
  resume() {
    return this.#mended("resume");
  }

  /** What an animation brought, once. */
  brought() {
    return this.#call("brought");
  }

  standing() {
    return this.#call("standing");
  }

  wanted(index, scope, whole) {
    return this.#call("wanted", { index, scope, whole });
  }

  /** By what wallets know this device. */
  identifier() {
    return this.#call("identifier");
  }

  /** What people can be asked for now. */
  asks() {
    return this.#call("asks");
  }

  async ask(label) {
    const posed = await this.#call("ask", { label });
    this.#kept.asked = posed.kept;
    return posed;
  }

  async withdraw() {
    this.#kept.asked = undefined;
    await this.#call("withdraw");
  }

  /** Time is over for the request that is shown. */
  async expire() {
    this.#kept.asked = undefined;
    await this.#call("expire");
  }

  /** The request of this key was answered, which closed it: no worker is handed its secret any more. */
  answered(keyId) {
    this.#kept.asked = undefined;
    this.#kept.answered = keyId;
  }

  code() {
    return this.#call("code");
  }

  confirm(said) {
    return this.#call("confirm", { said });
  }

  /** Keeps an address of packs under the root of trust that is believed here. */
  settle(address) {
    return this.#call("settle", { address });
  }

  join(said, root) {
    return this.#call("join", { said, root });
  }

  begin(sameCard = false) {
    return this.#mended("begin", { sameCard });
  }

  look(picture, language) {
    return this.#mended("look", { picture, language }, [picture.data.buffer]);
  }

  examine(picture, language) {
    return this.#mended("examine", { picture, language }, [picture.data.buffer]);
  }

  take(bytes, language) {
    return this.#mended("take", { bytes, language });
  }
}

/** A text of the page says why not. */
export class Refused extends Error {}

class Broken extends Error {}
