// Keeps the page on this device. The first line of what is served says which files, and the name of this version of them.

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll());
});

async function keepAll() {
  const cache = await caches.open(VERSION);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
}

// A version that waits takes over where a person says so in one of the pages, and otherwise once no page of the old one is open.
self.addEventListener("message", ({ data }) => {
  if (data === "take-over") self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

async function takeOver() {
  for (const name of await caches.keys()) {
    if (name.startsWith(FAMILY) && name !== VERSION) await caches.delete(name);
  }
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === "/offline/" || url.pathname === "/offline") {
    event.respondWith(Response.redirect(inOwnLanguage(), 302));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(fromHere(event.request));
  }
});

async function fromHere(request) {
  const cache = await caches.open(VERSION);
  const found = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
  return found ?? fetch(request);
}

function inOwnLanguage() {
  const own = navigator.languages.map((tag) => `/offline/${tag.split("-")[0].toLowerCase()}`);
  return own.find((page) => FILES.includes(page)) ?? "/offline/en";
}
