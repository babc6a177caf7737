// The camera at the counter. Codes are read by the browser where it can, otherwise frames go to the shop's own server.
// Nothing is kept: the codes of a card stay in this page until the next person.

import { Camera } from "./camera.js";
import { announce, at, placeTimes, say, show, switchSound } from "./telling.js";

const PAUSE = 150;
const FRAME_WIDTH = 1280;
// As many as the server judges together.
const MOST_CODES = 16;
// How the frames of an animation begin, with their number and how many fragments there are.
const FRAME = /^UR:SYMBOLON-[A-Z]+\/(?:[0-9]+-([0-9]+)\/)?/i;
// As many frames as the server looks at.
const MOST_FRAMES = 4096;

/** The code that stands behind the # of the address lets the telephone in. */
function enterByLink() {
  const form = at("enter");
  const code = location.hash.slice(1);
  if (code === "" || code === "content") return;
  history.replaceState(null, "", location.pathname);
  if (!form) return;
  at("code").value = decodeURIComponent(code);
  form.requestSubmit();
}

function begin() {
  placeTimes(document);
  announce(document.querySelector("#result article")?.dataset.verdict, { quietly: true });
  const scanner = new Scanner();
  at("camera").hidden = false;
  switchSound();
  at("start").addEventListener("click", () => scanner.start());
  at("again").addEventListener("click", () => scanner.start());
  at("other").addEventListener("click", () => scanner.start({ sameCard: true }));
  at("stop").addEventListener("click", () => scanner.rest());
  document.addEventListener("visibilitychange", () => document.hidden && scanner.rest());
}

class Scanner {
  #codes = [];
  #frames = new Animation();
  #request = at("camera").dataset.request;
  #camera = new Camera();
  #round = 0;
  #sound;

  async start({ sameCard = false } = {}) {
    this.rest();
    const round = ++this.#round;
    if (!sameCard) {
      this.#codes = [];
      this.#frames = new Animation();
      at("result").replaceChildren();
    }
    say("alert");
    this.#sound ??= window.AudioContext && new AudioContext();
    this.#sound?.resume();
    if (!(await this.#camera.open(() => round === this.#round))) return;
    const read = await reader();
    while (round === this.#round) {
      const told = await this.#look(read).catch(() => ({ problem: "no-connection" }));
      if (round !== this.#round) return;
      say("alert", told?.problem);
      if (told?.html?.trim()) return this.#tell(told);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** The camera off, the verdict kept. */
  rest() {
    this.#round++;
    this.#camera.close();
    show({ view: false, hint: false, progress: false, stop: false, start: !this.#told, again: this.#told, other: false });
  }

  get #told() {
    return at("result").querySelector("article") !== null;
  }

  async #look(read) {
    const found = await read(at("video"));
    const frames = (found.codes ?? []).filter((code) => FRAME.test(code));
    if (frames.length > 0) return this.#collect(frames);
    const fresh = (found.codes ?? []).filter((code) => !this.#codes.includes(code));
    if (fresh.length === 0) return found.problem ? found : undefined;
    // What the server has judged already is judged again only together with the other code of the card.
    const codes = [...this.#codes, ...fresh].slice(-MOST_CODES);
    const told = found.told && this.#codes.length === 0 ? found.told : await ask(codes);
    if (told.problem) return told;
    if (!told.html.trim()) return { problem: told.problem };
    this.#codes = codes;
    return told;
  }

  /** Frames are kept here until there may be enough of them; the server puts them together. */
  async #collect(frames) {
    if (!this.#frames.take(frames)) return undefined;
    this.#frames.say();
    if (!this.#frames.mayBeEnough) return undefined;
    const told = await ask(this.#frames.texts, this.#request);
    if (told.progress) {
      this.#frames.known(told.progress);
      return undefined;
    }
    // What cannot be put together is begun again, with whatever the camera sees next.
    if (!told.html?.trim() && told.problem) this.#frames = new Animation();
    return told;
  }

  /** A request is answered once; the next person is asked anew. */
  #forgetRequest() {
    if (!this.#request) return;
    this.#request = undefined;
    at("asked").remove();
    document.querySelector("input[name=request]")?.remove();
    history.replaceState(null, "", location.pathname);
  }

  #tell(told) {
    const shown = new DOMParser().parseFromString(told.html, "text/html");
    placeTimes(shown);
    at("result").replaceChildren(...shown.body.childNodes);
    this.#forgetRequest();
    this.rest();
    at("other").hidden = !told.more;
    at("result").focus({ preventScroll: true });
    at("result").scrollIntoView({ block: "start" });
    announce(told.verdict, { sound: this.#sound });
  }
}

/** The frames of one animation, as many as were seen. */
class Animation {
  #texts = new Set();
  #fragments = 1;
  #wanted = 1;
  #known = 0;
  #said = 0;

  /** Whether there is anything new in it. */
  take(frames) {
    const before = this.#texts.size;
    for (const frame of frames) {
      if (this.#texts.size < MOST_FRAMES) this.#texts.add(frame.toUpperCase());
    }
    if (before === 0) {
      this.#fragments = Number(frames[0].match(FRAME)[1] ?? 1);
      this.#wanted = this.#fragments;
    }
    return this.#texts.size > before;
  }

  get texts() {
    return [...this.#texts];
  }

  get mayBeEnough() {
    return this.#texts.size >= this.#wanted;
  }

  /** The server lacks some fragments still: half as many frames more may bring them. */
  known({ known, fragments }) {
    this.#known = known;
    this.#fragments = fragments;
    this.#wanted = this.#texts.size + Math.max(1, Math.ceil((fragments - known) / 2));
    this.say();
  }

  /** The bar at every frame, the words at every quarter: a reader of screens is not to speak without end. */
  say() {
    const part = Math.min(this.#known || this.#texts.size, this.#fragments) / this.#fragments;
    show({ progress: true, hint: false });
    at("bar").value = part;
    const quarter = Math.floor(part * 4);
    if (quarter === this.#said) return;
    this.#said = quarter;
    const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(quarter / 4);
    at("said").textContent = at("progress-said").textContent.replace("%", percent);
  }
}

/** What looks for codes in the picture of the camera. */
async function reader() {
  if ("BarcodeDetector" in window) {
    const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
    if (formats.includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async (video) => ({ codes: (await detector.detect(video)).map((code) => code.rawValue) });
    }
  }
  const canvas = document.createElement("canvas");
  return async (video) => {
    if (video.videoWidth === 0) return {};
    const scale = Math.min(1, FRAME_WIDTH / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const frame = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
    const told = await send("/scan/frames", "image/jpeg", frame);
    return { codes: told.codes, problem: told.problem, told };
  };
}

function ask(codes, request) {
  return send("/scan/codes", "application/json", JSON.stringify({ codes, request }));
}

async function send(path, type, body) {
  const response = await fetch(path, { method: "POST", headers: { "content-type": type }, body });
  if (response.status === 204) return {};
  if (!response.ok) return { problem: response.status === 403 ? "no-access" : "no-connection" };
  return response.json();
}

enterByLink();
if (at("camera")) begin();
