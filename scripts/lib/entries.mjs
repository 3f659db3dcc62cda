// The entries of the package: one table, from which come rollup's inputs (rollup.config.mjs), package.json's `exports`
// (scripts/exports.mjs) and what test/packaging expects. A new entry is a line in each of the two objects below.

import { existsSync } from "node:fs";
import { at, packageJson } from "./project.mjs";

/**
 * What is built: dist/NAME.js with its declarations, and dist/NAME.cjs where CommonJS is meant to get it as well.
 * `source` is below ts/; an entry whose source does not exist (yet) is left out everywhere.
 */
const files = {
  /** The binaries inside: for all hosts that may compile bytes. */
  index: { source: "index.ts", commonjs: true },
  /** No binary inside: `init(source)` brings one. */
  slim: { source: "entry/slim.ts", commonjs: true },
  /** Binaries as modules that the host compiled: Cloudflare's workerd. */
  workerd: { source: "entry/workerd.ts", commonjs: false },
  /** The same in the form that Vercel's Edge and Next.js bundle. */
  "edge-light": { source: "entry/edge-light.ts", commonjs: false },
  /** What a worker of the pool runs: one file, by a name that no other is taken for where bundlers leave it behind. */
  "path-signature-worker": { source: "entry/worker.ts", commonjs: true, alone: true },
  /** Gradients for TensorFlow.js. */
  tfjs: { source: "entry/tfjs.ts", commonjs: true },
};

/**
 * What can be imported: for each path inside the package the file that a condition leads to. The first condition that a host
 * or a bundler knows counts, so hosts that may not compile bytes come first.
 */
const paths = {
  ".": {
    workerd: "workerd",
    "edge-light": "edge-light",
    deno: "index",
    bun: "index",
    node: "index",
    browser: "index",
    default: "index",
  },
  /** The default entry, whatever the conditions. */
  "./inline": { default: "index" },
  "./slim": { default: "slim" },
  "./worker": { default: "path-signature-worker" },
  "./tfjs": { default: "tfjs" },
};

/** The binaries, which are imported as they are; in TypeScript as what edge hosts and their bundlers make of it. */
const binaries = { "./wasm/*.wasm": { types: "./dist/wasm/module.d.ts", default: "./dist/wasm/*.wasm" } };

/** The declarations of all of them. */
export const binaryTypes = "declare const module: WebAssembly.Module;\nexport default module;\n";

/** The entries that exist: name, source below ts/, whether there is a CommonJS form. */
export const entries = Object.entries(files)
  .map(([name, file]) => ({ name, ...file }))
  .filter(({ source }) => existsSync(at("ts", source)));

const byName = new Map(entries.map((entry) => [entry.name, entry]));

/** Import paths that have JavaScript, as a user writes them after the package's name: ".", "./slim", … */
export const importPaths = Object.entries(paths)
  .filter(([, conditions]) => byName.has(conditions.default))
  .map(([path]) => path);

function target(name) {
  const { commonjs } = byName.get(name);
  const esm = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
  if (!commonjs) return esm;
  return { import: esm, require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` } };
}

/** package.json's `exports`. */
export function exportsField() {
  const field = {};
  for (const path of importPaths) {
    const conditions = Object.entries(paths[path]).filter(([, name]) => byName.has(name));
    field[path] =
      conditions.length === 1
        ? target(conditions[0][1])
        : Object.fromEntries(conditions.map(([condition, name]) => [condition, target(name)]));
  }
  return { ...field, ...binaries, "./package.json": "./package.json" };
}

/** Whether package.json says what this table says. */
export const exportsAreCurrent = () => JSON.stringify(packageJson().exports) === JSON.stringify(exportsField());
