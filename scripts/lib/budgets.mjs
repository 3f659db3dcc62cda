// Size budgets of what is published, and what each part provides. Measured by size-limit
// (.size-limit.mjs).

import { families, prefixed } from "./families.mjs";
import { without, withoutLazy } from "./parts.mjs";

/** The minified and compressed bundle of a file and its imports; of some names only, if given. */
const bundled = (name, path, limit, buys, { names, plugin } = {}) => ({
  name,
  path,
  limit,
  gzip: true,
  ...(names === undefined ? {} : { import: names }),
  modifyEsbuildConfig: (config) => ({
    ...config,
    format: "esm",
    external: ["apache-arrow", "@duckdb/node-api", "fflate", "node:*"],
    plugins: [plugin],
  }),
  buys,
});

/** What an app downloads at once. */
const atOnce = (name, path, limit, buys, names) => bundled(name, path, limit, buys, { names, plugin: withoutLazy });

/** Files of dist/shared that an engine loads in addition to those already loaded. */
const lazily = (name, files, limit, buys, besides = []) =>
  bundled(
    name,
    files.map((file) => `dist/shared/${file}.js`),
    limit,
    buys,
    { plugin: without(["binaries", "core", "gradients", "loading", "log-signatures", "sizes", ...besides]) },
  );

/** What an entry adds to an app that has loaded `path-signature`. */
const besides = (name, path, limit, buys) => bundled(name, path, limit, buys, { plugin: without(["core", "sizes"]) });

/** What signature kernels add to such an app, besides their binary. */
const withoutBinary = (name, limit, buys, names) =>
  bundled(name, "dist/kernels-slim.js", limit, buys, { names, plugin: without(["core", "loading", "sizes"]) });

/** A single file, compressed. */
const served = (name, path, limit, buys) => ({
  name,
  path,
  limit,
  gzip: true,
  disablePlugins: ["@size-limit/esbuild"],
  buys,
});

/** All functions of an entry except the engine, which is loaded from files of its own. */
const withoutEngine =
  "{ init, info, signature, signatureVjp, signatureWithVjp, logSignature, logSignatureSize, logSignatureLabels, " +
  "signatureSize, words, isPathSignatureError }";

/**
 * What an additional function may add to an app that imports all others of its family without a
 * binary.
 */
export const functionBytes = 600;

/** `signature` also has its own code for a call of one block (ts/run/once.ts). */
export const onceBytes = 500;

/** `logSignature` has a result type of its own, which lists the words and brackets of its bases. */
export const logSignatureBytes = 1200;

/** `randomSignatureFeatures` reads paths and draws its numbers by itself. */
export const randomFeaturesBytes = 250;
/** Intervals are prepared and queried by tasks of their own, from a table that is laid out here. */
export const intervalsBytes = 1800;
/** Many streams that get their points together have states in lanes. */
export const streamsBytes = 150;
/** Snapshots of streams are read, with their augmentations. */
export const snapshotBytes = 200;

/** Description of each variant of a family's binary. */
const binaries = {
  relaxed: "with fused multiply-adds",
  simd: "the same bits everywhere",
  threads: "on one memory that threads share",
};

export const budgets = [
  atOnce(
    "path-signature",
    "dist/index.js",
    "237 kB",
    "a call that works right after import, on any engine: " +
      "`relaxed` and `simd` inside, nothing to serve, nothing to await",
    withoutEngine,
  ),
  atOnce(
    "path-signature/slim",
    "dist/slim.js",
    "44 kB",
    "the same functions and errors where the page fetches one binary itself, compiled while it arrives",
    withoutEngine,
  ),
  atOnce(
    "path-signature/slim, signature alone",
    "dist/slim.js",
    "39 kB",
    "what is left where gradients and engines are not imported",
    "{ init, signature }",
  ),
  lazily(
    "lazily: engine of slim",
    ["engine"],
    "46 kB",
    "all threads: loaded by the first `createEngine`; " +
      "the worker's script, for bundlers that leave its file behind, is inside",
    ["gpu"],
  ),
  lazily(
    "lazily: WebGPU",
    ["gpu"],
    "36 kB",
    "large batches, their gradients and log-signatures on a device: loaded when one is first opened",
    ["engine"],
  ),
  lazily("lazily: engine", ["engine", "threads"], "57 kB", "the same, and the binary for threads that share memory", [
    "gpu",
  ]),
  bundled("worker", "dist/path-signature-worker.js", "16 kB", "what each thread runs", { plugin: withoutLazy }),
  besides("path-signature/arrow", "dist/arrow.js", "7 kB", "Apache Arrow in and out; apache-arrow is the user's"),
  besides("path-signature/io", "dist/io.js", "6 kB", "files in Node; fflate and DuckDB are the user's"),
  bundled("path-signature/features", "dist/features.js", "6 kB", "the pipeline from recordings to features", {
    plugin: without(["index", "core", "gradients", "loading", "log-signatures", "binaries", "sizes"]),
  }),
  withoutBinary("path-signature/kernels", "10 kB", "all its functions, besides the binary"),
  withoutBinary(
    "path-signature/kernels, signatureKernelGram alone",
    "7 kB",
    "what is left where gradients, losses, truncated kernels and random features are not imported",
    "{ init, signatureKernelGram }",
  ),
  atOnce("signatureSize alone", "dist/index.js", "1.2 kB", "sizes without a kernel", "{ signatureSize }"),
  ...Object.entries(families).flatMap(([family, { budget, operations }]) =>
    Object.entries(binaries).map(([variant, how]) => {
      const file = `wasm/${prefixed(family, variant)}.wasm`;
      return served(file, `dist/${file}`, budget, `${operations}, ${how}`);
    }),
  ),
];
