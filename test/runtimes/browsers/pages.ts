// Pages for browsers without a bundler, straight from the files of the installed package.

import type { Consumer } from "../../packaging/consumer.ts";

/** URL of the package's files. */
const dist = "./node_modules/path-signature/dist";

/**
 * A page that runs one module script and reports its result or any error. It has no inline script,
 * since some policies forbid them.
 */
export function writePage(project: Consumer, name: string, script: string): string {
  project.write(
    "report.js",
    `const visit = location.search.slice(1);
const post = (words) => fetch("/report/" + visit, { method: "POST", body: JSON.stringify(words) });
globalThis.report = (report) => post({ report });
globalThis.fail = (error) => post({ error: String(error?.stack ?? error?.message ?? error) + " " + String(error) });
addEventListener("error", (event) => {
  const { message, error, target } = event;
  fail(error ?? message ?? "could not load " + (target.src ?? target));
}, true);
addEventListener("unhandledrejection", ({ reason }) => fail(reason));
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  fail("CSP " + violatedDirective + " " + blockedURI);
});
`,
  );
  const scripts = `<script src="report.js"></script><script type="module" src="${script}"></script>`;
  project.write(name, `<!doctype html><meta charset="utf-8"><title>${name}</title>${scripts}\n`);
  return name;
}

/** Further findings of a page: whether the environment is the one that the row names. */
const place = `{ isolated: globalThis.crossOriginIsolated, shared: typeof SharedArrayBuffer }`;

/** Writes the pages that need no bundler. */
export function writePages(project: Consumer): void {
  project.write(
    "page.mjs",
    `import * as library from "${dist}/index.js";
import * as algebra from "${dist}/algebra.js";
import * as kernels from "${dist}/kernels.js";
import { conformance } from "./conformance.mjs";
conformance(library, { algebra, kernels, workers: true }).then((found) => report({ report: found, place: ${place} }), fail);
`,
  );
  writePage(project, "page.html", "page.mjs");

  project.write(
    "worker.mjs",
    `import * as library from "${dist}/index.js";
import * as algebra from "${dist}/algebra.js";
import * as kernels from "${dist}/kernels.js";
import { conformance } from "./conformance.mjs";
postMessage({ report: await conformance(library, { algebra, kernels }), place: ${place} });
`,
  );
  project.write(
    "in-worker.mjs",
    `const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => report(data);
worker.onerror = (event) => fail(event.message ?? "the worker did not start");
`,
  );
  writePage(project, "in-worker.html", "in-worker.mjs");

  // The binary by URL, compiled while it downloads.
  project.write(
    "slim.mjs",
    `import * as library from "${dist}/slim.js";
import * as algebra from "${dist}/algebra-slim.js";
import * as kernels from "${dist}/kernels-slim.js";
import { conformance } from "./conformance.mjs";
const source = (variant) => new URL("${dist}/wasm/" + variant + ".wasm", import.meta.url);
const initWith = (variant) => library.init({ variant, source: source(variant) });
async function main() {
  let refused;
  try {
    library.signature([[0], [1]], { depth: 1 });
  } catch (error) {
    refused = error.code;
  }
  // info() names the binary that suits this engine before one is loaded.
  await library.init(fetch(source(library.info().variant)));
  await algebra.init(fetch(source("algebra-" + algebra.info().variant)));
  await kernels.init(fetch(source("kernels-" + kernels.info().variant)));
  report({ report: await conformance(library, { algebra, kernels, initWith }), refused, place: ${place} });
}
main().catch(fail);
`,
  );
  writePage(project, "slim.html", "slim.mjs");
}
