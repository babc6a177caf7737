// A request of this page's own: what people are asked for, shown as codes one after the other until an answer was judged.
import { at, placeTimes, say, show } from "./telling.js";
import { Refused } from "./verifier.js";

const EACH_CODE = 200;
const QUIET_ZONE = 4;
const MODULE = 5;
// In this window alone, until it is answered or over: whoever has it opens the answer.
const ASKED = "symbolon-asked";
// How the key of the answer was called, which opens nothing.
const ANSWERED = "symbolon-answered";

/** The request that this window showed, and the one that was answered in it. */
export function askedBefore() {
  const [asked, answered] = [ASKED, ANSWERED].map((name) => sessionStorage.getItem(name) ?? undefined);
  return { asked: answered ? undefined : asked, answered };
}

export class Asking {
  #verifier;
  #posed;
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
    if (!posed) sessionStorage.removeItem(ASKED);
    await this.#offer(asks);
    if (posed && !at("asking").hidden) this.#show(posed);
  }

  /** Whom this device believes may have changed, and with it what can be asked for. */
  async renew() {
    await this.#offer(await this.#verifier.asks());
  }

  async #offer(asks) {
    const [before, chosen] = [[...at("ask").options].map(({ value }) => value), at("ask").value];
    if (asks.length !== before.length || asks.some((label, place) => label !== before[place])) {
      const choices = asks.map((label) => Object.assign(document.createElement("option"), { textContent: label, dir: "auto" }));
      at("ask").replaceChildren(...choices);
      if (asks.includes(chosen)) at("ask").value = chosen;
    }
    if (asks.length === 0 || crypto.subtle === undefined) return show({ asking: false });
    try {
      at("device").textContent ||= await this.#verifier.identifier();
      show({ asking: true });
    } catch {
      show({ asking: false });
    }
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

  /** The request was answered: it is shown no more, and its secret goes. How its key was called stays, so that who answers it twice is told so. */
  close() {
    if (this.#posed) {
      sessionStorage.setItem(ANSWERED, this.#posed.key_id);
      this.#verifier.answered(this.#posed.key_id);
    }
    sessionStorage.removeItem(ASKED);
    this.#rest();
  }

  #rest() {
    this.#round++;
    this.#posed = undefined;
    show({ asked: false });
    at("start").textContent = at("camera-start").textContent;
  }

  async withdraw() {
    this.#rest();
    sessionStorage.removeItem(ASKED);
    await this.#verifier.withdraw();
    at("ask").focus();
  }

  #show(posed) {
    const { label, until, codes } = posed;
    this.#posed = posed;
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
        sessionStorage.removeItem(ASKED);
        say("ask-alert", "problem-expired");
        return this.#verifier.expire().catch(() => {});
      }
      // A verifier that broke meanwhile was begun anew, and has the request.
      const code = await this.#verifier.code().catch(() => undefined);
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
