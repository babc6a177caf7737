// The shop's page: a camera that films real cards, pictures and documents that are uploaded, a device that is let in.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ASK, qrStories } from "./by_qr.mjs";
import { Chromium } from "./chromium.mjs";

const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const DIRECTIONS = { en: "ltr", fr: "ltr", ar: "rtl", hi: "ltr" };

/** Every story of the page; how many passed. */
export async function scanStories({ binary, work, installation, check }) {
  const folder = join(work, "installation");
  appendFileSync(join(folder, "symbolon.toml"), `\n[verifier.scan.ask]\n"${ASK}" = "age-over-18"\n`);
  await installation.serveVerifier(binary, folder);
  const cards = printCards({ binary, work, folder, installation });
  const link = installation.run("verifier", "scan-link").trim();
  const studio = new Chromium(join(work, "studio"));
  let passed = 0;
  try {
    const films = {};
    for (const [name, card] of Object.entries(cards)) films[name] = await film(studio, card, join(work, `${name}.mjpeg`));
    await aDeviceIsLetIn(studio, link, installation, check);
    await withoutTheCamera(studio, link, cards, check);
    passed += 2;
    for (const [name, story] of Object.entries({
      revoked: { verdict: "invalid", says: { en: "revoked by its issuer", ar: "ألغتها الجهة" } },
      forged: { verdict: "invalid", says: { en: "changed or forged", ar: "تزويرها" } },
      genuine: { verdict: "genuine", says: { en: "Compare the person with the photo", ar: "قارن الشخص بالصورة" } },
    })) {
      await scanned({ name, ...story, film: films[name], work, link, installation, check });
      passed += 1;
    }
    passed += await qrStories({ work, link, installation, check, studio });
  } finally {
    await studio.close();
  }
  return passed;
}

/** A card in force, one that was revoked, and one of a forger who calls himself by the issuer's name. */
function printCards({ binary, work, folder, installation }) {
  const [first, second] = installation.people;
  const print = (name, person, extension = "png") => {
    const file = join(work, `${name}.${extension}`);
    installation.run("card", "print", "--record", person.UIN, "--out", file);
    return file;
  };
  const genuine = print("genuine", first);
  const document = print("document", first, "pdf");
  const revoked = print("revoked", second);
  installation.run("credential", "revoke", "--record", second.UIN);
  const elsewhere = join(work, "forger");
  mkdirSync(elsewhere);
  const run = (...words) => execFileSync(binary, words, { cwd: elsewhere, stdio: ["ignore", "pipe", "inherit"] });
  run("init", "--dir", elsewhere, "--issuer", installation.issuer, "--verifier", installation.verifier);
  const config = join(elsewhere, "symbolon.toml");
  // His commands find no server of his own, and must not meet the real one.
  writeFileSync(config, readFileSync(config, "utf8").replaceAll(/listen = "127\.0\.0\.1:\d+"/g, 'listen = "127.0.0.1:9"'));
  run("records", "import", join(folder, "people.ndjson"));
  const forged = join(work, "forged.png");
  run("card", "print", "--record", first.UIN, "--out", forged);
  return { genuine, revoked, forged, document };
}

/** A film of a card in somebody's hand: turned, at a slant, in poor light, with the noise of a cheap sensor. */
async function film(browser, card, file) {
  if (card.endsWith(".pdf")) return undefined;
  const page = await browser.page({ ...DESK, language: "en" });
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

/** Whoever has only the address is asked for the code, and whoever has the link is in. */
async function aDeviceIsLetIn(browser, link, installation, check) {
  const page = await browser.page({ ...PHONE, language: "en" });
  await page.go(`${installation.verifier}/scan`);
  await check(page, "scan-en-phone-1-enter", "en", "ltr", 1);
  await page.type("WRONG");
  await page.loading(() => page.press("Enter"));
  await check(page, "scan-en-phone-2-refused", "en", "ltr", 1);
  assert.equal(await page.evaluate("document.activeElement.id"), "code");
  for (const [language, direction] of Object.entries(DIRECTIONS)) {
    const device = await browser.page({ ...PHONE, language });
    await device.go(link);
    await device.until("document.getElementById('camera') !== null && !document.getElementById('camera').hidden");
    assert.equal(await device.evaluate("location.hash"), "", "the code does not stay in the address");
    await check(device, `scan-${language}-phone-3-ready`, language, direction, 1);
    quiet(device, installation, language);
  }
}

/** By upload, with scripts switched off: a document, a photo, a text. */
async function withoutTheCamera(browser, link, cards, check) {
  const page = await browser.page({ ...PHONE, language: "en" });
  await page.go(link);
  await page.until("document.getElementById('camera') !== null");
  await page.send("Emulation.setScriptExecutionDisabled", { value: true });
  await page.go(link.split("#")[0]);
  for (const name of ["document", "genuine"]) {
    await page.chooseFile("#picture", cards[name]);
    await page.loading(() => submit(page));
    await check(page, `scan-en-phone-4-${name}`, "en", "ltr", 1);
    assert.equal(await page.evaluate("document.querySelector('article').dataset.verdict"), "genuine", name);
    assert(await page.evaluate("document.querySelector('.face img').naturalWidth > 30"), "the face is drawn");
  }
  await page.loading(() => submit(page));
  assert((await page.evaluate("document.querySelector('.problem').innerText")).length > 5);
}

/** Goes to the button of the form and presses it. */
async function submit(page) {
  await page.evaluate("document.querySelector('form[action=\"/scan\"] button').focus()");
  await page.press("Enter");
}

/** By camera, in two languages and widths, by keyboard alone. */
async function scanned({ name, verdict, says, film, work, link, installation, check }) {
  const browser = new Chromium(join(work, `camera-${name}`), [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${film}`,
  ]);
  try {
    for (const [language, size] of [["en", PHONE], ["ar", DESK], ["ar", PHONE]]) {
      const page = await browser.page({ ...size, language });
      await page.go(link);
      await page.until("document.getElementById('camera') !== null && !document.getElementById('camera').hidden");
      await page.tabTo("#start");
      await page.press("Enter");
      await page.until("document.querySelector('#result article') !== null");
      const at = `scan-${language}-${size.width}-5-${name}`;
      await check(page, at, language, DIRECTIONS[language], 1);
      const seen = await page.evaluate(`({
        verdict: document.querySelector("#result article").dataset.verdict,
        says: document.querySelector("#result .why").innerText,
        word: parseFloat(getComputedStyle(document.querySelector("#result h2")).fontSize),
        focus: document.activeElement.id,
        live: document.getElementById("result").getAttribute("aria-live"),
        filming: document.getElementById("video").srcObject !== null,
        face: document.querySelector("#result .face img")?.naturalWidth ?? 0,
        named: document.querySelector("#result .claims")?.innerText ?? "",
      })`);
      assert.equal(seen.verdict, verdict, at);
      assert(seen.says.includes(says[language]), `${at}: ${seen.says}`);
      assert(seen.word >= 30, `${at}: the word is ${seen.word} pixels high`);
      assert.deepEqual([seen.focus, seen.live, seen.filming], ["result", "assertive", false], at);
      if (verdict === "genuine") assert(seen.face > 30 && seen.named.length > 5, at);
      // Whoever forged it does not get his name and face onto the page.
      if (name === "forged") assert.equal(seen.face + seen.named.length, 0, at);
      await page.tabTo("#again");
      await page.press("Enter");
      await page.until("document.querySelector('#result article') !== null");
      quiet(page, installation, at);
    }
  } finally {
    await browser.close();
  }
}

/** Nobody but the shop's own server was asked, and nobody complained. */
function quiet(page, installation, name) {
  const foreign = page.requests.filter(
    (url) => !url.startsWith("data:") && new URL(url).origin !== new URL(installation.verifier).origin,
  );
  assert.deepEqual(foreign, [], `${name} asked elsewhere`);
  assert.deepEqual(page.complaints, [], name);
}
