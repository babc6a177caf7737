// What cameras see: a card in somebody's hand, and codes one after the other on a screen.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Chromium } from "./chromium.mjs";

// How many pictures of the camera show one frame: the camera takes thirty a second.
const PICTURES_OF_A_FRAME = 10;

/** The frames in a folder, shown twice, of which a third is lost each time: another third the second time, since what comes of one showing may
    lack a fragment, and the camera plays its film for ever. */
export function frames(folder) {
  const shown = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name)));
  return [1, 2].flatMap((lost) => shown.filter((_, at) => at % 3 !== lost));
}

/** A browser whose camera shows a film: the one that lies there when the camera is switched on. */
export function camera(work, film, name) {
  return new Chromium(join(work, `camera-${name}`), [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${film}`,
  ]);
}

/** A film of pictures, one after the other, with the noise of a cheap sensor. */
export async function record(studio, pictures, file) {
  const page = await studio.page({ width: 1280, height: 800, language: "en" });
  const film = [];
  for (const [turn, picture] of pictures.entries()) {
    const frame = await page.evaluate(`(async () => {
      const code = new Image();
      code.src = "data:image/png;base64,${picture.toString("base64")}";
      await code.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.fillStyle = "#6b6258";
      pen.fillRect(0, 0, 1280, 720);
      const scale = Math.min(640 / code.width, 640 / code.height);
      const tilt = ${(turn % 5) - 2} * 0.01;
      pen.setTransform(scale, tilt * scale, -tilt * scale, scale, 640, 360);
      pen.filter = "brightness(0.85) blur(0.3px)";
      pen.drawImage(code, -code.width / 2, -code.height / 2);
      return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
    })()`);
    const bytes = Buffer.from(frame, "base64");
    for (let again = 0; again < PICTURES_OF_A_FRAME; again++) film.push(bytes);
  }
  writeFileSync(file, Buffer.concat(film));
}

/** A white picture of one pixel. */
export function blank() {
  return Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsBvG+AAAAABJRU5ErkJggg==",
    "base64",
  );
}

/** A film of a card in somebody's hand: turned, at a slant, in poor light, with the noise of a cheap sensor. */
export async function filmCard(browser, card, file) {
  const page = await browser.page({ width: 1280, height: 800, language: "en" });
  const picture = readFileSync(card).toString("base64");
  const frames = await page.evaluate(`(async () => {
    const card = new Image();
    card.src = "data:image/png;base64,${picture}";
    await card.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const frames = [];
    for (let turn = 0; turn < 6; turn++) {
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.fillStyle = "#6b6258";
      pen.fillRect(0, 0, 1280, 720);
      const scale = Math.min(1180 / card.width, 680 / card.height);
      const tilt = (turn - 2) * 0.015;
      pen.setTransform(scale, tilt * scale, -tilt * scale * 0.6, scale, 640, 360);
      pen.filter = "brightness(0.8) blur(0.4px)";
      pen.drawImage(card, -card.width / 2, -card.height / 2);
      pen.filter = "none";
      const pixels = pen.getImageData(0, 0, 1280, 720);
      let seed = turn + 1;
      for (let at = 0; at < pixels.data.length; at += 4) {
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
        const noise = (seed >> 16) % 25 - 12;
        for (let part = 0; part < 3; part++) pixels.data[at + part] += noise;
      }
      pen.putImageData(pixels, 0, 0);
      frames.push(canvas.toDataURL("image/jpeg", 0.9).split(",")[1]);
    }
    return frames;
  })()`);
  writeFileSync(file, Buffer.concat(frames.map((frame) => Buffer.from(frame, "base64"))));
  return file;
}
