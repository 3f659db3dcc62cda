// Two builds of the same sources, in two folders, give the same bytes: the binaries (whose panic
// messages could contain a folder's name) and everything that is published.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { families } from "../../scripts/lib/families.mjs";
import { filesUnder, fingerprint, isCurrent, remember } from "../../scripts/lib/fingerprint.mjs";
import { level } from "../level.ts";
import { nodes, root } from "./consumer.ts";

const run = promisify(execFile);
const folder = join(realpathSync(mkdtempSync(join(tmpdir(), "path-signature-again-"))), "elsewhere");
afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

/**
 * Compiling a binary also compiles Rust's library, half a minute on one core. CI compiles all of
 * them. Elsewhere one is compiled, and not again for the same sources and bytes.
 */
const print = fingerprint(filesUnder("crates", "Cargo.toml", "Cargo.lock", "scripts/lib", "dist/wasm"));
const shown = join(root, "target", "test", "reproduced");
const isShown = level !== "all" && isCurrent(shown, print);
const again = process.env.CI ? ["simd", "relaxed", "threads"] : isShown ? [] : ["simd"];

beforeAll(async () => {
  const sources = ["crates", "scripts", "ts", "Cargo.toml", "Cargo.lock", "package.json", "package-lock.json"];
  for (const name of [...sources, "rollup.config.mjs", "tsconfig.json", "tsconfig.build.json", "tsconfig.cli.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const name of ["node_modules", ".tools"]) symlinkSync(join(root, name), join(folder, name));
  rmSync(join(folder, "ts", "generated"), { recursive: true, force: true });
  // The other binaries are copied.
  cpSync(join(root, "pkg"), join(folder, "pkg"), { recursive: true });
  for (const family of Object.keys(families))
    for (const variant of again) rmSync(join(folder, "pkg", family, variant), { recursive: true });
  await run(nodes["Node 24"], [join(folder, "scripts", "build.mjs")], { cwd: folder, maxBuffer: 2 ** 26 });
}, 1_800_000);

const filesOf = (dist: string) =>
  readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ".fingerprint")
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1))
    .sort();

it("builds the same files with the same bytes elsewhere", () => {
  for (const variant of again)
    expect(existsSync(join(folder, "target", variant)), `${variant} was compiled`).toBe(true);
  const files = filesOf(join(root, "dist"));
  expect(filesOf(join(folder, "dist"))).toEqual(files);
  const different = files.filter(
    (file) => !readFileSync(join(root, "dist", file)).equals(readFileSync(join(folder, "dist", file))),
  );
  expect(different).toEqual([]);
  remember(shown, print);
});
