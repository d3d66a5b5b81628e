/* Keeps the page of one's own visits for a day without network: what was fetched last is shown while nothing answers.
   Its scope is /visits; nothing else of the console is kept. Signing out empties it. */
const KEPT = "fettle-visits";
const ANSWERS = ["/api/v1/own/visits", "/api/v1/me", "/api/v1/profiles"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fresh(request, "/visits"));
  else if (pathname.startsWith("/assets/") || pathname.endsWith(".svg")) event.respondWith(kept(request));
  else if (ANSWERS.includes(pathname)) event.respondWith(fresh(request, request.url));
});

async function fresh(request, name) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(name, answer.clone());
    else if (answer.status === 401) await caches.delete(KEPT);
    return answer;
  } catch (error) {
    const last = await cache.match(name, { ignoreVary: true });
    if (last) return last;
    throw error;
  }
}

async function kept(request) {
  const cache = await caches.open(KEPT);
  const last = await cache.match(request, { ignoreVary: true });
  if (last) return last;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
