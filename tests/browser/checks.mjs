// What every page keeps to, whoever serves it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The check of a page, which leaves a picture of it in a folder. */
export function checks(pictures) {
  return async function check(page, name, language, direction, scripts = 0) {
    writeFileSync(join(pictures, `${name}.png`), await page.screenshot());
    const seen = await page.evaluate(`({
      language: document.documentElement.lang,
      direction: getComputedStyle(document.body).direction,
      headings: document.querySelectorAll("h1").length,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      outside: [...document.querySelectorAll("main *")].filter((element) => {
        const box = element.getBoundingClientRect();
        return box.width > 0 && (box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5);
      }).map((element) => element.outerHTML.slice(0, 80)),
      title: document.title,
      scripts: document.scripts.length,
      small: [...document.querySelectorAll("button, .button, input:not([type=hidden])")]
        .map((element) => (element.type === "checkbox" ? element.closest("label") : element))
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 40).length,
    })`);
    assert.equal(seen.language, language, name);
    assert.equal(seen.direction, direction, name);
    assert.equal(seen.headings, 1, `${name} has one heading`);
    assert.equal(seen.wide, 0, `${name} scrolls sideways`);
    assert.deepEqual(seen.outside, [], `${name} has something outside`);
    assert.equal(seen.scripts, scripts, `${name} has another number of scripts`);
    assert.equal(seen.small, 0, `${name} has something too small to touch`);
    assert(seen.title.length > 3, `${name} has a title`);
    const nodes = await page.accessible();
    for (const landmark of ["banner", "main"]) {
      assert.equal(nodes.filter((node) => node.role === landmark).length, 1, `${name} has one ${landmark}`);
    }
    const nameless = nodes.filter(
      (node) => node.focusable && !["RootWebArea", "main"].includes(node.role) && node.name.trim() === "",
    );
    assert.deepEqual(nameless, [], `${name} has controls without a name`);
  }
}
