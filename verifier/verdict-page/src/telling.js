// How a page tells a verdict, wherever it was judged: words in their place, sound, vibration, times in the clock of the place.

export const at = (id) => document.getElementById(id);
const SILENCE = "symbolon-scan-silence";

/** The switch of the sound, and what it stood at the last time. */
export function switchSound() {
  at("sound").checked = localStorage.getItem(SILENCE) === null;
  at("sound").addEventListener("change", (event) => {
    if (event.target.checked) localStorage.removeItem(SILENCE);
    else localStorage.setItem(SILENCE, "yes");
  });
}

/** Times in the clock of the place. */
export function placeTimes(root) {
  const style = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.valueOf())) time.firstElementChild.textContent = style.format(date);
  }
}

/** Sound and vibration: two rising tones for good, a long low one for bad, two equal ones for doubt. */
export function announce(verdict, { sound, quietly = false } = {}) {
  if (!verdict || quietly) return;
  const good = verdict === "valid" || verdict === "genuine";
  const bad = verdict === "invalid";
  navigator.vibrate?.(good ? 80 : bad ? [400, 100, 400] : [150, 100, 150]);
  if (!sound || !at("sound").checked) return;
  const tones = good ? [[660, 0.12], [990, 0.18]] : bad ? [[180, 0.6]] : [[440, 0.15], [440, 0.15]];
  let start = sound.currentTime;
  for (const [pitch, length] of tones) {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = pitch;
    tone.type = bad ? "square" : "sine";
    volume.gain.setValueAtTime(0.25, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + length);
    tone.connect(volume).connect(sound.destination);
    tone.start(start);
    tone.stop(start + length);
    start += length + 0.05;
  }
}

export function show(parts) {
  for (const [id, shown] of Object.entries(parts)) at(id).hidden = !shown;
}

/** A sentence of the page's texts; none clears the place. */
export function say(place, text) {
  const words = text ? at(text).textContent : "";
  if (at(place).textContent.trim() === words) return;
  const line = document.createElement("p");
  line.className = "problem";
  line.textContent = words;
  at(place).replaceChildren(...(words ? [line] : []));
}

/** A sentence that is no warning. */
export function note(place, text) {
  say(place, text);
  for (const line of at(place).children) line.className = "hint";
}
