// The camera of the pages that scan. What it sees stays in the page.
import { at, say, show } from "./telling.js";

export class Camera {
  #stream;

  /** Shows what the camera at the back sees; whether it does. Whoever asked may be gone when the person allows it: `isWanted` knows. */
  async open(isWanted) {
    if (!navigator.mediaDevices?.getUserMedia) return refused("no-camera");
    let stream;
    try {
      const video = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
      stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      return refused(error.name === "NotAllowedError" ? "no-permission" : "no-camera");
    }
    if (!isWanted()) {
      end(stream);
      return false;
    }
    this.#stream = stream;
    at("video").srcObject = stream;
    await at("video").play();
    show({ view: true, hint: true, stop: true, start: false, again: false, other: false });
    return true;
  }

  close() {
    if (this.#stream) end(this.#stream);
    this.#stream = undefined;
    at("video").srcObject = null;
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function refused(text) {
  say("alert", text);
  return false;
}
