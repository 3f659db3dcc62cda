// The installed package through the four common bundlers: each builds a small app that imports it,
// with the bundler's defaults; the app runs in Chromium and passes conformance.mjs.

import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { createLogger, build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import webpack from "webpack";
import { level } from "../level.ts";
import type { Consumer } from "../packaging/consumer.ts";
import { nodes, root } from "../packaging/consumer.ts";
import { startChromium } from "./browsers/chromium.ts";
import type { Driven } from "./browsers/driven.ts";
import { writePage } from "./browsers/pages.ts";
import { Site } from "./browsers/site.ts";
import { missing, requireHost } from "./hosts.ts";
import { makeProject, type Report, settle } from "./project.ts";

/**
 * Builds `entry` of a project into `out` (a folder, `main.js` in it). `warnings` receives what the
 * bundler warns of; without it, sizes are not looked at: test/packaging does.
 */
type Bundler = (folder: string, entry: string, out: string, warnings?: string[]) => Promise<void>;

const bundlers: Record<string, Bundler> = {
  async vite(folder, entry, out, warnings) {
    const customLogger = createLogger("error");
    customLogger.warn = customLogger.warnOnce = (message) => void warnings?.push(message);
    await vite({
      root: folder,
      configFile: false,
      customLogger,
      logLevel: "warn",
      base: "./",
      build: {
        outDir: out,
        rolldownOptions: { input: join(folder, entry), output: { entryFileNames: "main.js" } },
      },
    });
  },

  async webpack(folder, entry, out, warnings) {
    const compiler = webpack({
      context: folder,
      mode: "production",
      entry: `./${entry}`,
      output: { path: out, filename: "main.js" },
      // Terser needs half a minute for all of TensorFlow.js, which vite and esbuild minify too.
      optimization: { minimize: level === "all" || entry !== "layers.js" },
      performance: warnings ? { hints: "warning", assetFilter: (file: string) => !file.endsWith(".wasm") } : false,
    })!;
    const stats = await new Promise<webpack.Stats | undefined>((done, fail) =>
      compiler.run((error, result) => (error ? fail(error) : done(result))),
    );
    await new Promise((done) => compiler.close(done));
    const told = stats?.toJson({ all: false, errors: true, warnings: true });
    expect(told?.errors).toEqual([]);
    if (!warnings) expect(told?.warnings).toEqual([]);
    warnings?.push(...(told?.warnings ?? []).map(({ message }) => message));
  },

  async rollup(folder, entry, out) {
    const warnings: string[] = [];
    const bundle = await rollup({
      input: join(folder, entry),
      plugins: [nodeResolve({ browser: true, rootDir: folder })],
      onwarn: ({ message }) => void warnings.push(message),
    });
    await bundle.write({ dir: out, entryFileNames: "main.js", format: "es" });
    await bundle.close();
    expect(warnings.join("\n")).toBe("");
  },

  async esbuild(folder, entry, out) {
    const { warnings } = await esbuild({
      absWorkingDir: folder,
      entryPoints: { main: entry },
      outdir: out,
      bundle: true,
      minify: true,
      format: "esm",
      // With splitting, lazy imports stay lazy. Otherwise esbuild shares whole files of the package
      // between chunks, so a program without an engine is smaller without splitting.
      splitting: entry === "app.js",
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
  },
};

/** How an inlined binary begins. */
const magic = "0061736d";
/** How a family's inlined binary ends: with its name. */
const endOf = (family: string): string => Buffer.from(`path-signature${family}`).toString("hex");

let project: Consumer;
let site: Site;
let browser: Driven | undefined;
beforeAll(async () => {
  project = await makeProject();
  project.write(
    "app.js",
    `import * as library from "path-signature";
     import * as algebra from "path-signature/algebra";
     import * as kernels from "path-signature/kernels";
     import { conformance } from "./conformance.mjs";
     const tested = conformance(library, { algebra, kernels, workers: true });
     tested.then((report) => globalThis.report({ report }), globalThis.fail);`,
  );
  site = new Site(project.folder);
  await site.open();
  if (missing("chromium") === undefined) browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await site.close();
  project.close();
});

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;

/** The text of a script and of everything that it imports, statically or dynamically. */
function loadedText(folder: string, file: string, found = new Map<string, string>()): string {
  if (!found.has(file)) {
    const text = readFileSync(join(folder, file), "utf8");
    found.set(file, text);
    for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*["'`](\.[^"'`]+)["'`]/g))
      loadedText(folder, join(dirname(file), name!), found);
  }
  return [...found.values()].join("");
}

describe.each(Object.keys(bundlers))("%s", (name) => {
  it("builds an app that works in a browser", async ({ skip }) => {
    requireHost("chromium", skip);
    const out = join(project.folder, name);
    mkdirSync(out);
    await bundlers[name]!(project.folder, "app.js", out);
    const page = writePage(project, `${name}.html`, `${name}/main.js`);
    const { report } = (await site.visit((url) => browser!.navigate(url), "plain", page)) as { report: Report };
    await settle(name, report, versionOf(name));
  });

  it("keeps what is imported and nothing else", async () => {
    project.write("small.js", `import { signatureSize } from "path-signature";\nconsole.log(signatureSize(3, 4));\n`);
    const out = join(project.folder, `${name}-small`);
    await bundlers[name]!(project.folder, "small.js", out);
    const text = loadedText(out, "main.js");
    // rollup does not minify by itself: the contents are the same.
    // Rolldown exports 800 bytes of errors for chunks that it writes although nothing loads them.
    expect(name === "rollup" ? gzipSync(text).length : text.length).toBeLessThan(3000);
    expect(text).not.toContain(magic);
  });

  it("keeps one family's binary where another's functions are not imported", async () => {
    project.write("algebra.js", `import { init, info } from "path-signature/algebra";\nconsole.log(info(), init());\n`);
    const out = join(project.folder, `${name}-algebra`);
    await bundlers[name]!(project.folder, "algebra.js", out);
    const text = loadedText(out, "main.js");
    expect(text.split(magic).length - 1).toBe(1);
    expect(text).toContain(endOf("algebra"));
    expect(text).not.toContain(endOf("core"));
  });
});

describe("an app with an engine", () => {
  it.each(Object.keys(bundlers))("holds the binary once, for page and workers: %s", async (name) => {
    project.write(
      "engine.js",
      `import { createEngine, signature } from "path-signature";
       console.log(signature([[0], [1]], { depth: 1 }), createEngine());`,
    );
    const out = join(project.folder, `${name}-engine`);
    const warnings: string[] = [];
    await bundlers[name]!(project.folder, "engine.js", out, warnings);
    // Of the size of the script that holds the binary, and of nothing else.
    const expected = {
      vite: [/larger than 500 kB/],
      webpack: [/asset size limit/, /entrypoint size/, /recommendations/],
    };
    const wanted = expected[name as keyof typeof expected] ?? [];
    expect(warnings).toEqual(wanted.map((pattern) => expect.stringMatching(pattern)));
    const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith("js"));
    const texts = files.map((file) => readFileSync(join(out, file), "utf8"));
    // Workers receive the compiled module.
    expect(texts.join("").split(magic).length - 1).toBe(1);
  });

  /** The slim entry, with the binary as a file that the bundler copies. */
  const apart = (load: string) => `${load}
    import { createEngine, info, init, signature } from "path-signature/slim";
    async function main() {
      await init(fetch(urls[info().variant]));
      const paths = Array.from({ length: 64 }, (_, i) => Array.from({ length: 50 }, (_, t) => [t, Math.sin(i * t)]));
      const engine = await createEngine({ threads: 2 });
      const { data } = await engine.signature(paths, { depth: 4 });
      const { mode, warnings } = engine.info();
      await engine.close();
      const same = signature(paths, { depth: 4 }).data.every((x, i) => Object.is(x, data[i]));
      return { same, mode, warnings };
    }
    main().then((report) => globalThis.report({ report }), globalThis.fail);`;

  const loads = {
    vite: `import relaxed from "path-signature/wasm/relaxed.wasm?url";
           import simd from "path-signature/wasm/simd.wasm?url";
           const urls = { relaxed, simd };`,
    webpack: `const urls = {
                relaxed: new URL("path-signature/wasm/relaxed.wasm", import.meta.url),
                simd: new URL("path-signature/wasm/simd.wasm", import.meta.url),
              };`,
  };

  it.for(["vite", "webpack"] as const)(
    "bundles without a warning if the binary is a file: %s",
    async (name, { skip }) => {
      requireHost("chromium", skip);
      project.write("apart.js", apart(loads[name]));
      const out = join(project.folder, `${name}-apart`);
      const warnings: string[] = [];
      await bundlers[name]!(project.folder, "apart.js", out, warnings);
      expect(warnings).toEqual([]);
      const page = writePage(project, `${name}-apart.html`, `${name}-apart/main.js`);
      const { report } = (await site.visit((url) => browser!.navigate(url), "plain", page)) as { report: unknown };
      expect(report).toEqual({ same: true, mode: "transfer", warnings: [] });
    },
  );
});

describe("path-signature/tfjs", () => {
  const keras = (file: string) => readFileSync(join(root, "test/keras/whole", file));

  beforeAll(() => {
    symlinkSync(join(root, "node_modules/@tensorflow"), join(project.folder, "node_modules/@tensorflow"));
    const weights = JSON.stringify([...keras("weights.bin")]);
    project.write("model.js", `export const model = ${keras("model.json")};\nexport const weights = ${weights};\n`);
    project.write(
      "layers.js",
      `import "path-signature/tfjs";
       import "@tensorflow/tfjs-backend-cpu";
       import { setBackend, tensor } from "@tensorflow/tfjs-core";
       import { loadLayersModel } from "@tensorflow/tfjs-layers";
       import { model, weights } from "./model.js";
       const { weightsManifest, ...rest } = model;
       const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
       const { shape, inputs } = ${keras("example.json")};
       async function main() {
         await setBackend("cpu");
         const weightData = Uint8Array.from(weights).buffer;
         const loaded = await loadLayersModel({ load: async () => ({ ...rest, weightSpecs, weightData }) });
         return [...(await loaded.predict(tensor(inputs, shape)).data())];
       }
       main().then((report) => globalThis.report({ report }), globalThis.fail);`,
    );
  });

  // Rollup needs a plugin for TensorFlow.js's CommonJS dependencies.
  it.for(["vite", "webpack", "esbuild"])("registers its layer in an app that %s builds", async (name, { skip }) => {
    requireHost("chromium", skip);
    const out = join(project.folder, `${name}-layers`);
    await bundlers[name]!(project.folder, "layers.js", out);
    const page = writePage(project, `${name}-layers.html`, `${name}-layers/main.js`);
    const { report } = (await site.visit((url) => browser!.navigate(url), "plain", page)) as { report: number[] };
    const { outputs } = JSON.parse(keras("example.json").toString()) as { outputs: number[] };
    expect(report.length).toBe(outputs.length);
    for (const [i, x] of outputs.entries()) expect(report[i]).toBeCloseTo(x, 4);
  });
});

describe("esbuild for Node", () => {
  // The worker's file is left behind in node_modules.
  it.each(["esm", "cjs"] as const)(
    "makes a program (%s) whose pool works without the worker's file",
    async (format) => {
      project.write(
        "program.js",
        `import { createEngine, signature } from "path-signature";
       const paths = Array.from({ length: 64 }, (_, i) => Array.from({ length: 50 }, (_, t) => [t, Math.sin(i * t)]));
       createEngine({ threads: 2 }).then(async (engine) => {
         const { data } = await engine.signature(paths, { depth: 4 });
         const { mode, workers, warnings } = engine.info();
         await engine.close();
         const same = signature(paths, { depth: 4 }).data.every((x, i) => Object.is(x, data[i]));
         console.log(JSON.stringify({ same, mode, started: workers > 0, warnings }));
       });`,
      );
      const out = `apart/${format}/program.${format === "esm" ? "mjs" : "cjs"}`;
      await esbuild({
        absWorkingDir: project.folder,
        entryPoints: ["program.js"],
        outfile: out,
        bundle: true,
        format,
        platform: "node",
        logLevel: "silent",
      });
      const found: unknown = JSON.parse(await project.run(nodes["Node 24"], out));
      expect(found).toEqual({ same: true, mode: "shared", started: true, warnings: [] });
    },
  );
});
