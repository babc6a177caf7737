// The camera, and pictures in its place: what is seen goes to the verifier, and what it says to the page.
import { Camera } from "./camera.js";
import { pixels, picturesOf } from "./pictures.js";
import { announce, at, note, placeTimes, say, show } from "./telling.js";

const PAUSE = 60;
const FRAME_WIDTH = 1280;
const MOST_FILE_BYTES = 16 << 20;
// A problem that more pictures do not mend.
const CONTRADICTED = "root-of-another";
const language = document.documentElement.lang;

/** `aside` takes what is settled and is no verdict: a pack, or an onboarding code. `settled` is told of every verdict. */
export class Scanner {
  #verifier;
  #aside;
  #settled;
  #camera = new Camera();
  #round = 0;
  #sound;
  #said = 0;

  constructor(verifier, { aside, settled }) {
    [this.#verifier, this.#aside, this.#settled] = [verifier, aside, settled];
  }

  async start({ sameCard = false } = {}) {
    this.rest();
    const round = ++this.#round;
    if (!sameCard) at("result").replaceChildren();
    say("alert");
    await this.#verifier.begin(sameCard);
    this.#said = 0;
    this.#wake();
    if (!(await this.#camera.open(() => round === this.#round))) return;
    at("stop").focus({ preventScroll: true });
    while (round === this.#round) {
      const picture = pixels(at("video"), at("video").videoWidth, at("video").videoHeight, FRAME_WIDTH ** 2);
      const told = picture ? await this.#verifier.look(picture, language) : {};
      if (round !== this.#round) return;
      if (told.problem || told.progress) say("alert", told.problem);
      if (told.progress) this.#sayProgress(told.progress);
      if (told.brought || told.note || told.problem === CONTRADICTED) return this.#setAside(told);
      if (told.html) return this.#tell(told);
      if (told.answered) return this.#unjudged(told);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** The camera off, the verdict kept. */
  rest() {
    this.#round++;
    this.#camera.close();
    const told = at("result").querySelector("article") !== null;
    show({ view: false, hint: false, progress: false, stop: false, start: !told, again: told, other: false });
  }

  /** The camera off, and the button for that gone with it: whoever was on it by key goes on from the one in its place. */
  stop() {
    const here = document.activeElement === at("stop");
    this.rest();
    const next = at("start").hidden ? "again" : "start";
    if (here) at(next).focus({ preventScroll: true });
  }

  /** Pictures or files of one card or person. */
  async upload(files) {
    if (files.length === 0) return;
    this.rest();
    say("alert");
    at("result").replaceChildren();
    await this.#verifier.begin();
    this.#wake();
    let last;
    for (const file of files) {
      last = await this.#read(file, last);
      // The frames of an animation that go on would answer a second time.
      if (last?.answered) break;
    }
    at("picture").value = "";
    if (last?.brought || last?.note) return this.#setAside(last);
    if (last?.html) return this.#tell(last);
    if (last?.answered) return this.#unjudged(last);
    this.rest();
    say("alert", last?.problem ?? "problem-no-code");
    at("alert").scrollIntoView({ block: "nearest" });
  }

  /** What came of a file; what came of those before where this one brings nothing. */
  async #read(file, before) {
    if (file.size > MOST_FILE_BYTES) return { problem: "problem-too-large" };
    let last = before;
    if (!file.type.startsWith("image/")) {
      if (file.type === "application/pdf") return { problem: "problem-file" };
      const told = await this.#verifier.take(new Uint8Array(await file.arrayBuffer()), language);
      return says(told) ? told : before;
    }
    try {
      for await (const picture of picturesOf(file)) {
        const told = await this.#verifier.examine(picture, language);
        if (told.answered) return told;
        if (says(told)) last = told;
      }
    } catch {
      return { problem: "problem-file" };
    }
    return last;
  }

  #wake() {
    this.#sound ??= window.AudioContext && new AudioContext();
    this.#sound?.resume();
  }

  /** The bar at every frame, the words at every quarter: a reader of screens is not to speak without end. */
  #sayProgress({ known, fragments }) {
    const part = known / fragments;
    show({ progress: true, hint: false });
    at("bar").value = part;
    const quarter = Math.floor(part * 4);
    if (quarter === this.#said) return;
    this.#said = quarter;
    const percent = new Intl.NumberFormat(language, { style: "percent" }).format(quarter / 4);
    at("said").textContent = at("progress-said").textContent.replace("%", percent);
  }

  async #setAside(told) {
    this.stop();
    say("alert", told.problem);
    if (told.note) note("alert", told.note);
    if (told.brought) return this.#aside(told.brought);
    at("alert").scrollIntoView({ block: "nearest" });
  }

  /** The request was answered, and nothing could be judged. */
  #unjudged(told) {
    this.stop();
    say("alert", told.problem);
    at("alert").scrollIntoView({ block: "nearest" });
    this.#settled(told);
  }

  #tell(told) {
    const shown = new DOMParser().parseFromString(told.html, "text/html");
    placeTimes(shown);
    at("result").replaceChildren(...shown.body.childNodes);
    this.rest();
    at("other").hidden = !told.more;
    at("result").focus({ preventScroll: true });
    at("result").scrollIntoView({ block: "start" });
    announce(told.verdict, { sound: this.#sound });
    this.#settled(told);
  }
}

/** Whether anything was found. */
function says({ html, problem, brought, note }) {
  return Boolean(html || problem || brought || note);
}
