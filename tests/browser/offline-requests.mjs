// What the stories of a page that asks have in common: the page shows a request, and the wallet of the command line answers it.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ASK } from "./by_qr.mjs";

/** How long a request is shown, in milliseconds. */
export const LIFETIME = 10 * 60 * 1_000;

export async function noSecret(page) {
  assert.equal(await page.evaluate("sessionStorage.getItem('symbolon-asked')"), null, "the secret is gone");
  assert((await page.evaluate("sessionStorage.getItem('symbolon-answered')")).length > 10, "what was answered is known");
}

export async function ask(page) {
  assert.equal(await page.evaluate("document.getElementById('ask').value"), ASK);
  await page.evaluate("document.getElementById('asked').dataset.before = 'yes'");
  await page.tabTo("#asks button");
  const before = await page.evaluate("sessionStorage.getItem('symbolon-asked')");
  await page.press("Enter");
  await page.until(`sessionStorage.getItem("symbolon-asked") !== ${JSON.stringify(before)}`);
  await page.until("!document.getElementById('asked').hidden && document.activeElement.id === 'asked'");
}

/** What a camera sees of the page in a while: three times as many codes as the request has, of which a third is lost. */
async function film(page) {
  const seen = await page.evaluate(`(async () => {
    const canvas = document.getElementById("asked-code");
    const seen = [];
    while (seen.length < 3 * Number(canvas.dataset.codes)) {
      const picture = canvas.toDataURL("image/png");
      if (picture !== seen.at(-1)) seen.push(picture);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    return seen;
  })()`);
  return seen.filter((_, at) => at % 3 !== 1).map((url) => Buffer.from(url.split(",")[1], "base64"));
}

/** The wallet of the command line films the request that the page shows until it has all of it, and shows its answer as frames in a folder. */
export async function present({ work, installation }, page, name) {
  const [request, answer] = [join(work, `${name}-request`), join(work, name)];
  mkdirSync(request);
  for (let filmed = 0; ; filmed++) {
    for (const [at, code] of (await film(page)).entries()) {
      writeFileSync(join(request, `${filmed}-${String(at).padStart(3, "0")}.png`), code);
    }
    try {
      const told = installation.run("wallet", "present", request, "--yes", "--animate", answer);
      assert(told.includes("The corner shop"), told);
      return answer;
    } catch (error) {
      // The codes mix fragments by chance, and what came may lack one of them: whoever holds a camera films on.
      if (filmed === 3 || !error.message.includes("fragments of the request")) throw error;
    }
  }
}
