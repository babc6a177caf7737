// Whom a page without a network believes while the registry changes its list: a code of the root of trust that is believed names an address and no more,
// the server's newer root of trust is told on, and what can be asked for follows the list of the pack.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ASK, offerAsk } from "./by_qr.mjs";
import { Chromium } from "./chromium.mjs";
import { again, first, kept, quiet, ready, says, sequenceOf, text, words } from "./offline-page.mjs";

// Nobody answers there.
const ADDRESS = "http://127.0.0.1:9/packs.json";
// Before the other in their order.
const STUDENT = "A student?";

/** Every story of it; how many passed. */
export async function believedStories({ binary, work, installation, check }) {
  const folder = join(work, "installation");
  offerAsk(folder);
  const build = () => installation.run("pack", "build", "--out", join(folder, "newest.pack"));
  const serve = async () => {
    await installation.restartIssuer(binary, folder);
    await installation.stopVerifier();
    await installation.serveVerifier(binary, folder);
  };
  build();
  await serve();
  const browser = new Chromium(join(work, "believed"));
  const story = { work, folder, installation, check, build, serve };
  try {
    const page = await first(story, browser, "en");
    await anAddressAlone(story, page);
    await whatIsAskedFollowsTheList(story, page);
    return 2;
  } finally {
    await browser.close();
  }
}

/** A code of the root of trust that is believed: where packs are to be had and what of them, old and new beside each other, taken with one press. */
async function anAddressAlone(story, page) {
  const before = await text(page, "fingerprint");
  const now = { address: await words(page, "join-none"), scope: await words(page, "join-none"), kept: undefined };
  const everything = await words(page, "join-everything");
  for (const [name, scope, more] of [["whole", everything, []], ["part", "north", ["--scope", "north"]]]) {
    const picture = join(story.work, `address-${name}.png`);
    story.installation.run("pack", "onboarding-qr", "--index", ADDRESS, ...more, "--out", picture);
    await shown(page, picture);
    await page.until("!document.getElementById('join').hidden");
    assert.deepEqual([await text(page, "join-index-now"), await text(page, "join-scope-now")], [now.address, now.scope]);
    assert.deepEqual([await text(page, "join-index"), await text(page, "join-scope")], [ADDRESS, scope]);
    for (const [part, hidden] of [["join-same", false], ["join-first", true], ["join-other", true], ["join-said-part", true]]) {
      assert.equal(await page.evaluate(`document.getElementById("${part}").hidden`), hidden, part);
    }
    await story.check(page, `offline-en-320-22-address-${name}`, "en", "ltr", 1);
    assert.deepEqual(await kept(page, "address"), now.kept, "nothing changes by itself");
    await page.tabTo("#join-yes");
    await page.press("Enter");
    await says(page, "alert", "join-address-kept");
    assert.deepEqual([await text(page, "address"), await text(page, "scope")], [ADDRESS, scope]);
    [now.address, now.scope, now.kept] = [ADDRESS, scope, await kept(page, "address")];
    // The same once more offers nothing.
    await shown(page, picture);
    assert.equal(await page.evaluate("document.getElementById('join').hidden"), true);
  }
  await again(page);
  assert.deepEqual([await text(page, "address"), await text(page, "scope")], [ADDRESS, "north"], "it is kept");
  assert.equal(await text(page, "fingerprint"), before);
}

async function shown(page, picture) {
  await page.evaluate("document.getElementById('alert').replaceChildren()");
  await page.tabTo("#picture");
  await page.chooseFile("#picture", picture);
  await says(page, "alert", "root-confirmed", 60_000);
}

/** The registry enters an issuer whom a policy names. The page is told of the other root of trust, as no code has named the one that it believes; it
    offers the policy once a pack brings the list, and what was chosen stays so. */
async function whatIsAskedFollowsTheList(story, page) {
  const { folder, installation } = story;
  enter(story);
  mkdirSync(join(folder, "policies"), { recursive: true });
  writeFileSync(join(folder, "policies", "student.toml"), POLICY);
  const configuration = join(folder, "symbolon.toml");
  const table = "[verifier.scan.ask]\n";
  writeFileSync(configuration, readFileSync(configuration, "utf8").replace(table, `${table}"${STUDENT}" = "student"\n`));
  await story.serve();
  await again(page);
  await says(page, "root-alert", "root-other");
  await says(page, "newer-said", "newer-waits");
  await page.tabTo("#newer-take");
  await page.loading(() => page.press("Enter"));
  await ready(page);
  const offered = () => page.evaluate("[...document.getElementById('ask').options].map(({ value }) => value)");
  assert.deepEqual(await offered(), [ASK], "the list of this page has no university");

  const before = await sequenceOf(page);
  story.build();
  await page.tabTo("#refresh");
  await page.press("Enter");
  await page.until(`Number(document.getElementById("pack-sequence").textContent) > ${before}`);
  await page.until("document.getElementById('ask').options.length === 2");
  assert.deepEqual(new Set(await offered()), new Set([ASK, STUDENT]));
  assert.equal(await page.evaluate("document.getElementById('ask').value"), ASK);
  await again(page);
  assert.equal((await offered()).length, 2, "by the list of the pack that is kept");
  await says(page, "root-alert", "root-other");
  page.requests = page.requests.filter((url) => url !== ADDRESS);
  page.complaints = page.complaints.filter((line) => !line.includes(ADDRESS));
  quiet(page, installation, "believed");
}

/** The registry signs a list with one more issuer. */
function enter({ folder, installation }) {
  installation.run("trust", "export", "--out", "list.json");
  const file = join(folder, "list.json");
  const list = JSON.parse(readFileSync(file, "utf8"));
  const [{ credential_types, anchors }] = list.issuers;
  list.issuers.push({ identifier: "https://university.example", name: "University", credential_types, anchors });
  writeFileSync(file, JSON.stringify(list));
  installation.run("trust", "sign", "list.json", "--out", "next.list");
  installation.run("trust", "import", "next.list");
}

const POLICY = `
[[credentials]]
id = "student"
format = "dc+sd-jwt"
types = ["https://university.example/types/student"]
issuers = ["University"]
binding = "key"

[[credentials.claims]]
path = ["faculty"]
`;
