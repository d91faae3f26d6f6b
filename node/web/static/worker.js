// Keeps one page on this phone: the wall as anybody sees it, with the style, script and font that it needs. Nothing else is
// ever put into the cache; what is asked for with somebody's cookie goes to the server and comes back past us.
const CACHE = `comarca-${VERSION}`, COPY = "/offline", OLD = 3e5, ANY = { ignoreVary: true };

async function renew(always) {
  const cache = await caches.open(CACHE), kept = await cache.match(COPY, ANY);
  const at = kept && Date.parse(kept.headers.get("date") || "");
  if (!always && at && Date.now() - at < OLD) return;
  const page = await fetch(COPY, { credentials: "omit", cache: "no-store", redirect: "error" });
  if (page.ok) await cache.put(COPY, page);
  for (const piece of PIECES) {
    if (!(await cache.match(piece, ANY))) await cache.add(new Request(piece, { credentials: "omit" }));
  }
}

addEventListener("install", event => {
  skipWaiting();
  event.waitUntil(renew(true));
});

addEventListener("activate", event => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener("fetch", event => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (PIECES.includes(pathname)) event.respondWith(piece(request));
});

async function page(event) {
  try {
    const answer = await fetch(event.request);
    event.waitUntil(renew(false).catch(() => 0));
    return answer;
  } catch (cut) {
    const kept = await caches.match(COPY, ANY);
    if (!kept) throw cut;
    return kept;
  }
}

async function piece(request) {
  return (await caches.match(request, ANY)) || fetch(request);
}
