// The installed package through the four bundlers that browsers' programs come from: each builds a small app that imports it as its users
// do, with the bundler's defaults; the app runs in Chromium and does all that conformance.mjs asks.

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import webpack from "webpack";
import type { Consumer } from "../packaging/consumer.ts";
import { root } from "../packaging/consumer.ts";
import { startChromium } from "./browsers/chromium.ts";
import type { Driven } from "./browsers/driven.ts";
import { writePage } from "./browsers/pages.ts";
import { Site } from "./browsers/site.ts";
import { missing, requireHost } from "./hosts.ts";
import { makeProject, type Report, settle } from "./project.ts";

/** Builds `entry` of a project into `out` (a folder, `main.js` in it), and the package's worker file beside it where a bundler has to be told of it. */
type Bundler = (folder: string, entry: string, out: string, worker?: string) => Promise<void>;

/** Bundlers that see a worker in `new Worker(new URL(…))` by themselves; the others are told, as the README says. */
const findWorkers = ["vite", "webpack"];

const bundlers: Record<string, Bundler> = {
  async vite(folder, entry, out) {
    await vite({
      root: folder,
      configFile: false,
      logLevel: "error",
      base: "./",
      build: {
        outDir: out,
        rolldownOptions: { input: join(folder, entry), output: { entryFileNames: "main.js" } },
      },
    });
  },

  async webpack(folder, entry, out) {
    const compiler = webpack({
      context: folder,
      mode: "production",
      entry: `./${entry}`,
      output: { path: out, filename: "main.js" },
      // Sizes are test/packaging's.
      performance: false,
    })!;
    const stats = await new Promise<webpack.Stats | undefined>((done, fail) =>
      compiler.run((error, result) => (error ? fail(error) : done(result))),
    );
    await new Promise((done) => compiler.close(done));
    expect(stats?.toString({ all: false, errors: true, warnings: true })).toBe("");
  },

  async rollup(folder, entry, out, worker) {
    const warnings: string[] = [];
    const bundle = await rollup({
      input: { main: join(folder, entry), ...(worker && { worker: join(folder, worker) }) },
      plugins: [nodeResolve({ browser: true, rootDir: folder })],
      onwarn: ({ message }) => void warnings.push(message),
    });
    await bundle.write({ dir: out, entryFileNames: "[name].js", format: "es" });
    await bundle.close();
    expect(warnings).toEqual([]);
  },

  async esbuild(folder, entry, out, worker) {
    const { warnings } = await esbuild({
      absWorkingDir: folder,
      entryPoints: { main: entry, ...(worker && { worker }) },
      outdir: out,
      bundle: true,
      minify: true,
      format: "esm",
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
  },
};

let project: Consumer;
let site: Site;
let browser: Driven | undefined;
beforeAll(async () => {
  project = await makeProject();
  const app = (workers: string) =>
    `import * as library from "path-signature";
     import { conformance } from "./conformance.mjs";
     conformance(library, { workers: ${workers} }).then((report) => globalThis.report({ report }), globalThis.fail);`;
  project.write("app.js", app("true"));
  project.write(
    "app-with-factory.js",
    app(`{ workerFactory: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) }`),
  );
  project.write("worker.js", `import "path-signature/worker";`);
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

/** The text of a file of a folder and of all scripts there that it names, and they in turn: what a browser could come to load. (esbuild writes more.) */
function loadedText(folder: string, first: string): string {
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  const loaded = new Map<string, string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    const text = readFileSync(join(folder, file), "utf8");
    loaded.set(file, text);
    for (const other of scripts) if (text.includes(basename(other))) load(other);
  };
  load(first);
  return [...loaded.values()].join("");
}

describe.each(Object.keys(bundlers))("%s", (name) => {
  it("builds an app that works in a browser", async ({ skip }) => {
    requireHost("chromium", skip);
    const out = join(project.folder, name);
    mkdirSync(out);
    if (findWorkers.includes(name)) await bundlers[name]!(project.folder, "app.js", out);
    else await bundlers[name]!(project.folder, "app-with-factory.js", out, "worker.js");
    const page = writePage(project, `${name}.html`, `${name}/main.js`);
    const { report } = (await site.visit((url) => browser!.navigate(url), "plain", page)) as { report: Report };
    await settle(name, report, versionOf(name));
  });

  it("keeps what is imported and nothing else", async () => {
    project.write("small.js", `import { signatureSize } from "path-signature";\nconsole.log(signatureSize(3, 4));\n`);
    const out = join(project.folder, `${name}-small`);
    await bundlers[name]!(project.folder, "small.js", out);
    const text = loadedText(out, "main.js");
    // rollup by itself minifies nothing: what it keeps is the same.
    expect(name === "rollup" ? gzipSync(text).length : text.length).toBeLessThan(2200);
    expect(text).not.toContain("signature_scratch_bytes");
  });
});
