// The page that asks the browser: `navigator.credentials.get` stands for the platform, and behind it the wallet of the command line
// answers the very requests that the page hands over, for the origin that the browser says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Chromium } from "./chromium.mjs";

const PHONE = { width: 320, height: 640 };
const LANGUAGES = { en: "ltr", ar: "rtl" };
const PROTOCOLS = ["openid4vp-v1-multisigned", "openid4vp-v1-signed", "openid4vp-v1-unsigned", "org-iso-mdoc"];
const ANSWERED = { en: "Your wallet has answered", ar: "أجابت محفظتك" };

/** Every story of the page; how many passed. */
export async function digitalCredentialsStories({ binary, work, installation, check }) {
  const folder = join(work, "installation");
  receive(installation);
  const platform = new Platform(binary, folder, work);
  const browser = new Chromium(join(work, "browser-that-asks"));
  let passed = 0;
  try {
    for (const [at, protocol] of PROTOCOLS.entries()) {
      const language = Object.keys(LANGUAGES)[at % 2];
      await answered({ browser, platform, installation, check, protocol, language });
      passed += 1;
    }
    await answered({ browser, platform, installation, check, protocol: undefined, language: "ar" });
    await declined({ browser, platform, installation, check });
    await phished({ browser, platform, installation, check });
    await withoutTheInterface({ browser, installation, check });
    passed += 4;
  } finally {
    await browser.close();
  }
  return passed;
}

/** The holder's mdoc. */
function receive(installation) {
  const words = ["--record", installation.people[3].UIN, "--credential", "NationalIdentityMdoc", "--qr", "offer.png"];
  installation.run("offer", "create", ...words);
  installation.run("wallet", "receive", "offer.png");
}

/** A request with a page; its name and address. */
function ask(installation, protocol) {
  const protocols = protocol === undefined ? [] : ["--protocol", protocol];
  const words = ["--query", "age-over-18-mdoc", "--page", "cross-device", "--digital-credentials", "asked.json"];
  return JSON.parse(installation.run("request", "create", ...words, ...protocols, "--json"));
}

/** What lies between a page and the wallets of a device. */
class Platform {
  /** What the wallet said of the last request. */
  said = "";
  #binary;
  #folder;
  #files;

  constructor(binary, folder, work) {
    this.#binary = binary;
    this.#folder = folder;
    this.#files = join(work, "platform");
    mkdirSync(this.#files);
  }

  /** The wallet's answer to requests of a page; undefined where it gives none. */
  answer(options, origin) {
    const [request, answer] = ["request.json", "answer.json"].map((name) => join(this.#files, name));
    writeFileSync(request, JSON.stringify(options));
    writeFileSync(answer, "");
    const words = ["wallet", "present", request, "--origin", origin, "--answer", answer, "--yes"];
    const run = spawnSync(this.#binary, words, { cwd: this.#folder, encoding: "utf8" });
    this.said = run.stdout + run.stderr;
    const text = readFileSync(answer, "utf8");
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Takes the place of the browser's own interface in every page of this one. */
  async standIn(page) {
    await page.send("Runtime.addBinding", { name: "platformAsk" });
    await page.send("Page.addScriptToEvaluateOnNewDocument", {
      source: `(() => {
        globalThis.DigitalCredential = class { static userAgentAllowsProtocol(protocol) { return ${JSON.stringify(PROTOCOLS)}.includes(protocol); } };
        navigator.credentials.get = (options) => new Promise((resolve, reject) => {
          globalThis.platformAnswer = (answer) => answer ? resolve(answer) : reject(new DOMException("cancelled", "NotAllowedError"));
          platformAsk(JSON.stringify({ digital: options.digital, origin: location.origin, active: navigator.userActivation.isActive }));
        });
      })()`,
    });
  }

  /** What the page asks when the person presses the button, by keyboard alone. */
  async asked(page) {
    const asked = new Promise((resolve) => page.bound((payload) => resolve(JSON.parse(payload))));
    await page.tabTo("#ask");
    await page.press("Enter");
    return asked;
  }
}

async function open({ browser, platform, installation, check, protocol, language, name }) {
  const made = ask(installation, protocol);
  const page = await browser.page({ ...PHONE, language });
  await platform?.standIn(page);
  await page.go(made.page);
  await check(page, `digital-credentials-${name}-1-asked`, language, LANGUAGES[language], 1);
  return { made, page };
}

async function answered({ browser, platform, installation, check, protocol, language }) {
  const name = `${protocol ?? "any"}-${language}`;
  const { made, page } = await open({ browser, platform, installation, check, protocol, language, name });
  const { active, origin, digital } = await platform.asked(page);
  assert(active, "a person has pressed");
  assert.equal(origin, installation.verifier);
  assert.equal(digital.requests.length, protocol === undefined ? 4 : 1);
  await check(page, `digital-credentials-${name}-2-waiting`, language, LANGUAGES[language], 1);
  const answer = platform.answer({ digital }, origin);
  assert(answer, platform.said);
  assert.equal(answer.protocol, protocol ?? PROTOCOLS[0]);
  const expected = answer.protocol.endsWith("unsigned") ? "UNVERIFIED" : "known by a certificate";
  assert(platform.said.includes(expected), platform.said);
  await page.loading(() => page.evaluate(`platformAnswer(${JSON.stringify(answer)})`));
  await check(page, `digital-credentials-${name}-3-answered`, language, LANGUAGES[language], 0);
  assert.equal(await page.evaluate("document.querySelector('h1').innerText"), ANSWERED[language]);
  const shown = installation.run("request", "show", made.request_id);
  assert(shown.includes("the answer is what was asked for"), shown);
  assert(shown.startsWith("VALID"), shown);
  quiet(page, installation, name);
}

/** The person closes the window of the browser: the page says so, and the other way is still there. */
async function declined({ browser, platform, installation, check }) {
  const { page } = await open({ browser, platform, installation, check, language: "en", name: "declined" });
  await platform.asked(page);
  await page.evaluate("platformAnswer(undefined)");
  await page.until("document.getElementById('asked').innerText.includes('Nothing was shown')");
  await check(page, "digital-credentials-declined-2-said", "en", "ltr", 1);
  assert(await page.evaluate("document.querySelector('svg[role=img]').checkVisibility()"), "the code is still there");
  quiet(page, installation, "declined");
}

/** What somebody showed to another origin is not taken, and the page says so in a sentence. */
async function phished({ browser, platform, installation, check }) {
  const { made, page } = await open({
    browser, platform, installation, check, protocol: "openid4vp-v1-unsigned", language: "en", name: "phished",
  });
  const { digital } = await platform.asked(page);
  const answer = platform.answer({ digital }, "https://evil.example");
  assert(answer.data.response, platform.said);
  await page.evaluate(`platformAnswer(${JSON.stringify(answer)})`);
  await page.until("document.getElementById('asked').innerText.includes('not accepted')");
  await check(page, "digital-credentials-phished-2-said", "en", "ltr", 1);
  const failed = spawnShow(installation, made.request_id);
  assert(failed.includes("not good"), failed);

  // A signed request that is sent on by another page is refused by the wallet itself.
  const signed = ask(installation, "openid4vp-v1-signed").digital_credentials;
  const refusal = platform.answer({ digital: signed.digital }, "https://evil.example");
  assert.deepEqual(refusal, { protocol: "openid4vp-v1-signed", data: { error: "invalid_request" } });
  assert(platform.said.includes("another origin"), platform.said);
}

function spawnShow(installation, id) {
  try {
    return installation.run("request", "show", id);
  } catch (error) {
    return error.stdout.toString();
  }
}

/** A browser that has no such interface, or has scripts turned off, shows the code alone. */
async function withoutTheInterface({ browser, installation, check }) {
  const made = ask(installation);
  for (const scripts of [true, false]) {
    const page = await browser.page({ ...PHONE, language: "en" });
    await page.send("Page.addScriptToEvaluateOnNewDocument", { source: "delete globalThis.DigitalCredential" });
    await page.send("Emulation.setScriptExecutionDisabled", { value: !scripts });
    const address = scripts ? made.page : ask(installation).page;
    await page.go(address);
    await page.send("Emulation.setScriptExecutionDisabled", { value: false });
    const seen = await page.evaluate(`({
      button: document.getElementById("ask").checkVisibility(),
      code: document.querySelector("svg[role=img]").checkVisibility(),
    })`);
    assert.deepEqual(seen, { button: false, code: true });
    if (scripts) await check(page, "digital-credentials-without-1-code", "en", "ltr", 1);
  }
}

/** Nobody else was asked for anything, and nobody complained. */
function quiet(page, installation, name) {
  const foreign = page.requests.filter((url) => !url.startsWith("data:") && new URL(url).origin !== installation.verifier);
  assert.deepEqual(foreign, [], `${name} asked elsewhere`);
  assert.deepEqual(page.complaints, [], name);
}
