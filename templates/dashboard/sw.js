{% autoescape off %}// Keeps the shell: files whose names carry their hash, and the page that says there is no network.
// Nothing that depends on who asks is ever kept: pages and data always come from the server.
const VERSION = {{ version }};
const OFFLINE = {{ offline }};
const STATIC = {{ static }};
const FILES = {{ files }};
const HASHED = /\.[0-9a-f]{12}\.\w+$/;

addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(VERSION)
      .then((cache) => cache.addAll([new Request(OFFLINE, { credentials: "omit" }), ...FILES]))
      // Files of another version never meet: their names differ. So nobody has to wait.
      .then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

async function kept(request) {
  const cache = await caches.open(VERSION);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(request, answer.clone());
  return answer;
}

async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  // A part of a file (a map archive is read in parts) cannot be kept.
  else if (pathname.startsWith(STATIC) && HASHED.test(pathname) && !request.headers.has("range"))
    event.respondWith(kept(request));
});
{% endautoescape %}
