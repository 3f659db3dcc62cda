// Bundles what tsc made (target/ts) into dist: ES modules, CommonJS modules, declaration files for each. Started by
// scripts/build.mjs. The package has no run-time dependency: everything but Node's own modules is in the bundles. That goes for
// comlink too, since workers of pages have no import map by which they could find it.

import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { dts } from "rollup-plugin-dts";

const onLog = (level, log, handler) => {
  // A bundle with a hole in it must not be published.
  if (log.code === "UNRESOLVED_IMPORT" || log.code === "CIRCULAR_DEPENDENCY") handler("error", log);
  else handler(level, log);
};

const entries = { index: "target/ts/index.js" };
const declarations = { index: "target/ts/index.d.ts" };

/** The one package that is bundled, by its full path. */
const comlink = {
  name: "comlink",
  resolveId: (id) => (id.startsWith("comlink/") ? fileURLToPath(import.meta.resolve(id)) : null),
};

/** Sources name the worker file as it is there; in dist all files lie side by side. */
const workerFile = {
  name: "worker file",
  transform: (code) => (code.includes('"./worker.ts"') ? code.replaceAll('"./worker.ts"', '"./worker.js"') : null),
};

const plugins = [comlink, workerFile];

/** Files besides the entries: what is loaded when an engine is asked for, and what that shares with the entries. */
const chunks = { threads: "engine", index: "core" };
const names = (extension) => ({
  entryFileNames: `[name].${extension}`,
  chunkFileNames: ({ name }) => `${chunks[name] ?? name}.${extension}`,
});

export default [
  {
    input: entries,
    external: isBuiltin,
    onLog,
    plugins,
    output: [
      { dir: "dist", format: "es", ...names("js") },
      { dir: "dist", format: "cjs", exports: "named", ...names("cjs") },
    ],
  },
  {
    input: { worker: "target/ts/entry/worker.js" },
    external: isBuiltin,
    onLog,
    plugins,
    output: { dir: "dist", format: "es", entryFileNames: "[name].js" },
  },
  {
    input: declarations,
    external: isBuiltin,
    onLog,
    plugins: [dts()],
    output: [
      { dir: "dist", format: "es", entryFileNames: "[name].d.ts" },
      { dir: "dist", format: "es", entryFileNames: "[name].d.cts" },
    ],
  },
];
