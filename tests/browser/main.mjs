// Sign-in and consent as a resident meets them: at two widths, in languages of both directions, by keyboard alone.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { addRelyingParty, builderStories } from "./builder.mjs";
import { printCards } from "./cards.mjs";
import { checks } from "./checks.mjs";
import { Chromium } from "./chromium.mjs";
import { digitalCredentialsStories } from "./digital-credentials.mjs";
import { Installation } from "./installation.mjs";
import { askingStories } from "./offline-asking.mjs";
import { believedStories } from "./offline-believed.mjs";
import { onboardingStories } from "./offline-onboarding.mjs";
import { packStories } from "./offline-packs.mjs";
import { trustStories } from "./offline-trust.mjs";
import { windowStories } from "./offline-windows.mjs";
import { offerOfflinePage, offlineStories } from "./offline.mjs";
import { scanStories } from "./scan.mjs";

const [binary, work, pictures, offlinePage] = process.argv.slice(2);
const OFFLINE = {
  "offline-page": offlineStories,
  "offline-packs": packStories,
  "offline-trust": trustStories,
  "offline-windows": windowStories,
  "offline-asking": askingStories,
  "offline-onboarding": onboardingStories,
  "offline-believed": believedStories,
};
const GROUPS = { residents: residentsStories, verifier: verifierStories, offline: () => offlinePageStories(Object.keys(OFFLINE)) };
const wanted = process.env.STORIES?.split(",") ?? Object.keys(GROUPS);
const SIZES = { phone: { width: 320, height: 640 }, desk: { width: 1280, height: 800 } };
const FORM = { en: { direction: "ltr", agree: "I agree" }, ar: { direction: "rtl", agree: "أوافق" } };

assert(
  wanted.every((group) => Object.hasOwn(GROUPS, group) || Object.hasOwn(OFFLINE, group)),
  `STORIES are ${[...Object.keys(GROUPS), ...Object.keys(OFFLINE)]}`,
);
mkdirSync(pictures, { recursive: true });
const check = checks(pictures);
let passed = 0;
let installation;
let browser;
let cards;

try {
  installation = await Installation.start(binary, join(work, "installation"));
  browser = new Chromium(join(work, "profile"));
  for (const group of wanted) await (GROUPS[group]?.() ?? offlinePageStories([group]));
  console.log(`${passed} passed, 0 failed`);
} finally {
  await browser?.close();
  await installation?.stop();
}

async function residentsStories() {
  for (const [size, metrics] of Object.entries(SIZES)) {
    for (const language of Object.keys(FORM)) {
      await story(`${language}-${size}`, { ...metrics, language }, FORM[language]);
    }
  }
  await everyLanguageFits();
  await darkPagesCanBeRead();
  await theSwitchIsReachedByKeyboard();
  await thePagesAroundIt();
}

/** The cards are printed once, for whoever films them first. */
async function printed() {
  return (cards ??= await printCards({ binary, work, installation, studio: browser }));
}

async function verifierStories() {
  addRelyingParty(installation, join(work, "installation"));
  passed += await scanStories({ binary, work, installation, check, cards: await printed(), studio: browser });
  passed += await builderStories({ binary, work, installation, browser, check });
  passed += await digitalCredentialsStories({ binary, work, installation, check });
}

async function offlinePageStories(parts) {
  const world = { binary, work, installation, check, cards: await printed(), studio: browser };
  offerOfflinePage(join(work, "installation"), offlinePage);
  for (const part of parts) passed += await OFFLINE[part](world);
}

/** From the wallet to the wallet. */
async function story(name, settings, expected) {
  const page = await browser.page(settings);
  const at = (step) => check(page, `${name}-${step}`, settings.language, expected.direction);
  await page.go(await installation.authorization());
  await at("1-number");

  await page.type("12");
  await page.loading(() => page.press("Enter"));
  await at("2-number-refused");
  await refused(page, "number");

  const person = installation.people[passed % installation.people.length];
  await page.type(person.UIN);
  await page.loading(() => page.press("Enter"));
  await at("3-code");
  assert(!(await page.evaluate("document.body.innerText")).includes(person.phone), "the telephone is masked");

  await page.type("000000");
  await page.loading(() => page.press("Enter"));
  await at("4-code-refused");
  await refused(page, "code");

  // A try that failed costs a second.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await page.type(await installation.code(await requestOf(page)));
  await page.loading(() => page.press("Enter"));
  await at("5-consent");
  await choicesWeighTheSame(page);
  await page.tabTo("summary");
  await page.press("Enter");
  await at("6-consent-open");
  await page.tabTo("form[action$='/consent/approve'] button");
  assert.equal(await page.evaluate("document.activeElement.innerText"), expected.agree);
  await page.loading(() => page.press("Enter"));
  const back = new URL(await page.evaluate("location.href"));
  assert.equal(back.origin + back.pathname, installation.back);
  assert(back.searchParams.get("code"), "the wallet has a code");
  assert.equal(back.searchParams.get("iss"), installation.issuer);
  quiet(page, name);
  passed += 1;
}

/** The request's name, as the page of the code shows it. */
async function requestOf(page) {
  const text = await page.evaluate("document.querySelector('main').innerText");
  const found = text.match(/[BCDFGHJKMNPQRTVWXY346789]{3}(?=[^0-9A-Za-z])/g);
  assert(found, "the page names the request");
  return found.at(-1);
}

/** A form that was refused says so where the focus is. */
async function refused(page, id) {
  const seen = await page.evaluate(`({
    focus: document.activeElement.id,
    invalid: document.activeElement.getAttribute("aria-invalid"),
    said: document.getElementById("problem")?.innerText ?? "",
    described: document.activeElement.getAttribute("aria-describedby"),
    live: document.getElementById("problem")?.closest("[aria-live]")?.getAttribute("aria-live"),
  })`);
  assert.equal(seen.focus, id);
  assert.equal(seen.invalid, "true");
  assert(seen.said.length > 5 && seen.described.split(" ").includes("problem"));
  assert.equal(seen.live, "assertive");
}

/** Yes and no are drawn alike: the page does not push. */
async function choicesWeighTheSame(page) {
  const drawn = await page.evaluate(`[...document.querySelectorAll(".choice button")].map((button) => {
    const style = getComputedStyle(button);
    const box = button.getBoundingClientRect();
    return [style.color, style.backgroundColor, style.borderColor, style.fontWeight, Math.round(box.width), Math.round(box.height)].join();
  })`);
  assert.equal(drawn.length, 2);
  assert.equal(drawn[0], drawn[1]);
  assert(!(await page.evaluate("document.activeElement?.closest('.choice') !== null")), "nothing is chosen for the resident");
}

/** Nobody else was asked for anything, and nobody complained. */
function quiet(page, name) {
  const allowed = [installation.issuer, new URL(installation.back).origin];
  const foreign = page.requests.filter((url) => !url.startsWith("data:") && !allowed.includes(new URL(url).origin));
  assert.deepEqual(foreign, [], `${name} asked elsewhere`);
  // An answer that refuses a form is an error to the network's log alone.
  const complaints = page.complaints.filter((text) => !/^network: .*status of (400|403|429|503)/.test(text));
  assert.deepEqual(complaints, [], name);
}

async function everyLanguageFits() {
  for (const [language, direction] of [["fr", "ltr"], ["hi", "ltr"]]) {
    const page = await browser.page({ ...SIZES.phone, language });
    await page.go(await installation.authorization({ ui_locales: language }));
    await check(page, `${language}-phone-1-number`, language, direction);
    await page.type(installation.people[8].UIN);
    await page.loading(() => page.press("Enter"));
    await check(page, `${language}-phone-3-code`, language, direction);
    quiet(page, language);
  }
  passed += 1;
}

async function darkPagesCanBeRead() {
  const page = await browser.page({ ...SIZES.phone, language: "en", dark: true });
  await page.go(await installation.authorization());
  await check(page, "dark-phone-1-number", "en", "ltr");
  // The ratio of WCAG 2.2 §1.4.3, of text on its ground.
  const ratio = await page.evaluate(`(() => {
    const light = (colour) => {
      const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const of = (element, ground) => {
      const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(ground).backgroundColor)].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05);
    };
    const main = document.querySelector("main");
    const button = document.querySelector("button");
    return Math.min(of(main, main), of(document.querySelector(".hint"), main), of(button, button), of(main.querySelector("a"), main));
  })()`);
  assert(ratio >= 4.5, `text has a contrast of ${ratio}`);
  quiet(page, "dark");
  passed += 1;
}

async function theSwitchIsReachedByKeyboard() {
  const page = await browser.page({ ...SIZES.phone, language: "en" });
  await page.go(await installation.authorization());
  await page.tabTo("nav a[lang='ar']");
  await page.loading(() => page.press("Enter"));
  await check(page, "switched-phone-1-number", "ar", "rtl");
  quiet(page, "switch");
  passed += 1;
}

/** The pages that not every resident meets. */
async function thePagesAroundIt() {
  const page = await browser.page({ ...SIZES.phone, language: "en" });
  await page.go(await installation.authorization());
  await page.tabTo("a[href$='/sign-in/cancel']");
  await page.loading(() => page.press("Enter"));
  await check(page, "en-phone-7-cancel", "en", "ltr");
  await page.tabTo("form[action$='/consent/refuse'] button");
  await page.loading(() => page.press("Enter"));
  assert((await page.evaluate("location.href")).includes("error=access_denied"));
  await page.go(`${installation.issuer}/consent`);
  await check(page, "en-phone-8-problem", "en", "ltr");
  await page.press("Tab");
  assert(await page.evaluate("document.activeElement.matches('.skip')"), "the first stop leads to the content");
  await page.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "content");
  await page.go(`${installation.issuer}/operator/codes`);
  await check(page, "en-phone-9-operator", "en", "ltr");
  await page.type(installation.token);
  await page.loading(() => page.press("Enter"));
  await check(page, "en-phone-9-operator-codes", "en", "ltr");

  // Codes asked for again and again in one resident's name.
  const victim = installation.people.at(-1).UIN;
  for (let round = 0; round < 4; round++) {
    const stranger = await browser.page({ ...SIZES.phone, language: "en" });
    await stranger.go(await installation.authorization());
    await stranger.type(victim);
    await stranger.loading(() => stranger.press("Enter"));
    if (round === 3) await check(stranger, "en-phone-3-code-for-all", "en", "ltr");
  }
  quiet(page, "around");
  passed += 1;
}
