// The cards that shops are shown, and films of them.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { filmCard } from "./films.mjs";

/**
 * A card in force, one that was revoked, and one of a forger who calls himself by the issuer's name: as pictures, as a document, and filmed.
 * The installation of the forger stays, in the folder `forger`.
 */
export async function printCards({ binary, work, installation, studio }) {
  const folder = join(work, "installation");
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
  const films = {};
  for (const [name, card] of Object.entries({ genuine, revoked, forged })) {
    films[name] = await filmCard(studio, card, join(work, `${name}.mjpeg`));
  }
  return { genuine, revoked, forged, document, films };
}
