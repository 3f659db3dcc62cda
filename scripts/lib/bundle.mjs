// Builds the published JavaScript: tsc compiles ts/ to JavaScript and declarations under target/ts
// (and checks types), rollup bundles both into dist (rollup.config.mjs). Skipped if no input has
// changed.

import { existsSync, readdirSync, rmSync } from "node:fs";
import { binaryTypes, entries, filesOf } from "./entries.mjs";
import { filesUnder, fingerprint, isCurrent, remember, writeIfChanged } from "./fingerprint.mjs";
import { at, packageJson, pinnedNode, targetFolder } from "./project.mjs";
import { billOfMaterials } from "./supply.mjs";
import { command, Fault } from "./terminal.mjs";

const products = entries.flatMap((entry) => filesOf(entry).map((file) => at("dist", file)));

const generated = (from, code) => `// Made by scripts/build.mjs from ${from}. Not committed.\n\n${code}\n`;

/** Constants that the sources get from the build. */
export function writeVersion() {
  writeIfChanged(
    at("ts", "generated", "version.ts"),
    generated("package.json", `export const version: string = ${JSON.stringify(packageJson().version)};`),
  );
}

/**
 * The worker file (ts/entry/worker.ts) as a string, for hosts where the file is not available: a
 * classic script, since that runs from a string anywhere. It is imported lazily
 * (ts/entry/start-worker.ts).
 */
export async function writeWorkerSource() {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [at("ts", "entry", "worker.ts")],
    absWorkingDir: at(),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "silent",
    write: false,
  });
  writeIfChanged(
    at("ts", "generated", "worker-source.ts"),
    generated(
      "ts/entry/worker.ts",
      `export const workerSource: string =\n  ${JSON.stringify(outputFiles[0].text.trim())};`,
    ),
  );
}

export function plan() {
  const print = fingerprint(
    filesUnder(
      "ts",
      "rollup.config.mjs",
      "tsconfig.json",
      "tsconfig.build.json",
      "tsconfig.cli.json",
      "package-lock.json",
      "Cargo.lock",
      "package.json",
      "scripts/lib/bundle.mjs",
      "scripts/lib/entries.mjs",
      "scripts/lib/families.mjs",
    ),
  );
  const stamp = at("dist", ".fingerprint");
  const current = isCurrent(stamp, print) && products.every((file) => existsSync(file));

  async function build(report) {
    if (!existsSync(at("ts", "index.ts"))) throw new Fault("ts/index.ts, the sources' entry, is missing.");
    // So that an interrupted build does not count as complete.
    rmSync(stamp, { force: true });
    const folder = targetFolder("ts");
    rmSync(folder, { recursive: true, force: true });
    report("tsc");
    // By path: node_modules/.bin/tsc belongs to another package's older TypeScript.
    for (const project of ["tsconfig.build.json", "tsconfig.cli.json"])
      await command(
        pinnedNode,
        [at("node_modules", "typescript", "bin", "tsc"), "-p", at(project), "--outDir", folder],
        { cwd: at() },
      );
    report("rollup");
    // Left over from an earlier build: files whose entry is gone, or that are no longer shared.
    for (const name of existsSync(at("dist")) ? readdirSync(at("dist")) : [])
      if (name !== "wasm") rmSync(at("dist", name), { recursive: true });
    await command(
      pinnedNode,
      [at("node_modules", "rollup", "dist", "bin", "rollup"), "-c", at("rollup.config.mjs"), "--silent"],
      { cwd: at() },
    );
    writeIfChanged(at("dist", "wasm", "module.d.ts"), binaryTypes);
    writeIfChanged(at("dist", "sbom.json"), `${JSON.stringify(billOfMaterials(), undefined, 2)}\n`);
    remember(stamp, print);
  }

  return { current, build };
}
