// The page is kept by its service worker from the first load on. A newer version of it waits until no page of the old one is open, or somebody takes it.
import { at, note, show } from "./telling.js";

export async function keepVersions() {
  const keeper = navigator.serviceWorker;
  if (!keeper) return void (at("saved").textContent = at("offline-not-saved").textContent);
  try {
    // The first version of all takes over a page that came from the server, and is no other than that.
    let kept = Boolean(keeper.controller);
    keeper.addEventListener("controllerchange", () => {
      if (kept) location.reload();
      kept = true;
    });
    const registration = await keeper.register("/offline/sw.js", { scope: "/offline/" });
    at("newer-take").addEventListener("click", () => registration.waiting?.postMessage("take-over"));
    registration.addEventListener("updatefound", () => watch(registration));
    watch(registration);
    await keeper.ready;
    navigator.storage?.persist?.();
    at("saved").textContent = at("offline-saved").textContent;
    document.body.dataset.saved = "yes";
  } catch {
    at("saved").textContent = at("offline-not-saved").textContent;
  }
}

/** Says so where a newer version waits, or once it does. */
function watch(registration) {
  const tell = () => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    note("newer-said", "newer-waits");
    show({ newer: true });
  };
  registration.installing?.addEventListener("statechange", tell);
  tell();
}
