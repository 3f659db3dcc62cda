// Bundles the output of tsc (target/ts) into dist: for each entry of scripts/lib/entries.mjs an ES
// module, a CommonJS module where there is one, and their declarations. Code that entries share is
// in files below dist/shared, so that error classes and loaded state are the same in all of them.
// Started by scripts/build.mjs. The package has no run-time dependency: everything except Node's
// own modules and optional peers is bundled, comlink too, since workers of pages have no import map
// to find it.

import { isBuiltin } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { dts } from "rollup-plugin-dts";
import { entries } from "./scripts/lib/entries.mjs";
import { families, prefixed } from "./scripts/lib/families.mjs";
import { at, packageJson } from "./scripts/lib/project.mjs";

const onLog = (level, log, handler) => {
  // An incomplete bundle must not be published.
  if (log.code === "UNRESOLVED_IMPORT" || log.code === "CIRCULAR_DEPENDENCY") handler("error", log);
  else handler(level, log);
};

/**
 * The sources import a binary as users do. In dist it is beside the entry; the host or the bundler
 * loads it.
 */
const packageName = "path-signature/";
/** Peers that users install. */
const peers = Object.keys(packageJson().peerDependencies ?? {});
const isPeer = (id) => peers.some((name) => id === name || id.startsWith(`${name}/`));
const external = (id) => isBuiltin(id) || isPeer(id) || id.startsWith(`${packageName}wasm/`);

/** The one package that is bundled, by its full path. */
const comlink = {
  name: "comlink",
  resolveId: (id) => (id.startsWith("comlink/") ? fileURLToPath(import.meta.resolve(id)) : null),
};

/**
 * Sources name the worker file relative to themselves. In dist they are below shared, and it is
 * not.
 */
const workerFile = {
  name: "worker file",
  transform: (code) =>
    code.includes('"./worker.ts"') ? code.replaceAll('"./worker.ts"', '"../path-signature-worker.js"') : null,
};

/**
 * The bar of the command line, an old CommonJS package, as one ES module. Its one dependency
 * measures wide characters, of which the bar has none.
 */
const progressBar = {
  name: "progress bar",
  resolveId: (id) => (id === "cli-progress" ? `\0${id}` : null),
  async load(id) {
    if (id !== "\0cli-progress") return null;
    const { outputFiles } = await build({
      stdin: { contents: 'export { SingleBar } from "cli-progress";', resolveDir: at() },
      ...{ bundle: true, format: "esm", platform: "node", target: "es2022", write: false, minify: true },
      banner: { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' },
      plugins: [
        {
          name: "widths",
          setup({ onLoad, onResolve }) {
            onResolve({ filter: /^string-width$/ }, () => ({ path: "string-width", namespace: "widths" }));
            onLoad({ filter: /.*/, namespace: "widths" }, () => ({
              contents: "module.exports = (text) => text.length;",
            }));
          },
        },
      ],
    });
    return outputFiles[0].text;
  },
};

const inputs = (all, extension) =>
  Object.fromEntries(all.map(({ name, source }) => [name, `target/ts/${source.replace(/\.ts$/, extension)}`]));
const isCommonJs = (entry) => entry.commonjs;
const together = entries.filter(({ alone }) => !alone);
const imported = entries.filter(({ program }) => !program);
/** Modules have no side effects on import, so unused ones are dropped. */
const treeshake = { moduleSideEffects: false };
const common = { external, onLog, treeshake, plugins: [comlink, progressBar, workerFile] };
const names = (extension) => ({
  dir: "dist",
  entryFileNames: `[name].${extension}`,
  // Transitive imports are not hoisted: a bundler that ignores side-effect information would keep
  // them.
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

const anyOf = (...patterns) => new RegExp(patterns.map(({ source }) => source).join("|"));

/** Files of ts/gpu that plan calls and read input, without a device. */
const gpuPlanning = [
  ..."blocks faults flow-layout input kernel-plan layout limits logarithm obstacle readback recovery".split(" "),
  ..."shape share source tensor usage operations/[^/]+".split(" "),
];

/**
 * The files below shared, by their contents, so that their names are stable. Bundlers split by
 * whole files, so code that is used alone, loaded lazily, or not allowed on edge hosts has files of
 * its own.
 */
const sharedFiles = {
  /** What an app pays for `signatureSize` alone. */
  sizes: /\/input\/(size|errors)\.js$/,
  /** Compiles bytes and loads engines: not for edge hosts. */
  loading: /\/(wasm\/(compile|binaries)|engine\/bind|entry\/(inline|slim))\.js$/,
  ...Object.assign({}, ...Object.keys(families).map(binaryFiles)),
  gradients: /\/ts\/operations\/(signature-vjp|gradient[^/]*)\.js$/,
  /** The family `algebra`. */
  algebra: /\/ts\/operations\/(multiply|inverse|exp|log)\.js$/,
  "log-signatures": /\/ts\/operations\/log-signature[^/]*\.js$/,
  /** Kernels on GPUs: loaded by the first call there. */
  "kernels-gpu": /\/gpu\/(programs|kernels)\/signature-kernel[^/]*\.js$/,
  /** The family `kernels`. */
  kernels: /\/ts\/operations\/signature-kernel[^/]*\.js$/,
  core: /\/ts\/((input|run|wasm|operations)\/[^/]+|generated\/version|entry\/(public|compiled))\.js$/,
  /** What the readers of Arrow and of files have in common. */
  tables: /\/ts\/tables\//,
  "read-arrow": /\/ts\/arrow\//,
  "read-files": /\/ts\/io\//,
  /** Calls on the device of TensorFlow.js, which its `prepare` loads. */
  "tfjs-webgpu": /\/(adapters\/tfjs-webgpu|gpu\/now)\.js$/,
  /**
   * Planning and reading for GPUs are part of the engine; devices, kernels and calibration are
   * loaded when a device is first opened.
   */
  gpu: anyOf(
    new RegExp(`/gpu/(?!(${gpuPlanning.join("|")})\\.js$)`),
    /\/entry\/gpu\.js$/,
    /\/dispatch\/(calibrate|fit|least-squares|trials)\.js$/,
    /\/engine\/trials\.js$/,
  ),
  engine: anyOf(
    /\/(engine|pool|dispatch|gpu)\//,
    /\/entry\/(engine|start-worker)\.js$/,
    /\/generated\/(plan-constants|worker-source)\.js$/,
    /\/comlink\//,
  ),
};
const sharedFile = (id) => {
  // The project's own folder may have any name.
  const path = `/${relative(at("."), id).replaceAll("\\", "/")}`;
  return Object.keys(sharedFiles).find((name) => sharedFiles[name].test(path)) ?? null;
};

/**
 * The JavaScript of some entries. `exports`: whether they export anything; a file without exports
 * would not be recognised as a module.
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

/** Declarations of engines and streams name symbols that a consumer's `lib` may lack. */
const disposable = ({ moduleIds }) =>
  moduleIds.some((id) => /(engine[\\/]engine|streams[\\/]signature-streams?)\.d\.ts$/.test(id))
    ? '/// <reference lib="esnext.disposable" />'
    : "";

/** Their declarations. */
const declarations = (chosen, extension) => ({
  ...common,
  input: inputs(chosen, ".d.ts"),
  plugins: [dts()],
  output: { ...names(extension), format: "es", banner: disposable },
});

export default [
  ...code(together),
  // Single-file bundles share nothing.
  ...entries.filter(({ alone }) => alone).flatMap((entry) => code([entry], { exports: false, chunks: {} })),
  declarations(imported, "d.ts"),
  declarations(imported.filter(isCommonJs), "d.cts"),
];
