// An issuer of its own, and a wallet that residents come back to.
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

export const CLIENT = "browser-wallet";

export class Installation {
  #server;
  #verifier;
  #wallet;
  #token;

  /** Makes an installation in `folder` and serves it. */
  static async start(binary, folder) {
    const installation = new Installation();
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    installation.issuer = `http://127.0.0.1:${port}`;
    await installation.#openWallet();
    const run = (...words) => {
      const { error, status, stdout, stderr } = spawnSync(binary, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      if (error) throw error;
      process.stderr.write(stderr);
      if (status !== 0) throw Object.assign(new Error(`symbolon ${words.join(" ")}: ${stderr}`), { stdout });
      return stdout;
    };
    installation.#run = run;
    installation.verifier = `http://127.0.0.1:${await freePort()}`;
    run("init", "--dir", folder, "--issuer", installation.issuer, "--verifier", installation.verifier);
    appendFileSync(
      join(folder, "symbolon.toml"),
      `\n[[issuer.clients]]\nclient_id = "${CLIENT}"\nname = "Pocket of papers"\nredirect_uris = ["${installation.back}"]\nauthentication = "none"\n`,
    );
    run("records", "sample", "--count", "12", "--seed", "7", "--out", "people.ndjson");
    const people = readFileSync(join(folder, "people.ndjson"), "utf8").trim().split("\n").map((row) => JSON.parse(row));
    installation.people = people.filter((person) => person.declaredAsDeceased !== "Y");
    installation.#token = readFileSync(join(folder, "data", "administration-token"), "utf8").trim();
    await installation.restartIssuer(binary, folder);
    run("records", "import", "people.ndjson");
    return installation;
  }

  get token() {
    return this.#token;
  }

  async #openWallet() {
    // What a resident comes back to. Its own page asks for no picture of it.
    this.#wallet = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end('<!doctype html><title>Wallet</title><link rel="icon" href="data:,"><h1>Back in the wallet</h1>');
    });
    await new Promise((resolve) => this.#wallet.listen(0, "127.0.0.1", resolve));
    this.back = `http://127.0.0.1:${this.#wallet.address().port}/back`;
  }

  #run;

  /** A command of the command line, in the installation's folder. */
  run(...words) {
    return this.#run(...words).toString();
  }

  /** Serves the issuer, anew where it is served already: whom it believes it reads at its start. */
  async restartIssuer(binary, folder) {
    await ended(this.#server);
    this.#server = spawn(binary, ["issuer", "serve"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    await this.#untilItServes();
  }

  /** Serves the verifier too, under its configuration and what `environment` says beside it. */
  async serveVerifier(binary, folder, environment = {}) {
    const env = { ...process.env, ...environment };
    this.#verifier = spawn(binary, ["verifier", "serve"], { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
    await this.#untilItServes(`${this.verifier}/scan`);
  }

  /** Ends the verifier: whoever relies on its answers has none from then on. */
  async stopVerifier() {
    await ended(this.#verifier);
    this.#verifier = undefined;
  }

  async #untilItServes(page = `${this.issuer}/.well-known/openid-credential-issuer`) {
    for (let round = 0; round < 300; round++) {
      try {
        if ((await fetch(page)).ok) return;
      } catch {
        // Not yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`nobody serves ${page}`);
  }

  /** Where a wallet sends a resident's browser. */
  async authorization(more = {}) {
    const verifier = randomBytes(32).toString("base64url");
    const request = {
      response_type: "code",
      client_id: CLIENT,
      redirect_uri: this.back,
      state: "the-state",
      scope: "NationalIdentity MobileDrivingLicence",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...more,
    };
    const pushed = await fetch(`${this.issuer}/par`, { method: "POST", body: new URLSearchParams(request) });
    if (pushed.status !== 201) throw new Error(`the request was not taken: ${pushed.status} ${await pushed.text()}`);
    const query = new URLSearchParams({ client_id: CLIENT, request_uri: (await pushed.json()).request_uri });
    return `${this.issuer}/authorize?${query}`;
  }

  /** The newest code that the operator's page shows for a request. */
  async code(request) {
    for (let round = 0; round < 100; round++) {
      const answer = await fetch(`${this.issuer}/admin/v1/sign-in-codes`, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}` },
      });
      const message = (await answer.json()).find((message) => message.request === request);
      if (message) return message.code;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no code came for the request ${request}`);
  }

  async stop() {
    this.#wallet?.close();
    this.#wallet?.closeAllConnections();
    for (const server of [this.#server, this.#verifier]) await ended(server);
  }
}

/** Ends a server, where there is one. */
async function ended(server) {
  if (!server || server.exitCode !== null) return;
  const gone = new Promise((resolve) => server.on("exit", resolve));
  server.kill("SIGTERM");
  await gone;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
