// All static checks: TypeScript's types, rustfmt and clippy, biome's linter and formatter, the
// width of lines, lock files, the count of `unsafe`, a dry run of the release. Every check runs
// even if another fails. `--write` (npm run format) formats and applies safe fixes instead.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, isDebian, isRoot } from "./lib/get-rust.mjs";
import { at, minimumRustVersion, pinnedNode, targetFolder } from "./lib/project.mjs";
import { environment, isAtLeast, onPath, remembered, survey } from "./lib/rust.mjs";
import { checkLocks, checkUnsafe } from "./lib/supply.mjs";
import { command, Fault, main, step } from "./lib/terminal.mjs";
import { checkWidths } from "./lib/width.mjs";

const write = process.argv.includes("--write");

/**
 * A toolchain with clippy and rustfmt, which are optional components: the build's own toolchain if
 * it has them, else another recent one.
 */
function findLinters() {
  const all = [remembered(), ...survey()].filter(Boolean);
  return all.find(
    ({ folder, version }) =>
      isAtLeast(version, minimumRustVersion()) &&
      ["cargo-clippy", "clippy-driver", "cargo-fmt", "rustfmt"].every((name) => existsSync(join(folder, name))),
  );
}

async function ensureLinters() {
  const present = findLinters();
  if (present) return present;
  await step("clippy and rustfmt", async () => {
    const toolchain = remembered();
    if (toolchain?.sysroot.includes("toolchains") && onPath("rustup")) {
      const name = toolchain.sysroot.split(/[\\/]/).at(-1);
      await command(onPath("rustup"), ["component", "add", "clippy", "rustfmt", "--toolchain", name]);
    } else if (isDebian() && isRoot()) {
      await aptInstall(["rust-web-clippy", "rustfmt-web"]).catch(() => aptInstall(["rust-clippy", "rustfmt"]));
    }
  });
  const found = findLinters();
  if (!found) throw new Fault("clippy and rustfmt are missing.", "rustup component add clippy rustfmt");
  return found;
}

const biome = (...args) =>
  command(pinnedNode, [at("node_modules", "@biomejs", "biome", "bin", "biome"), ...args, "--colors=off"], {
    cwd: at(),
  });

await main(async () => {
  const toolchain = await ensureLinters();
  const env = { ...environment(toolchain), CARGO_TARGET_DIR: targetFolder("clippy") };
  const cargo = (...args) => command(join(toolchain.folder, "cargo"), args, { env, cwd: at() });
  // By file: cargo does not find modules that a macro declares (crates/kernels/src/ops/mod.rs).
  const sources = readdirSync(at("crates"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".rs"),
  );
  const rustfmt = (...options) =>
    command(join(toolchain.folder, "rustfmt"), ["--edition", "2024", ...options, ...sources], {
      env,
      cwd: at("crates"),
    });
  const steps = write
    ? [
        ["rustfmt", () => rustfmt()],
        ["biome", () => biome("check", "--write")],
      ]
    : [
        // By path: node_modules/.bin/tsc belongs to another package's older TypeScript.
        [
          "tsc",
          () =>
            command(pinnedNode, [at("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.json"], { cwd: at() }),
        ],
        [
          "tsc (published sources)",
          () =>
            command(
              pinnedNode,
              [at("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json", "--noEmit"],
              { cwd: at() },
            ),
        ],
        [
          "tsc (site)",
          () =>
            command(pinnedNode, [at("node_modules", "typescript", "bin", "tsc"), "-p", at("site", "tsconfig.json")], {
              cwd: at(),
            }),
        ],
        ["rustfmt", () => rustfmt("--check")],
        ["clippy", () => cargo("clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings")],
        ...["algebra", "kernels"].map((family) => [
          `clippy (${family})`,
          () =>
            cargo(
              ...["clippy", "-p", "path-signature-wasm", "--no-default-features", "--features", family],
              ...["--all-targets", "--locked", "--", "-D", "warnings"],
            ),
        ]),
        ["biome", () => biome("ci")],
        ["line widths", checkWidths],
        ["lock files", checkLocks],
        ["unsafe blocks", checkUnsafe],
        ["release (dry run)", () => command(pinnedNode, [at("scripts", "release.mjs"), "--dry-run"], { cwd: at() })],
      ];
  let failed = 0;
  for (const [title, work] of steps) {
    try {
      // The output of tools is shown if they fail only.
      await step(title, async () => {
        const said = await work();
        return work === checkUnsafe ? said : undefined;
      });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      console.error(error.message);
      failed++;
    }
  }
  return failed === 0 ? 0 : 1;
});
