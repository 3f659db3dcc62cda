// Keeps the playground for visits without a network: the page and all that it has loaded, as it
// names them (playground/offline.ts). Other pages are not kept.

const name = "path-signature-playground";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("message", ({ data, ports }) => {
  keep(data.keep).then(
    () => ports[0]?.postMessage("kept"),
    (error) => ports[0]?.postMessage(String(error)),
  );
});

/** Adds what is not there yet, and drops what the page no longer needs. */
async function keep(urls) {
  const cache = await caches.open(name);
  for (const { url } of await cache.keys()) if (!urls.includes(url)) await cache.delete(url);
  // Pages change under the same name; files in assets/ do not.
  await Promise.all(
    urls.map(async (url) => {
      if (!isAsset(url) || !(await cache.match(url))) await cache.add(url);
    }),
  );
}

const isAsset = (url) => new URL(url).pathname.startsWith(new URL("assets/", registration.scope).pathname);

async function answer(request) {
  const cache = await caches.open(name);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept && isAsset(request.url)) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(request));
});
