{% autoescape off %}// Keeps the driver page: it starts and goes on without network. What it has to send is in its database.
const VERSION = {{ version }};
const PAGE = {{ page }};
const STATIC = {{ static }};
const FILES = {{ files }};
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const PATIENCE_MS = 4000; // a bad network is none: the page kept is as good

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((cache) => cache.addAll([PAGE, ...FILES]))
      .then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("fleetline-drive-") && name !== VERSION;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

async function kept(request) {
  const cache = await caches.open(VERSION);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.status === 200 && HASHED.test(new URL(request.url).pathname)) await cache.put(request, answer.clone());
  return answer;
}

/** The newest page, or the one that was kept; one with a code is never kept. */
async function page(request) {
  const cache = await caches.open(VERSION);
  const own = new URL(request.url).pathname === PAGE;
  try {
    // A request to navigate cannot be given an end, its address can.
    const answer = await (own ? fetch(PAGE, { signal: AbortSignal.timeout(PATIENCE_MS) }) : fetch(request));
    if (own && answer.status === 200) await cache.put(PAGE, answer.clone());
    if (!own || answer.status < 500) return answer;
    throw new Error(answer.statusText);
  } catch (error) {
    return (await cache.match(PAGE)) ?? Response.error();
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith(STATIC)) event.respondWith(kept(request));
});
{% endautoescape %}
