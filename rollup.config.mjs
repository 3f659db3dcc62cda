// Bundles what tsc made (target/ts) into dist: one ES module, one CommonJS module, one declaration file for each. Started
// by scripts/build.mjs. The package has no run-time dependency, so everything but Node's own modules is in the bundle.

import { isBuiltin } from "node:module";
import { dts } from "rollup-plugin-dts";

const onLog = (level, log, handler) => {
  // A bundle with a hole in it must not be published.
  if (log.code === "UNRESOLVED_IMPORT" || log.code === "CIRCULAR_DEPENDENCY") handler("error", log);
  else handler(level, log);
};

const entries = { index: "target/ts/index.js" };
const declarations = { index: "target/ts/index.d.ts" };

/** The adapter for TensorFlow.js runs on the main entry's binaries: it imports that entry, and the peers, as they are. */
const beside = (id) => isBuiltin(id) || id.startsWith("@tensorflow/") || /[\\/]ts[\\/]index\.(js|d\.ts)$/.test(id);
const adapter = (format, entryFileNames, main) => ({
  dir: "dist",
  format,
  entryFileNames,
  paths: (id) => (/[\\/]index\.(js|d\.ts)$/.test(id) ? main : id),
});

export default [
  {
    input: entries,
    external: isBuiltin,
    onLog,
    output: [
      { dir: "dist", format: "es", entryFileNames: "[name].js" },
      { dir: "dist", format: "cjs", entryFileNames: "[name].cjs", exports: "named" },
    ],
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
  {
    input: { tfjs: "target/ts/entry/tfjs.js" },
    external: beside,
    onLog,
    output: [adapter("es", "[name].js", "./index.js"), { ...adapter("cjs", "[name].cjs", "./index.cjs"), exports: "named" }],
  },
  {
    input: { tfjs: "target/ts/entry/tfjs.d.ts" },
    external: beside,
    onLog,
    plugins: [dts()],
    output: [adapter("es", "[name].d.ts", "./index.js"), adapter("es", "[name].d.cts", "./index.cjs")],
  },
];
