// The counter without a network. Everything is judged on this device; the network, where there is one, brings a newer pack and nothing else.
import { forget, keep, kept } from "./keep.js";
import { announce, at, placeTimes, say, show, switchSound } from "./telling.js";
import { Refused, Verifier } from "./verifier.js";

const PAUSE = 60;
const FRAME_WIDTH = 1280;
const MOST_PIXELS = 12_000_000;
const MOST_FRAMES = 1024;
const MOST_FILE_BYTES = 16 << 20;
const MOST_PACK_BYTES = 128 << 20;
// A problem that more pictures do not mend.
const CONTRADICTED = "root-of-another";
const language = document.documentElement.lang;
const verifier = new Verifier();

async function begin() {
  switchSound();
  save();
  const root = (await kept("root")) ?? (await firstRoot());
  if (!root) return say("alert", "root-none");
  try {
    const { fingerprint } = await verifier.open(root, await kept("pack"));
    at("fingerprint").textContent = fingerprint;
  } catch (error) {
    return say("alert", error instanceof Refused ? "root-unreadable" : "offline-broken");
  }
  const scanner = new Scanner();
  at("start").addEventListener("click", () => scanner.start());
  at("again").addEventListener("click", () => scanner.start());
  at("other").addEventListener("click", () => scanner.start({ sameCard: true }));
  at("stop").addEventListener("click", () => scanner.stop());
  at("picture").addEventListener("change", () => scanner.upload([...at("picture").files]));
  at("refresh").addEventListener("click", () => refresh({ aloud: true }));
  at("pack-file").addEventListener("change", () => fromFile(at("pack-file").files[0]));
  at("forget").addEventListener("click", forgetEverything);
  document.addEventListener("visibilitychange", () => document.hidden && scanner.rest());
  addEventListener("online", () => refresh());
  await showPack();
  show({ camera: true, upload: true, pack: true, root: true });
  document.body.dataset.ready = "yes";
  compareRoot(root);
  refresh();
}

/** The page is kept by its service worker from the first load on. */
async function save() {
  const keeper = navigator.serviceWorker;
  if (!keeper) return void (at("saved").textContent = at("offline-not-saved").textContent);
  try {
    await keeper.register("/offline/sw.js", { scope: "/offline/" });
    await keeper.ready;
    navigator.storage?.persist?.();
    at("saved").textContent = at("offline-saved").textContent;
    document.body.dataset.saved = "yes";
  } catch {
    at("saved").textContent = at("offline-not-saved").textContent;
  }
}

/** The root of trust is taken once, from the server that this page came from, and kept. */
async function firstRoot() {
  const root = await fetched("/offline/root.json");
  if (!(root instanceof Uint8Array)) return undefined;
  await keep({ root });
  return root;
}

/** A server that hands out another root later changes nothing here, and is told. */
async function compareRoot(root) {
  const now = await fetched("/offline/root.json");
  if (!(now instanceof Uint8Array)) return;
  const same = now.length === root.length && now.every((byte, place) => byte === root[place]);
  if (!same) say("root-alert", "root-other");
}

/** The bytes at an address; a status where there are none, and nothing without a network. */
async function fetched(address, headers = {}) {
  try {
    const response = await fetch(address, { headers, cache: "no-store" });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : response.status;
  } catch {
    return undefined;
  }
}

/** What changed, or a newer pack, where the server has one. What is refused changes nothing. */
async function refresh({ aloud = false } = {}) {
  const told = (say) => aloud && say();
  await alone(takeKept);
  const changed = await answerOf(await sinceHere());
  if (changed?.status === 204) return told(noteNewest);
  if (changed?.bytes && (await accept(changed.bytes, "", { quietly: true }))) return;
  const tag = await kept("tag");
  const whole = await answerOf("/offline/pack", tag ? { "if-none-match": tag } : {});
  if (whole?.status === 304) return told(noteNewest);
  if (whole?.status === 404) return told(() => say("pack-alert", "pack-none-served"));
  if (!whole?.bytes) return told(() => say("pack-alert", "pack-not-reached"));
  await accept(whole.bytes, whole.tag);
}

/** Another window of this page may have taken a newer pack since. */
async function takeKept() {
  const known = await kept("known");
  if (!known || known.sequence === (await verifier.known())?.sequence) return;
  await verifier.keep(await kept("pack"));
  await showPack();
}

/** That the pack is the newest one is no news of one that is too old, or in its grace. */
async function noteNewest() {
  await showPack();
  if ((await verifier.known())?.state === "current") note("pack-alert", "pack-accepted");
}

/** Where the server tells what changed since the pack that is here; nothing where none is. */
async function sinceHere() {
  const seen = JSON.parse((await kept("last-seen")) ?? "null");
  return seen && `/offline/pack/since/${seen.sequence}/${seen.root}`;
}

/** Status, tag and bytes of an answer; nothing where none came, or none to the end. */
async function answerOf(address, headers = {}) {
  if (!address) return undefined;
  try {
    const response = await fetch(address, { headers, cache: "no-store" });
    const bytes = response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : undefined;
    return { status: response.status, tag: response.headers.get("etag") ?? "", bytes };
  } catch {
    return undefined;
  }
}

async function fromFile(file) {
  if (!file) return;
  if (file.size > MOST_PACK_BYTES) return say("pack-alert", "pack-refused");
  await accept(new Uint8Array(await file.arrayBuffer()), "");
  at("pack-file").value = "";
}

/** Checks a pack or what changed, and keeps the new pack together with what guards against an older one. Whether it was taken. One at a
    time, in all windows of this page: of two the older one is not to be kept last. */
const accept = (incoming, tag, how) => alone(() => acceptAlone(incoming, tag, how));

/** Does something with the pack that no other window does meanwhile, where the browser can tell. */
const alone = (act) => navigator.locks?.request("symbolon-pack", act) ?? act();

async function acceptAlone(incoming, tag, { quietly = false } = {}) {
  try {
    await takeKept();
    const { known, last_seen, pack } = await verifier.accept(incoming, await kept("last-seen"));
    await keep({ pack, known, tag, "last-seen": JSON.stringify(last_seen) });
    await showPack();
    if (known.state !== "in_grace") note("pack-alert", "pack-accepted");
    return true;
  } catch (error) {
    if (!quietly) say("pack-alert", error instanceof Refused ? error.message : "pack-refused");
    return false;
  }
}

/** What a neighbour's screen brought; the camera is off by then. */
async function takeBrought() {
  const bytes = await verifier.brought();
  if (bytes) await accept(bytes, "");
  at("pack").scrollIntoView({ block: "start" });
}

async function showPack() {
  const now = await verifier.known();
  const known = now ?? (await kept("known"));
  at("pack-known").hidden = !known;
  if (!known) return say("pack-alert", "pack-none");
  for (const [id, time] of [["created", known.created], ["valid-until", known.valid_until], ["usable-until", known.usable_until]]) {
    at(`pack-${id}`).dateTime = time;
    at(`pack-${id}`).firstElementChild.textContent = time;
  }
  placeTimes(at("pack-known"));
  at("pack-sequence").textContent = known.sequence;
  at("pack-status-lists").textContent = known.status_lists;
  say("pack-alert", !now ? "pack-unusable" : now.state === "in_grace" ? "pack-in-grace" : undefined);
}

async function forgetEverything() {
  await forget();
  location.reload();
}

class Scanner {
  #stream;
  #round = 0;
  #sound;
  #said = 0;

  async start({ sameCard = false } = {}) {
    this.rest();
    const round = ++this.#round;
    if (!sameCard) at("result").replaceChildren();
    say("alert");
    await verifier.begin(sameCard);
    this.#said = 0;
    this.#wake();
    if (!navigator.mediaDevices?.getUserMedia) return say("alert", "no-camera");
    try {
      const video = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      return say("alert", error.name === "NotAllowedError" ? "no-permission" : "no-camera");
    }
    if (round !== this.#round) return this.#release();
    at("video").srcObject = this.#stream;
    await at("video").play();
    show({ view: true, hint: true, stop: true, start: false, again: false, other: false });
    at("stop").focus({ preventScroll: true });
    while (round === this.#round) {
      const picture = pixels(at("video"), at("video").videoWidth, at("video").videoHeight, FRAME_WIDTH ** 2);
      const told = picture ? await verifier.look(picture, language) : {};
      if (round !== this.#round) return;
      if (told.problem || told.progress) say("alert", told.problem);
      if (told.progress) this.#sayProgress(told.progress);
      if (told.brought || told.note || told.problem === CONTRADICTED) return this.#aside(told);
      if (told.html) return this.#tell(told);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** The camera off, the verdict kept. */
  rest() {
    this.#round++;
    this.#release();
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
    await verifier.begin();
    this.#wake();
    let last;
    for (const file of files) last = await this.#read(file, last);
    at("picture").value = "";
    if (last?.brought || last?.note) return this.#aside(last);
    if (last?.html) return this.#tell(last);
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
      const told = await verifier.take(new Uint8Array(await file.arrayBuffer()), language);
      return says(told) ? told : before;
    }
    try {
      for await (const picture of picturesOf(file)) {
        const told = await verifier.examine(picture, language);
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

  #release() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = undefined;
    at("video").srcObject = null;
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

  /** What is settled and is no verdict: a pack to take, or a sentence. */
  async #aside(told) {
    this.stop();
    say("alert", told.problem);
    if (told.note) note("alert", told.note);
    if (told.brought === "pack") return takeBrought();
    at("alert").scrollIntoView({ block: "nearest" });
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
  }
}

/** Whether anything was found. */
function says({ html, problem, brought, note }) {
  return Boolean(html || problem || brought || note);
}

/** A sentence that is no warning. */
function note(place, text) {
  say(place, text);
  for (const line of at(place).children) line.className = "hint";
}

const canvas = document.createElement("canvas");

/** The pixels of what can be drawn, not more of them than `most`. */
function pixels(source, width, height, most) {
  if (width === 0 || height === 0) return undefined;
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** The pictures of a file: one, or those of an animation. */
async function* picturesOf(file) {
  if ("ImageDecoder" in window && file.type === "image/gif") {
    const decoder = new ImageDecoder({ data: file.stream(), type: file.type });
    await decoder.completed;
    const count = Math.min(decoder.tracks.selectedTrack?.frameCount ?? 1, MOST_FRAMES);
    for (let frameIndex = 0; frameIndex < count; frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      const picture = pixels(image, image.displayWidth, image.displayHeight, MOST_PIXELS);
      image.close();
      yield picture;
    }
    return;
  }
  const bitmap = await createImageBitmap(file);
  const picture = pixels(bitmap, bitmap.width, bitmap.height, MOST_PIXELS);
  bitmap.close();
  yield picture;
}

begin().catch(() => say("alert", "offline-broken"));
