// The shop's page: a camera that films real cards, pictures and documents that are uploaded, a device that is let in.
import assert from "node:assert/strict";
import { join } from "node:path";

import { offerAsk, qrStories } from "./by_qr.mjs";
import { camera } from "./films.mjs";

const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const DIRECTIONS = { en: "ltr", fr: "ltr", ar: "rtl", hi: "ltr" };

/** Every story of the page; how many passed. */
export async function scanStories({ binary, work, installation, check, cards, studio }) {
  const folder = join(work, "installation");
  offerAsk(folder);
  await installation.serveVerifier(binary, folder);
  const link = installation.run("verifier", "scan-link").trim();
  await aDeviceIsLetIn(studio, link, installation, check);
  await withoutTheCamera(studio, link, cards, check);
  let passed = 2;
  for (const [name, story] of Object.entries({
    revoked: { verdict: "invalid", says: { en: "revoked by its issuer", ar: "ألغتها الجهة" } },
    forged: { verdict: "invalid", says: { en: "changed or forged", ar: "تزويرها" } },
    genuine: { verdict: "genuine", says: { en: "Compare the person with the photo", ar: "قارن الشخص بالصورة" } },
  })) {
    await scanned({ name, ...story, film: cards.films[name], work, link, installation, check });
    passed += 1;
  }
  return passed + (await qrStories({ work, link, installation, check, studio }));
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
  const browser = camera(work, film, name);
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
