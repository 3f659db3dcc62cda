// The rows of the runtime matrix: every place in which the packed tarball is run. Tests beside this file run them, each under
// its id; scripts/matrix.mjs draws the table in the README from what they found.

const row = (id, runtime, how, binary, options = {}) => ({ id, runtime, how, binary, ...options });

/** `binary` is the one that has to run there, `need` what has to be on the machine (see test/runtimes/hosts.ts). */
export const rows = [
  // V8 of Node 20 has no relaxed SIMD without a flag.
  row("node20", "Node 20", "`import` and `require`", "simd", { need: "node20" }),
  row("node22", "Node 22", "`import` and `require`", "relaxed", { need: "node22" }),
  row("node24", "Node 24", "`import` and `require`", "relaxed", { need: "node24" }),
  row("node26", "Node 26", "`import` and `require`", "relaxed", { need: "node26" }),
  row("bun", "Bun", "`import` and `require`", "relaxed", { need: "bun" }),
  row("deno", "Deno", "`import`", "relaxed", { need: "deno" }),
  row("workerd", "workerd", "bundled by wrangler, in Miniflare", "relaxed", { need: "workerd" }),
  row("edge-light", "edge-runtime", "bundled with `?module`", "simd"),
  row("chromium-page", "Chromium", "page, no bundler", "relaxed", { need: "chromium" }),
  row("chromium-isolated", "Chromium", "cross-origin isolated page", "relaxed", { need: "chromium" }),
  row("chromium-worker", "Chromium", "module worker", "relaxed", { need: "chromium" }),
  row("chromium-isolated-worker", "Chromium", "module worker, isolated", "relaxed", { need: "chromium" }),
  row("chromium-csp", "Chromium", "page without `unsafe-eval`", "relaxed", { need: "chromium" }),
  row("chromium-slim", "Chromium", "`./slim`, binary by `fetch`", "relaxed", { need: "chromium" }),
  row("firefox-page", "Firefox ESR", "page, no bundler", "relaxed", { need: "firefox" }),
  row("firefox-isolated", "Firefox ESR", "cross-origin isolated page", "relaxed", { need: "firefox" }),
  row("firefox-worker", "Firefox ESR", "module worker", "relaxed", { need: "firefox" }),
  row("webkit-page", "WebKitGTK", "page, no bundler", "relaxed", { need: "webkit" }),
  row("webkit-isolated", "WebKitGTK", "cross-origin isolated page", "relaxed", { need: "webkit" }),
  row("webkit-worker", "WebKitGTK", "module worker", "relaxed", { need: "webkit" }),
  row("vite", "Vite", "app in Chromium", "relaxed", { need: "chromium" }),
  row("webpack", "webpack", "app in Chromium", "relaxed", { need: "chromium" }),
  row("rollup", "rollup", "app in Chromium", "relaxed", { need: "chromium" }),
  row("esbuild", "esbuild", "app in Chromium", "relaxed", { need: "chromium" }),
];
