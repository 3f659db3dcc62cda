// Lets the page be visited again without a network: a service worker keeps all that it loaded.

/** The files of this site among the resources that a page or a worker has loaded. */
export const loadedHere = (): string[] =>
  performance.getEntriesByType("resource").flatMap(({ name }) => (name.startsWith("http") ? [name] : []));

/**
 * Hands the files of the page and of its worker to the service worker.
 * @returns whether they are kept; false where there is none, as without HTTPS
 */
export async function keepOffline(ofWorker: readonly string[]): Promise<boolean> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return false;
  const folder = new URL(".", location.href);
  await serviceWorker.register(new URL("service-worker.js", folder), { scope: folder.pathname });
  const { active } = await serviceWorker.ready;
  const page = location.origin + location.pathname;
  const keep = [...new Set([page, ...loadedHere(), ...ofWorker])].filter((url) => url.startsWith(folder.href));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }) => resolve(data === "kept"));
    port1.start();
    active?.postMessage({ keep }, [port2]);
  });
}
