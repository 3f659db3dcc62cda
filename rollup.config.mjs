// Bundles what tsc made (target/ts) into dist: for each entry of scripts/lib/entries.mjs an ES
// module, where meant a CommonJS module, and a declaration file for each. What entries have in
// common is in files below dist/shared, so that an error, or what was loaded, is the same thing in
// all of them. Started by scripts/build.mjs. The package has no run-time dependency, so everything
// but Node's own modules and optional peers is in the bundle; comlink too, since workers of pages
// have no import map by which they could find it.

import { isBuiltin } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { dts } from "rollup-plugin-dts";
import { entries } from "./scripts/lib/entries.mjs";
import { families, prefixed } from "./scripts/lib/families.mjs";
import { at, packageJson } from "./scripts/lib/project.mjs";

const onLog = (level, log, handler) => {
  // A bundle with a hole in it must not be published.
  if (log.code === "UNRESOLVED_IMPORT" || log.code === "CIRCULAR_DEPENDENCY") handler("error", log);
  else handler(level, log);
};

/**
 * The sources import a binary as users do. In dist it lies beside the entry; loading it is the
 * host's or the bundler's.
 */
const packageName = "path-signature/";
/** What users bring themselves. */
const peers = Object.keys(packageJson().peerDependencies ?? {});
const isPeer = (id) => peers.some((name) => id === name || id.startsWith(`${name}/`));
const external = (id) => isBuiltin(id) || isPeer(id) || id.startsWith(`${packageName}wasm/`);

/** The one package that is bundled, by its full path. */
const comlink = {
  name: "comlink",
  resolveId: (id) => (id.startsWith("comlink/") ? fileURLToPath(import.meta.resolve(id)) : null),
};

/** Sources name the worker file as it is there. In dist they are below shared, and it is not. */
const workerFile = {
  name: "worker file",
  transform: (code) =>
    code.includes('"./worker.ts"') ? code.replaceAll('"./worker.ts"', '"../path-signature-worker.js"') : null,
};

const inputs = (all, extension) =>
  Object.fromEntries(all.map(({ name, source }) => [name, `target/ts/${source.replace(/\.ts$/, extension)}`]));
const isCommonJs = (entry) => entry.commonjs;
const together = entries.filter(({ alone }) => !alone);
/** No module does anything when it is imported, so one of which nothing is used is in no file. */
const treeshake = { moduleSideEffects: false };
const common = { external, onLog, treeshake, plugins: [comlink, workerFile] };
const names = (extension) => ({
  dir: "dist",
  entryFileNames: `[name].${extension}`,
  // What another file imports is not imported for it ahead of time: bundlers that are told of no
  // side effects ask what it is for.
  hoistTransitiveImports: false,
  // Declarations come with `.d` in their name.
  chunkFileNames: ({ name }) => `shared/${name.replace(/\.d$/, "")}.${extension}`,
  paths: (id) => (id.startsWith(packageName) ? `./${id.slice(packageName.length)}` : id),
});

/** A family's binaries: those that its entry carries, and the one that an engine asks for. */
const binaryFiles = (family) => ({
  [prefixed(family, "binaries")]: new RegExp(`/generated/(${family}/(relaxed|simd)|entries/${family}-inline)\\.js$`),
  [prefixed(family, "threads")]: new RegExp(`/generated/${family}/threads\\.js$`),
});

/**
 * The files below shared, by what is in them, so that their names stay as they are. Bundlers take a
 * file as a whole when they split: what is asked for alone, or lazily, or may not reach an edge
 * host, is apart.
 */
const sharedFiles = {
  /** What an app pays for `signatureSize` alone. */
  sizes: /\/input\/(size|errors)\.js$/,
  /** Compiles bytes, loads engines: nothing for edge hosts. */
  loading: /\/(wasm\/(compile|binaries)|engine\/bind|entry\/(inline|slim))\.js$/,
  ...Object.assign({}, ...Object.keys(families).map(binaryFiles)),
  gradients: /\/ts\/operations\/(signature-vjp|gradient[^/]*)\.js$/,
  /** The family `algebra`. */
  algebra: /\/ts\/operations\/(rows-operation|multiply|inverse|exp|log)\.js$/,
  core: /\/ts\/((input|run|wasm|operations)\/[^/]+|generated\/version|entry\/(public|compiled))\.js$/,
  /** Calls on the device of TensorFlow.js, which its `prepare` loads. */
  "tfjs-webgpu": /\/(adapters\/tfjs-webgpu|gpu\/now)\.js$/,
  /** Planning and reading for GPUs are the engine's; devices, kernels and measuring come when a device is first opened. */
  gpu: /\/gpu\/(?!(blocks|faults|flow-layout|input|kernel-plan|layout|limits|operations\/[^/]+|readback|recovery|shape|share|source|tensor|usage)\.js$)|\/entry\/gpu\.js$|\/dispatch\/(calibrate|fit|least-squares|trials)\.js$|\/engine\/trials\.js$/,
  engine:
    /\/(engine|pool|dispatch|gpu)\/|\/entry\/(engine|start-worker)\.js$|\/generated\/(plan-constants|worker-source)\.js$|\/comlink\//,
};
const sharedFile = (id) => {
  // The project's own folder may be called anything.
  const path = `/${relative(at("."), id).replaceAll("\\", "/")}`;
  return Object.keys(sharedFiles).find((name) => sharedFiles[name].test(path)) ?? null;
};

/**
 * The JavaScript of some entries. `exports`: whether they export anything; what does not would look
 * like no module.
 */
const code = (chosen, { exports = true, chunks = { manualChunks: sharedFile } } = {}) => [
  {
    ...common,
    input: inputs(chosen, ".js"),
    output: { ...names("js"), ...chunks, format: "es", ...(exports ? {} : { footer: "export {};" }) },
  },
  {
    ...common,
    input: inputs(chosen.filter(isCommonJs), ".js"),
    output: { ...names("cjs"), ...chunks, format: "cjs", exports: "named" },
  },
];

/**
 * Declarations of the engine name `Symbol.asyncDispose`, which a consumer's own `lib` need not
 * know.
 */
const disposable = ({ moduleIds }) =>
  moduleIds.some((id) => /engine[\\/]engine\.d\.ts$/.test(id)) ? '/// <reference lib="esnext.disposable" />' : "";

/** Their declarations. */
const declarations = (chosen, extension) => ({
  ...common,
  input: inputs(chosen, ".d.ts"),
  plugins: [dts()],
  output: { ...names(extension), format: "es", banner: disposable },
});

export default [
  ...code(together),
  // What is one file shares nothing.
  ...entries.filter(({ alone }) => alone).flatMap((entry) => code([entry], { exports: false, chunks: {} })),
  declarations(entries, "d.ts"),
  declarations(entries.filter(isCommonJs), "d.cts"),
];
