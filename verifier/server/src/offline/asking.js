// A request of this page's own: what people are asked for, shown as codes one after the other until an answer was judged.
import { at, placeTimes, say, show } from "./telling.js";
import { Refused } from "./verifier.js";

const EACH_CODE = 200;
const QUIET_ZONE = 4;
const MODULE = 5;
// In this window alone, as long as it is open: whoever has it opens the answer.
const ASKED = "symbolon-asked";
const ANSWERED = "symbolon-answered";

export const askedBefore = () => sessionStorage.getItem(ASKED) ?? undefined;

export class Asking {
  #verifier;
  #round = 0;

  constructor(verifier) {
    this.#verifier = verifier;
    at("asks").addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    at("withdraw").addEventListener("click", () => this.withdraw());
  }

  /** What people can be asked for, and the request that this window showed before. */
  async begin(asks, posed) {
    const choices = asks.map((label) => Object.assign(document.createElement("option"), { textContent: label, dir: "auto" }));
    at("ask").replaceChildren(...choices);
    show({ asking: choices.length > 0 && crypto.subtle !== undefined });
    if (at("asking").hidden) return;
    try {
      at("device").textContent = await this.#verifier.identifier();
    } catch {
      show({ asking: false });
    }
    if (!posed) sessionStorage.removeItem(ASKED);
    else if (!sessionStorage.getItem(ANSWERED)) this.#show(posed);
  }

  async ask() {
    say("ask-alert");
    try {
      const posed = await this.#verifier.ask(at("ask").value);
      sessionStorage.removeItem(ANSWERED);
      sessionStorage.setItem(ASKED, posed.kept);
      this.#show(posed);
      at("asked").scrollIntoView({ block: "start" });
      at("asked").focus({ preventScroll: true });
    } catch (error) {
      say("ask-alert", error instanceof Refused ? error.message : "ask-failed");
    }
  }

  /** An answer was judged: the request is shown no more. It stays known, so that who answers it twice is told so. */
  close() {
    sessionStorage.setItem(ANSWERED, "yes");
    this.#rest();
  }

  #rest() {
    this.#round++;
    show({ asked: false });
    at("start").textContent = at("camera-start").textContent;
  }

  async withdraw() {
    this.#rest();
    sessionStorage.removeItem(ASKED);
    await this.#verifier.withdraw();
    at("ask").focus();
  }

  #show({ label, until, codes }) {
    at("asked-label").textContent = label;
    at("asked-until").dateTime = until;
    at("asked-until").firstElementChild.textContent = until;
    placeTimes(at("asked"));
    at("asked-code").dataset.codes = codes;
    show({ asked: true });
    at("start").textContent = at("camera-answer").textContent;
    this.#play(++this.#round, Date.parse(until));
  }

  /** One code after the other, without end; never more of them wanted than are drawn. */
  async #play(round, until) {
    while (round === this.#round) {
      if (Date.now() > until) {
        this.#rest();
        return say("ask-alert", "problem-expired");
      }
      const code = await this.#verifier.code();
      if (code && round === this.#round) draw(at("asked-code"), code);
      await new Promise((resolve) => setTimeout(resolve, EACH_CODE));
    }
  }
}

/** A code with its quiet zone, dark on light whatever the colours of the page are. */
function draw(canvas, modules) {
  const width = Math.sqrt(modules.length);
  const side = (width + 2 * QUIET_ZONE) * MODULE;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000";
  for (const [place, dark] of modules.entries()) {
    if (!dark) continue;
    const [x, y] = [place % width, Math.floor(place / width)];
    pen.fillRect((x + QUIET_ZONE) * MODULE, (y + QUIET_ZONE) * MODULE, MODULE, MODULE);
  }
}
