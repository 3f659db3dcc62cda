// The size budgets of what is published, and what each buys. Measured by size-limit (.size-limit.mjs).

/** What a bundler ships of an entry, minified and compressed. */
const bundled = (name, path, limit, buys, names) => ({
  name,
  path,
  limit,
  gzip: true,
  ...(names === undefined ? {} : { import: names }),
  buys,
});

/** A file as it is served, compressed. */
const served = (name, path, limit, buys) => ({
  name,
  path,
  limit,
  gzip: true,
  disablePlugins: ["@size-limit/esbuild"],
  buys,
});

/** All functions of an entry but the engine, which is loaded from files of its own. */
const withoutEngine =
  "{ init, info, signature, signatureVjp, signatureWithVjp, signatureSize, words, isPathSignatureError }";

export const budgets = [
  bundled(
    "path-signature",
    "dist/index.js",
    "220 kB",
    "a call that works right after import, on any engine: `relaxed` and `simd` inside, nothing to serve, nothing to await",
    withoutEngine,
  ),
  bundled(
    "path-signature/slim",
    "dist/slim.js",
    "20 kB",
    "the same functions and errors where the page fetches one binary itself, compiled while it arrives",
    withoutEngine,
  ),
  served(
    "the engine",
    "dist/shared/engine.js",
    "60 kB",
    "threads, and where calls run: loaded when an engine is first asked for, not before (as published, with its comments)",
  ),
  served(
    "the GPU",
    "dist/shared/gpu.js",
    "40 kB",
    "WebGPU: loaded when a device is first opened, not before (as published, with its comments)",
  ),
  served("the worker file", "dist/worker.js", "40 kB", "what each thread runs (as published)"),
  bundled("signatureSize alone", "dist/index.js", "1.2 kB", "sizes without a kernel", "{ signatureSize }"),
  served("wasm/relaxed.wasm", "dist/wasm/relaxed.wasm", "100 kB", "all kernels with fused multiply-adds"),
  served("wasm/simd.wasm", "dist/wasm/simd.wasm", "100 kB", "all kernels, the same bits everywhere"),
  served("wasm/threads.wasm", "dist/wasm/threads.wasm", "100 kB", "all kernels on one memory that threads share"),
];
