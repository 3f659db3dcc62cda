// The entries of the package: one table, from which rollup's inputs (rollup.config.mjs),
// package.json's `exports` (scripts/exports.mjs) and the expectations of test/packaging are
// derived. A family has an entry for each kind of host (entry-modules.mjs); any other entry is a
// line in `files` and one in `paths`.

import { entryModule } from "./entry-modules.mjs";
import { families, mainFamily, prefixed } from "./families.mjs";

/** A family's entries: the files to build, and the paths that can be imported. */
function entriesOf(family) {
  const [name, path] = family === mainFamily ? ["index", "."] : [family, `./${family}`];
  const [slim, workerd, edgeLight] = ["slim", "workerd", "edge-light"].map((host) => prefixed(family, host));
  return {
    files: {
      /** Inlined binaries, for all hosts that may compile bytes. */
      [name]: { source: `${name}.ts`, commonjs: true },
      /** No inlined binary: `init(source)` supplies one. */
      [slim]: { source: entryModule(family, "slim"), commonjs: true },
      /** Binaries as modules that the host compiles: Cloudflare's workerd. */
      [workerd]: { source: entryModule(family, "workerd"), commonjs: false },
      /** The same in the form that Vercel Edge and Next.js bundle. */
      [edgeLight]: { source: entryModule(family, "edge-light"), commonjs: false },
    },
    paths: {
      [path]: {
        workerd,
        "edge-light": edgeLight,
        deno: name,
        bun: name,
        node: name,
        browser: name,
        default: name,
      },
      /** The same entry under all conditions. */
      [`${path}/inline`]: { default: name },
      [`${path}/slim`]: { default: slim },
    },
  };
}

const all = Object.keys(families).map(entriesOf);

/**
 * Files to build: dist/NAME.js with its declarations, and dist/NAME.cjs if there is a CommonJS
 * form. `source` is below ts/. `effects`: importing it does something. `program`: nobody imports
 * it.
 */
const files = {
  ...Object.assign({}, ...all.map(({ files }) => files)),
  /**
   * The worker script of the pool: one file, under a unique name for bundlers that leave it out.
   */
  "path-signature-worker": { source: "entry/worker.ts", commonjs: true, alone: true, effects: true },
  /** Gradients and a layer for TensorFlow.js; registers the layer for saved models. */
  tfjs: { source: "entry/tfjs.ts", commonjs: true, effects: true },
  /** Columns and tables of Apache Arrow. */
  arrow: { source: "entry/arrow.ts", commonjs: true },
  /** Files, in Node. */
  io: { source: "entry/io.ts", commonjs: true },
  /** The pipeline from recordings to features. */
  features: { source: "entry/features.ts", commonjs: true },
  /** The command line, package.json's `bin`: a program, without exports and declarations. */
  cli: { source: "cli/main.ts", commonjs: false, program: true },
};

/**
 * Import paths: for each path inside the package, the file for each condition. The first condition
 * that a host or bundler knows wins, so hosts that may not compile bytes come first.
 */
const paths = {
  ...Object.assign({}, ...all.map(({ paths }) => paths)),
  "./worker": { default: "path-signature-worker" },
  "./tfjs": { default: "tfjs" },
  "./arrow": { default: "arrow" },
  "./io": { default: "io" },
  "./features": { default: "features" },
};

/**
 * The binaries, imported as files; their types are those that edge hosts and their bundlers
 * produce.
 */
const binaries = { "./wasm/*.wasm": { types: "./dist/wasm/module.d.ts", default: "./dist/wasm/*.wasm" } };

/** Their common declarations. */
export const binaryTypes = `import type { CompiledModule } from "../index.js";
declare const module: CompiledModule;
export default module;
`;

/** Files of an entry in dist. */
export const filesOf = ({ name, commonjs, program }) =>
  ["js", ...(program ? [] : ["d.ts"]), ...(commonjs ? ["cjs", "d.cts"] : [])].map((end) => `${name}.${end}`);

/** The entries: name, source below ts/, whether there is a CommonJS form. */
export const entries = Object.entries(files).map(([name, file]) => ({ name, ...file }));

const byName = new Map(entries.map((entry) => [entry.name, entry]));

/**
 * Import paths with JavaScript, as a user writes them after the package's name: ".", "./slim", …
 */
export const importPaths = Object.keys(paths);

function target(name) {
  const { commonjs } = byName.get(name);
  const esm = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
  if (!commonjs) return esm;
  return { import: esm, require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` } };
}

/** package.json's `sideEffects`: bundlers keep these files wherever they are imported. */
export const sideEffectsField = () =>
  entries.filter(({ effects }) => effects).flatMap(({ name }) => [`./dist/${name}.js`, `./dist/${name}.cjs`]);

/** package.json's `exports`. */
export function exportsField() {
  const field = {};
  for (const path of importPaths) {
    const conditions = Object.entries(paths[path]);
    field[path] =
      conditions.length === 1
        ? target(conditions[0][1])
        : Object.fromEntries(conditions.map(([condition, name]) => [condition, target(name)]));
  }
  return { ...field, ...binaries, "./package.json": "./package.json" };
}
