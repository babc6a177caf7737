// Chromium over its debugging pipe (--remote-debugging-pipe): JSON messages that end with a zero byte, on descriptors 3 and 4.
import { spawn } from "node:child_process";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--hide-scrollbars",
  "--force-color-profile=srgb",
  "--remote-debugging-pipe",
];

const ANSWER_LIMIT = 30_000;

export class Chromium {
  #process;
  #next = 1;
  #waiting = new Map();
  #listeners = [];
  #unread = [];

  constructor(profile, flags = []) {
    this.#process = spawn("/usr/bin/chromium", [...FLAGS, ...flags, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    this.#process.stdio[4].on("data", (bytes) => this.#read(bytes));
    this.#process.on("exit", () => this.#fail(new Error("Chromium has ended")));
    this.#process.stdio[3].on("error", () => {});
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #read(bytes) {
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      this.#unread.push(bytes.subarray(start, end));
      const message = JSON.parse(Buffer.concat(this.#unread).toString("utf8"));
      this.#unread = [];
      start = end + 1;
      this.#take(message);
    }
    this.#unread.push(bytes.subarray(start));
  }

  #take(message) {
    const waiting = this.#waiting.get(message.id);
    if (waiting) {
      this.#waiting.delete(message.id);
      clearTimeout(waiting.timer);
      if (message.error) waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
      else waiting.resolve(message.result);
    } else {
      for (const listener of this.#listeners) listener(message);
    }
  }

  listen(listener) {
    this.#listeners.push(listener);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${method} was not answered`));
      }, ANSWER_LIMIT);
      this.#waiting.set(id, { resolve, reject, method, timer });
    });
  }

  /** A page with cookies of its own, or another window beside one. */
  async page(settings, beside) {
    const { browserContextId } = beside ? { browserContextId: beside.context } : await this.send("Target.createBrowserContext");
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, browserContextId);
    await page.prepare(settings);
    return page;
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.on("exit", resolve));
    this.send("Browser.close").catch(() => {});
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
  }
}

const KEYS = {
  Tab: { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 },
  Enter: { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" },
  " ": { key: " ", code: "Space", windowsVirtualKeyCode: 32, text: " " },
};

export class Page {
  /** What the console, the network and the security policy complained about. */
  complaints = [];
  /** Every address that was asked for. */
  requests = [];
  #browser;
  #session;
  #loads = 0;
  #bound;
  #worker;

  constructor(browser, session, context) {
    this.context = context;
    this.#browser = browser;
    this.#session = session;
    browser.listen((message) => message.sessionId === session && this.#hear(message));
  }

  #hear({ method, params }) {
    if (method === "Log.entryAdded" && ["error", "warning"].includes(params.entry.level)) {
      this.complaints.push(`${params.entry.source}: ${params.entry.text} ${params.entry.url ?? ""}`);
    } else if (method === "Runtime.exceptionThrown") {
      this.complaints.push(`exception: ${params.exceptionDetails.text}`);
    } else if (method === "Runtime.consoleAPICalled") {
      this.complaints.push(`console: ${JSON.stringify(params.args)}`);
    } else if (method === "Audits.issueAdded") {
      this.complaints.push(`issue: ${params.issue.code} ${JSON.stringify(params.issue.details)}`);
    } else if (method === "Network.requestWillBeSent") {
      this.requests.push(params.request.url);
    } else if (method === "Runtime.bindingCalled") {
      this.#bound?.(params.payload);
    } else if (method === "Page.loadEventFired") {
      this.#loads += 1;
    } else if (method === "Target.attachedToTarget" && params.targetInfo.type === "worker") {
      this.#worker = params.sessionId;
    }
  }

  /** What the page says to a binding goes to `listener`. */
  bound(listener) {
    this.#bound = listener;
  }

  send(method, params) {
    return this.#browser.send(method, params, this.#session);
  }

  async prepare({ width, height, language, dark }) {
    for (const domain of ["Page", "Runtime", "Log", "Network", "Audits", "Accessibility"]) {
      await this.send(`${domain}.enable`);
    }
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    await this.send("Network.setExtraHTTPHeaders", { headers: { "Accept-Language": language } });
    if (dark) {
      const features = [{ name: "prefers-color-scheme", value: "dark" }];
      await this.send("Emulation.setEmulatedMedia", { features });
    }
  }

  /** Does what makes the browser load a page, and waits until it has. */
  async loading(act) {
    const before = this.#loads;
    await act();
    for (let round = 0; round < 300; round++) {
      if (this.#loads > before) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`nothing was loaded; at ${await this.evaluate("location.href")}`);
  }

  go(url) {
    return this.loading(() => this.send("Page.navigate", { url }));
  }

  evaluate(expression) {
    return this.#evaluate(expression, this.#session);
  }

  /** The same in the worker that the page began last. */
  async inWorker(expression) {
    await this.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: true });
    for (let round = 0; !this.#worker && round < 100; round++) await new Promise((resolve) => setTimeout(resolve, 50));
    return this.#evaluate(expression, this.#worker);
  }

  async #evaluate(expression, session) {
    const words = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.#browser.send("Runtime.evaluate", words, session);
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  /** Waits until `expression` is true. */
  async until(expression, milliseconds = 30_000) {
    for (let round = 0; round < milliseconds / 100; round++) {
      if (await this.evaluate(expression)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never came true: ${expression}; the page says ${await this.evaluate("document.body.innerText")}`);
  }

  /** Chooses files, as somebody does in the browser's own window. */
  async chooseFile(selector, ...files) {
    const { root } = await this.send("DOM.getDocument");
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.send("DOM.setFileInputFiles", { nodeId, files });
  }

  async press(name) {
    const key = KEYS[name] ?? { key: name, text: name };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...key });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...key, text: undefined });
  }

  async type(text) {
    for (const character of text) await this.press(character);
  }

  /** Goes on by the tabulator until the focus is on what `selector` names, as somebody without a mouse does. */
  async tabTo(selector) {
    for (let steps = 0; steps < 40; steps++) {
      if (await this.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`)) {
        const outline = await this.evaluate("getComputedStyle(document.activeElement).outlineStyle");
        if (outline === "none") throw new Error(`the focus on ${selector} cannot be seen`);
        return;
      }
      await this.press("Tab");
    }
    throw new Error(`${selector} cannot be reached by keyboard`);
  }

  async screenshot() {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  /** Names and roles as a screen reader has them. */
  async accessible() {
    const { nodes } = await this.send("Accessibility.getFullAXTree");
    return nodes
      .filter((node) => !node.ignored)
      .map((node) => ({
        role: node.role?.value,
        name: node.name?.value ?? "",
        focusable: node.properties?.some(({ name, value }) => name === "focusable" && value.value) ?? false,
        level: node.properties?.find(({ name }) => name === "level")?.value.value,
      }));
  }
}
