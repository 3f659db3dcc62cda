// wasm-pack and wasm-bindgen of the pinned versions (scripts/tools), compiled into .tools/bin.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { filesUnder, fingerprint, isCurrent, remember } from "./fingerprint.mjs";
import { at, targetFolder, toolsBin, toolsFolder, wasmBindgenVersion, wasmPackVersion } from "./project.mjs";
import { environment } from "./rust.mjs";
import { command, Fault } from "./terminal.mjs";

export const title = `wasm-pack ${wasmPackVersion}, wasm-bindgen ${wasmBindgenVersion}`;

const sources = "scripts/tools";
const stamp = join(toolsFolder, "tools.fingerprint");
const print = () => fingerprint(filesUnder(sources), wasmPackVersion, wasmBindgenVersion);

export const isPresent = () =>
  ["wasm-pack", "wasm-bindgen"].every((program) => existsSync(join(toolsBin, program))) && isCurrent(stamp, print());

/**
 * Compiles them with any toolchain that is recent enough. After a failure the next attempt reuses
 * the completed part.
 */
export async function install(toolchain, report) {
  const args = ["install", "--locked", "--force", "--root", toolsFolder, "--path", at(sources)];
  const folder = targetFolder("tools");
  let count = 0;
  try {
    await command(join(toolchain.folder, "cargo"), args, {
      env: { ...environment(toolchain), CARGO_TARGET_DIR: folder },
      onLine: (line) => {
        const name = /^Compiling (\S+)/.exec(line)?.[1];
        if (name) report(`crate ${++count}: ${name}`);
      },
    });
  } catch (error) {
    throw new Fault(
      `${title} could not be installed.\n${error.message}`,
      `cargo install --locked --root .tools --path ${sources}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  remember(stamp, print());
}
