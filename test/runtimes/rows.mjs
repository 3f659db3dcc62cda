// The rows of the runtime matrix: every host on which the packed tarball is run. The tests beside
// this file run them, each under its id; scripts/matrix.mjs writes the table in docs/runtimes.md
// from the findings.

const row = (id, runtime, how, binary, options = {}) => ({ id, runtime, how, binary, ...options });

const browsers = { chromium: "Chromium", firefox: "Firefox ESR", webkit: "WebKitGTK" };

// WebKit's compiler does not support relaxed SIMD yet.
const binaries = { chromium: "relaxed", firefox: "relaxed", webkit: "simd" };

/** Rows of a browser. */
const inBrowser = (name) =>
  [
    ["page", "page, no bundler"],
    ["worker", "module worker"],
    ["isolated", "cross-origin isolated page"],
    ["isolated-worker", "module worker, isolated"],
    ["csp", "page without `unsafe-eval`"],
    ["slim", "`./slim`, binary by `fetch`"],
  ].map(([place, how]) => row(`${name}-${place}`, browsers[name], how, binaries[name], { need: name }));

/**
 * `binary` is the binary that must be selected there, `need` the requirement on the machine (see
 * test/runtimes/hosts.ts).
 */
export const rows = [
  // V8 of Node 20 has relaxed SIMD only behind a flag.
  row("node20", "Node 20", "`import` and `require`", "simd", { need: "node20" }),
  row("node22", "Node 22", "`import` and `require`", "relaxed", { need: "node22" }),
  row("node24", "Node 24", "`import` and `require`", "relaxed", { need: "node24" }),
  row("node26", "Node 26", "`import` and `require`", "relaxed", { need: "node26" }),
  row("bun", "Bun", "`import` and `require`", "relaxed", { need: "bun" }),
  row("deno", "Deno", "`import`", "relaxed", { need: "deno" }),
  row("workerd", "workerd", "bundled by wrangler, in Miniflare", "relaxed", { need: "workerd" }),
  row("edge-light", "edge-runtime", "bundled with `?module`", "simd"),
  ...["chromium", "firefox", "webkit"].flatMap(inBrowser),
  row("vite", "Vite", "app in Chromium", "relaxed", { need: "chromium" }),
  row("webpack", "webpack", "app in Chromium", "relaxed", { need: "chromium" }),
  row("rollup", "rollup", "app in Chromium", "relaxed", { need: "chromium" }),
  row("esbuild", "esbuild", "app in Chromium", "relaxed", { need: "chromium" }),
];
