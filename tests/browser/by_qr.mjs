// Asking for a presentation by QR codes: the page shows a request, a real wallet reads it and answers with an animation, and a camera that
// loses a third of its frames films that. A forged credential comes as an animation too.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { blank, camera, frames, record } from "./films.mjs";

export const ASK = "Over 18?";
const PHONE = { width: 320, height: 640 };
const DIRECTIONS = { en: "ltr", ar: "rtl" };

const SAYS = {
  valid: { en: "shown by the person it belongs to", ar: "قدمها صاحبها" },
  replayed: { en: "answered before", ar: "سبقت الإجابة" },
  forged: { en: "changed or forged", ar: "تزويرها" },
};

/** Every story of it; how many passed. */
export async function qrStories({ work, link, installation, check, studio }) {
  receive(installation);
  const film = join(work, "answer.mjpeg");
  let passed = 0;
  let shown;
  for (const language of ["en", "ar"]) {
    shown = await answered({ work, film, link, installation, check, studio, language });
    passed += 1;
  }
  await forged({ work, film, link, installation, check, studio, shown });
  return passed + 1;
}

/** What the shop asks for, in its own words. */
export function offerAsk(folder) {
  const configuration = join(folder, "symbolon.toml");
  if (readFileSync(configuration, "utf8").includes("[verifier.scan.ask]")) return;
  appendFileSync(configuration, `\n[verifier.scan.ask]\n"${ASK}" = "age-over-18"\n`);
}

/** The resident's wallet gets a credential. */
export function receive(installation) {
  const [person] = installation.people;
  const offer = JSON.parse(
    installation.run("offer", "create", "--record", person.UIN, "--credential", "NationalIdentity", "--tx-code", "--qr", "offer.png", "--json"),
  );
  installation.run("wallet", "receive", "offer.png", "--tx-code", offer.tx_code);
}

/** The page asks, the wallet answers, the page reads the answer, by keyboard alone; and takes it once. */
async function answered({ work, film, link, installation, check, studio, language }) {
  const direction = DIRECTIONS[language];
  await record(studio, [blank()], film);
  const browser = camera(work, film, `asked-${language}`);
  try {
    const page = await browser.page({ ...PHONE, language });
    await page.go(link);
    await page.until("document.getElementById('camera') !== null && !document.getElementById('camera').hidden");
    assert.equal(await page.evaluate("document.getElementById('ask').value"), ASK);
    await page.tabTo("#asks button");
    await page.loading(() => page.press("Enter"));
    await page.until("document.querySelector('#asked img')?.naturalWidth > 100");
    await check(page, `scan-${language}-320-6-asked`, language, direction, 1);

    // What a wallet films of the page.
    const address = await page.evaluate("document.querySelector('#asked img').src");
    const gif = await page.evaluate(`(async () => {
      const bytes = new Uint8Array(await (await fetch(${JSON.stringify(address)})).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    })()`);
    const [ask, answer] = [join(work, `ask-${language}.gif`), join(work, `answer-${language}`)];
    writeFileSync(ask, Buffer.from(gif, "base64"));
    installation.run("wallet", "present", ask, "--yes", "--animate", answer, "--save", join(work, "shown.json"));
    await record(studio, frames(answer), film);

    await page.tabTo("#start");
    await page.press("Enter");
    await page.until("!document.getElementById('progress').hidden && document.getElementById('bar').value > 0.2");
    await check(page, `scan-${language}-320-7-progress`, language, direction, 1);
    const heard = await page.evaluate(`({
      live: document.getElementById("said").getAttribute("aria-live"),
      named: document.querySelector("label[for=bar]").innerText,
    })`);
    assert(heard.live === "polite" && heard.named.length > 3);
    await page.until("document.querySelector('#result article') !== null", 90_000);
    await check(page, `scan-${language}-320-8-answered`, language, direction, 1);
    const seen = await page.evaluate(`({
      verdict: document.querySelector("#result article").dataset.verdict,
      says: document.querySelector("#result .why").innerText,
      focus: document.activeElement.id,
      asked: document.getElementById("asked"),
      filming: document.getElementById("video").srcObject !== null,
    })`);
    assert.equal(seen.verdict, "valid");
    assert(seen.says.includes(SAYS.valid[language]), seen.says);
    assert.deepEqual([seen.focus, seen.asked, seen.filming], ["result", null, false]);

    // The same answer for the same request again: it was taken once.
    await page.go(address.replace("/requests/", "?request="));
    await page.until("document.getElementById('camera') !== null && !document.getElementById('camera').hidden");
    await page.tabTo("#start");
    await page.press("Enter");
    await page.until("document.getElementById('alert').innerText.length > 5", 90_000);
    const said = await page.evaluate("document.getElementById('alert').innerText");
    assert(said.includes(SAYS.replayed[language]), said);
    assert.equal(await page.evaluate("document.querySelector('#result article')"), null);
    quiet(page, installation, language);
    return JSON.parse(readFileSync(join(work, "shown.json"), "utf8"));
  } finally {
    await browser.close();
  }
}

/** A credential whose issuer never signed it so, as an animation. */
async function forged({ work, film, link, installation, check, studio, shown }) {
  const [presentation] = Object.values(shown)[0];
  const [token, ...disclosures] = presentation.split("~").slice(0, -1);
  const [head, payload, signature] = token.split(".");
  const wrong = (signature[0] === "A" ? "B" : "A") + signature.slice(1);
  const credential = `${[head, payload, wrong].join(".")}~${disclosures.map((one) => `${one}~`).join("")}`;
  const [file, folder] = [join(work, "forged.sd-jwt"), join(work, "forged-frames")];
  writeFileSync(file, credential);
  installation.run("qr", "animate", file, "--out", folder);
  await record(studio, frames(folder), film);
  for (const language of ["en", "ar"]) {
    const browser = camera(work, film, `forged-${language}`);
    try {
      const page = await browser.page({ ...PHONE, language });
      await page.go(link);
      await page.until("document.getElementById('camera') !== null && !document.getElementById('camera').hidden");
      await page.tabTo("#start");
      await page.press("Enter");
      await page.until("document.querySelector('#result article') !== null", 90_000);
      await check(page, `scan-${language}-320-9-forged-animation`, language, DIRECTIONS[language], 1);
      assert.equal(await page.evaluate("document.querySelector('#result article').dataset.verdict"), "invalid");
      const says = await page.evaluate("document.querySelector('#result .why').innerText");
      assert(says.includes(SAYS.forged[language]), says);
      quiet(page, installation, "forged");
    } finally {
      await browser.close();
    }
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
