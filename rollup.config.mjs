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
];
