// Bundles what tsc made (target/ts) into dist: for each entry of scripts/lib/entries.mjs an ES module, where meant a CommonJS
// module, and a declaration file for each. What entries have in common is in files below dist/shared, so that an error, or
// what was loaded, is the same thing in all of them. Started by scripts/build.mjs. The package has no run-time dependency,
// so everything but Node's own modules and optional peers is in the bundle.

import { isBuiltin } from "node:module";
import { dts } from "rollup-plugin-dts";
import { entries } from "./scripts/lib/entries.mjs";
import { packageJson } from "./scripts/lib/project.mjs";

const onLog = (level, log, handler) => {
  // A bundle with a hole in it must not be published.
  if (log.code === "UNRESOLVED_IMPORT" || log.code === "CIRCULAR_DEPENDENCY") handler("error", log);
  else handler(level, log);
};

/** The sources import a binary as users do. In dist it lies beside the entry; loading it is the host's or the bundler's. */
const packageName = "path-signature/";
/** What users bring themselves. */
const peers = Object.keys(packageJson().peerDependencies ?? {});
const isPeer = (id) => peers.some((name) => id === name || id.startsWith(`${name}/`));
const external = (id) => isBuiltin(id) || isPeer(id) || id.startsWith(`${packageName}wasm/`);

const inputs = (all, extension) =>
  Object.fromEntries(all.map(({ name, source }) => [name, `target/ts/${source.replace(/\.ts$/, extension)}`]));
const commonjs = entries.filter((entry) => entry.commonjs);
const common = { external, onLog };
const names = (extension) => ({
  dir: "dist",
  entryFileNames: `[name].${extension}`,
  // Declarations come with `.d` in their name.
  chunkFileNames: ({ name }) => `shared/${name.replace(/\.d$/, "")}.${extension}`,
  paths: (id) => (id.startsWith(packageName) ? `./${id.slice(packageName.length)}` : id),
});

export default [
  {
    ...common,
    input: inputs(entries, ".js"),
    output: { ...names("js"), format: "es" },
  },
  {
    ...common,
    input: inputs(commonjs, ".js"),
    output: { ...names("cjs"), format: "cjs", exports: "named" },
  },
  {
    ...common,
    input: inputs(entries, ".d.ts"),
    plugins: [dts()],
    output: { ...names("d.ts"), format: "es" },
  },
  {
    ...common,
    input: inputs(commonjs, ".d.ts"),
    plugins: [dts()],
    output: { ...names("d.cts"), format: "es" },
  },
];
