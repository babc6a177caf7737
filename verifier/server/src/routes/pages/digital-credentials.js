// Asks the browser for the credentials that the request wants, and brings the answer to the verifier. Where the browser cannot, the page
// stays as it is: a link or a code for the wallet.

const section = document.getElementById("digital-credentials");
const button = document.getElementById("ask");
const said = document.getElementById("asked");
// How long what was said stays to be read, in milliseconds.
const READING = 20_000;
let busy = false;
let spoken = 0;

/** The requests whose protocols the browser lets through; none where it has no such interface. */
function permitted(options) {
  if (typeof DigitalCredential === "undefined" || !navigator.credentials?.get) return [];
  const allows = DigitalCredential.userAgentAllowsProtocol;
  if (typeof allows !== "function") return options.digital.requests;
  return options.digital.requests.filter(({ protocol }) => allows.call(DigitalCredential, protocol));
}

async function ask(requests) {
  if (busy) return;
  busy = true;
  button.setAttribute("aria-disabled", "true");
  say("waiting");
  try {
    const credential = await navigator.credentials.get({ mediation: "required", digital: { requests } });
    await bring({ protocol: credential.protocol, data: credential.data });
  } catch (error) {
    // The person closed the window of the browser, or no wallet had anything to show.
    say(error instanceof TypeError ? "network" : "nothing");
  } finally {
    busy = false;
    button.removeAttribute("aria-disabled");
  }
}

async function bring(answer) {
  const response = await fetch(section.dataset.answers, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(answer),
    credentials: "same-origin",
    redirect: "error",
  });
  if (response.ok) {
    const { redirect_uri: next } = await response.json();
    if (next) location.assign(next);
    else location.reload();
  } else {
    say("refused");
  }
}

function say(what) {
  said.textContent = said.dataset[what];
  spoken = Date.now();
}

/** A wallet may answer in the other way, too. */
function watch(seconds) {
  setTimeout(() => {
    if (busy || Date.now() - spoken < READING) watch(seconds);
    else location.reload();
  }, seconds * 1000);
}

if (section) {
  const requests = permitted(JSON.parse(section.dataset.options));
  if (requests.length > 0) {
    section.hidden = false;
    button.addEventListener("click", () => ask(requests));
  }
  if (section.dataset.refresh) watch(Number(section.dataset.refresh));
}
