// The verifier as the page has it: calls across to the worker, which is begun anew when it breaks.

export class Verifier {
  #worker;
  #next = 1;
  #waiting = new Map();
  #kept;

  /** Begins with what this device keeps, and with a request that this window showed. */
  async open(root, asked) {
    this.#kept = { root, asked };
    return this.#begin();
  }

  #begin() {
    this.#worker?.terminate();
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.#worker.addEventListener("error", () => this.#fail());
    return this.#call("open", this.#kept);
  }

  #hear({ id, answer, refused, broken }) {
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

  #call(deed, values = {}, moved = []) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, deed, now: Date.now() / 1000, ...values }, moved);
    });
  }

  /** Looks at something; what breaks the reader shows nothing. */
  async #mended(deed, values, moved) {
    try {
      return await this.#call(deed, values, moved);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      await this.#begin();
      return {};
    }
  }

  /** A pack, or what changed since the one that is here: checked, and kept. */
  accept(incoming, tag) {
    return this.#call("accept", { incoming, tag });
  }

  /** Goes on with the pack that is kept, by whichever window of this page. */
  resume() {
    return this.#call("resume");
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

  async ask(label) {
    const posed = await this.#call("ask", { label });
    this.#kept.asked = posed.kept;
    return posed;
  }

  async withdraw() {
    this.#kept.asked = undefined;
    await this.#call("withdraw");
  }

  code() {
    return this.#call("code");
  }

  confirm(said) {
    return this.#call("confirm", { said });
  }

  join(said, root) {
    return this.#call("join", { said, root });
  }

  begin(sameCard = false) {
    return this.#call("begin", { sameCard });
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
