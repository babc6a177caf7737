// The request builder: signing in by the link, a policy asked and a query composed, the wallet's answer seen as it comes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const PHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const DIRECTIONS = { en: "ltr", ar: "rtl" };

const SAYS = {
  waiting: { en: "Waiting for an answer", ar: "في انتظار الإجابة" },
  satisfied: { en: "The policy is satisfied.", ar: "السياسة مستوفاة." },
  valid: { en: "Valid, and what was asked for.", ar: "صالحة، وهي ما طُلب." },
  revoked: { en: "The policy is not satisfied.", ar: "السياسة غير مستوفاة." },
};

/** A bank with two policies; before the verifier is served, which reads them at its start. */
export function addRelyingParty(installation, folder) {
  mkdirSync(join(folder, "policies"), { recursive: true });
  const policy = `
purpose = "To open an account in your name"

[[credentials]]
id = "identity"
format = "dc+sd-jwt"
types = ["${installation.issuer}/types/national-identity"]
binding = "key"
keep_claims = [["full_name"], ["birthdate"]]
keep_photo = true

[[credentials.claims]]
path = ["full_name"]

[[credentials.claims]]
path = ["birthdate"]

[[credentials.claims]]
path = ["picture"]
`;
  writeFileSync(join(folder, "policies", "open-account.toml"), policy);
  // What the verifier knows of the status is a few minutes old, and here has to be of this moment.
  const fresh = policy.replace('binding = "key"', 'binding = "key"\nstatus_max_age_seconds = 5');
  writeFileSync(join(folder, "policies", "pay-out.toml"), fresh);
  const policies = ["--policy", "open-account", "--policy", "pay-out"];
  const party = ["--name", "First Bank", ...policies, "--own-queries", "--request-builder"];
  installation.run("relying-party", "add", "bank", ...party);
}

/** Every story of the page; how many passed. */
export async function builderStories({ binary, work, installation, browser, check }) {
  const folder = join(work, "installation");
  const link = installation.run("relying-party", "builder-link", "bank").trim();
  receive(installation);
  const present = (request) =>
    promisify(execFile)(binary, ["wallet", "present", request, "--yes"], { cwd: folder }).catch((error) => error);
  const around = { installation, browser, check, link, present };
  let passed = 0;
  await whoeverHasNoKeyIsRefused(around);
  passed += 1;
  for (const language of Object.keys(DIRECTIONS)) {
    for (const size of [PHONE, DESK]) {
      await aPolicyIsAsked({ ...around, language, size });
      await aQueryIsComposed({ ...around, language, size });
      passed += 2;
    }
  }
  await withoutAScript(around);
  await revokedWhileItIsOpen(around);
  return passed + 2;
}

function receive(installation) {
  const person = installation.people[3];
  const offer = JSON.parse(
    installation.run("offer", "create", "--record", person.UIN, "--credential", "NationalIdentity", "--tx-code", "--json"),
  );
  installation.run("wallet", "receive", offer.link, "--tx-code", offer.tx_code);
  installation.shown = person;
}

async function whoeverHasNoKeyIsRefused({ installation, browser, check }) {
  const page = await browser.page({ ...PHONE, language: "en" });
  await page.go(`${installation.verifier}/request-builder`);
  await check(page, "builder-en-320-1-enter", "en", "ltr", 1);
  await page.type("wrong");
  await page.loading(() => page.press("Enter"));
  await check(page, "builder-en-320-2-refused", "en", "ltr", 1);
  const seen = await page.evaluate("[document.activeElement.id, document.activeElement.getAttribute('aria-invalid')]");
  assert.deepEqual(seen, ["key", "true"]);
}

/** A page of somebody who came by the link. */
async function signedIn({ browser, link, language, size }) {
  const page = await browser.page({ ...size, language });
  await page.go(link);
  await page.until("document.getElementById('enter') === null && document.querySelector('h1') !== null");
  assert.equal(await page.evaluate("location.hash"), "", "the code does not stay in the address");
  return page;
}

async function aPolicyIsAsked({ language, size, check, present, installation, ...around }) {
  const page = await signedIn({ ...around, language, size });
  const at = (step) => check(page, `builder-${language}-${size.width}-${step}`, language, DIRECTIONS[language], 1);
  await at("3-policies");
  await page.tabTo("form[action$='/requests'] button");
  await page.loading(() => page.press("Enter"));
  await at("4-waiting");
  assert.equal(await state(page), SAYS.waiting[language]);
  const drawn = await page.evaluate("document.querySelector('svg.qr').getBoundingClientRect().width");
  assert(drawn > 200, `the code is ${drawn} pixels wide`);
  await Promise.all([present(await linkOf(page)), page.until(`document.getElementById("report") !== null`)]);
  // It came by itself, and whoever hears the page is told.
  assert.equal(await state(page), SAYS.satisfied[language]);
  assert.equal(await page.evaluate("document.getElementById('state').getAttribute('role')"), "status");
  await at("5-satisfied");
  const seen = await page.evaluate(`({
    qr: document.querySelector("svg.qr") !== null,
    face: document.querySelector(".face img")?.naturalWidth ?? 0,
    claims: document.querySelector(".claims").innerText,
    rules: document.querySelectorAll(".rules .passed").length,
    report: JSON.parse(document.getElementById("report").textContent),
  })`);
  assert(!seen.qr && seen.face > 30 && seen.rules >= 5, JSON.stringify({ ...seen, report: null }));
  assert(seen.claims.includes("19") || seen.claims.includes("20"), `the date of birth: ${seen.claims}`);
  assert.equal(seen.report.result.outcome.presented.decision.outcome, "satisfied");
  quiet(page, installation, `${language}-${size.width}`);
}

async function aQueryIsComposed({ language, size, check, present, installation, ...around }) {
  const page = await signedIn({ ...around, language, size });
  const at = (step) => check(page, `builder-${language}-${size.width}-${step}`, language, DIRECTIONS[language], 1);
  await page.tabTo("a.button[href$='/query']");
  await page.loading(() => page.press("Enter"));
  await at("6-composer");
  const kind = `dc+sd-jwt ${installation.issuer}/types/national-identity`;
  await page.evaluate(`document.getElementById("new").value = ${JSON.stringify(kind)}`);
  await page.tabTo("button[value='add']");
  await page.loading(() => page.press("Enter"));
  const labels = await page.evaluate("[...document.querySelectorAll('.choices label')].map((label) => label.innerText)");
  assert(labels.includes({ en: "Full name", ar: "الاسم الكامل" }[language]), labels.join());
  await page.evaluate(`document.querySelector('select[name=\\'ask:0:["full_name"]\\']').value = "optional"`);
  // With nothing that is needed: told by its place, where the focus of a screen reader is called.
  await page.evaluate("document.querySelector('input[name^=\"name:\"]').focus()");
  await page.loading(() => page.press("Enter"));
  await at("7-mistake");
  assert((await page.evaluate("document.querySelector('[role=alert]').innerText")).length > 10);
  await page.evaluate(`document.querySelector('select[name=\\'ask:0:["full_name"]\\']').value = "required"`);
  await page.evaluate("document.querySelector('input[name^=\"name:\"]').focus()");
  await page.loading(() => page.press("Enter"));
  const query = JSON.parse(await page.evaluate("document.getElementById('json').value"));
  assert.deepEqual(query.credentials[0].claims, [{ id: "claim0", path: ["full_name"] }]);
  await page.evaluate("document.querySelector('summary').click()");
  await at("8-query");
  await page.evaluate("document.querySelector('#query form button').focus()");
  await page.loading(() => page.press("Enter"));
  await Promise.all([present(await linkOf(page)), page.until(`document.getElementById("report") !== null`)]);
  assert.equal(await state(page), SAYS.valid[language]);
  await at("9-valid");
  quiet(page, installation, `query-${language}-${size.width}`);
}

/** The link to look again is all that is needed. */
async function withoutAScript({ browser, link, present, check }) {
  const page = await signedIn({ browser, link, language: "en", size: PHONE });
  await page.send("Emulation.setScriptExecutionDisabled", { value: true });
  await page.go(link.split("#")[0]);
  await page.evaluate("document.querySelector('form[action$=\"/requests\"] button').focus()");
  await page.loading(() => page.press("Enter"));
  await present(await linkOf(page));
  assert.equal(await state(page), SAYS.waiting.en);
  await page.evaluate("document.getElementById('refresh').focus()");
  await page.loading(() => page.press("Enter"));
  assert.equal(await state(page), SAYS.satisfied.en);
  await check(page, "builder-en-320-10-without-script", "en", "ltr", 1);
}

/** What is revoked is refused, and the page says which rule says so. */
async function revokedWhileItIsOpen({ browser, link, present, check, installation }) {
  installation.run("credential", "revoke", "--record", installation.shown.UIN);
  const pages = [];
  for (const language of ["en", "ar"]) {
    const page = await signedIn({ browser, link, language, size: PHONE });
    await page.evaluate("document.querySelector('input[value=\"pay-out\"]').form.querySelector('button').focus()");
    await page.loading(() => page.press("Enter"));
    pages.push([language, page]);
  }
  for (const [language, page] of pages) {
    await Promise.all([present(await linkOf(page)), page.until(`document.getElementById("report") !== null`)]);
    assert.equal(await state(page), SAYS.revoked[language]);
    const reasons = await page.evaluate("[...document.querySelectorAll('.rules .failed .reason')].map((it) => it.innerText)");
    assert(reasons.includes({ en: "It was revoked.", ar: "أُلغيت." }[language]), reasons.join());
    await check(page, `builder-${language}-320-11-revoked`, language, DIRECTIONS[language], 1);
  }
}

function state(page) {
  return page.evaluate("document.getElementById('state').textContent");
}

function linkOf(page) {
  return page.evaluate("document.getElementById('link').textContent");
}

/** Nobody but the verifier was asked, and nobody complained; an answer that refuses a form is an error to the network's log alone. */
function quiet(page, installation, name) {
  const own = new URL(installation.verifier).origin;
  const foreign = page.requests.filter((url) => !url.startsWith("data:") && new URL(url).origin !== own);
  assert.deepEqual(foreign, [], `${name} asked elsewhere`);
  assert.deepEqual(page.complaints, [], name);
}
