// The counter without a network. Everything is judged on this device; the network, where there is one, brings a newer pack and nothing else.
import { Asking, askedBefore } from "./asking.js";
import { alike, beginAnew, hearOthers, keepFirst, kept } from "./keep.js";
import { Onboarding, scopeOf } from "./onboarding.js";
import { Packs, answerOf } from "./packs.js";
import { Scanner } from "./scanner.js";
import { at, say, show, switchSound } from "./telling.js";
import { Refused, Verifier } from "./verifier.js";
import { keepVersions } from "./versions.js";

const verifier = new Verifier(reload);

async function begin() {
  switchSound();
  keepVersions();
  const root = (await kept("root")) ?? (await firstRoot());
  let opened;
  try {
    opened = await verifier.open(root, askedBefore());
  } catch (error) {
    return say("alert", error instanceof Refused ? "root-unreadable" : "offline-broken");
  }
  const asking = new Asking(verifier);
  const packs = new Packs(verifier, () => asking.renew().catch(() => {}));
  hearOthers({ anew: reload, pack: () => packs.resume().catch(() => {}) });
  const onboarding = new Onboarding(verifier, async () => {
    await showAddress();
    packs.refresh();
  });
  const aside = async (brought) => {
    if (brought === "pack") return packs.takeBrought();
    onboarding.offer(brought.onboarding, await kept("address"));
  };
  const scanner = new Scanner(verifier, { aside, settled: ({ answered }) => answered && asking.close() });
  at("start").addEventListener("click", () => scanner.start());
  at("again").addEventListener("click", () => scanner.start());
  at("other").addEventListener("click", () => scanner.start({ sameCard: true }));
  at("stop").addEventListener("click", () => scanner.stop());
  at("picture").addEventListener("change", () => scanner.upload([...at("picture").files]));
  document.addEventListener("visibilitychange", () => document.hidden && scanner.rest());
  if (root) await believing({ packs, asking, opened });
  else say("root-alert", "root-none");
  show({ camera: true, upload: true, root: true, "root-known": Boolean(root) });
  document.body.dataset.ready = "yes";
  if (!root) return;
  compareRoot(root);
  packs.refresh();
}

/** What there is beside the camera where somebody is believed. */
async function believing({ packs, asking, opened }) {
  at("fingerprint").textContent = opened.fingerprint;
  at("spoken").textContent = opened.spoken;
  at("refresh").addEventListener("click", () => packs.refresh({ aloud: true }));
  at("pack-file").addEventListener("change", async () => {
    await packs.fromFile(at("pack-file").files[0]);
    at("pack-file").value = "";
  });
  at("forget").addEventListener("click", forgetEverything);
  addEventListener("online", () => packs.refresh());
  await asking.begin(opened.asks, opened.posed);
  await showAddress();
  await packs.show();
  show({ pack: true });
}

/** The root of trust is taken once, from the server that this page came from where that hands one out, and kept. */
async function firstRoot() {
  const root = (await answerOf("/offline/root.json"))?.bytes;
  // A person may have named another one in another window meanwhile.
  return root && keepFirst("root", root);
}

/** A server that hands out another root later changes nothing here, and is told; not where an onboarding code named the root. */
async function compareRoot(root) {
  const address = await kept("address");
  if (address && !address.alone) return;
  const now = (await answerOf("/offline/root.json"))?.bytes;
  if (now && !alike(now, root)) say("root-alert", "root-other");
}

async function showAddress() {
  const address = await kept("address");
  show({ "root-address": Boolean(address), "root-scope": Boolean(address) });
  at("address").textContent = address?.index ?? "";
  at("scope").textContent = address ? scopeOf(address) : "";
}

async function forgetEverything() {
  await beginAnew();
  reload();
}

/** Begins with what is kept now, which is another root of trust or none: what this window asked under the one before is not asked again. */
function reload() {
  sessionStorage.clear();
  location.reload();
}

begin().catch(() => say("alert", "offline-broken"));
