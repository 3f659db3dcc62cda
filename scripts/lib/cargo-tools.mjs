// wasm-pack and wasm-bindgen of the pinned versions, compiled into .tools/bin.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { at, read, targetFolder, toolsBin, toolsFolder, wasmBindgenVersion, wasmPackVersion } from "./project.mjs";
import { environment } from "./rust.mjs";
import { command, Fault } from "./terminal.mjs";

export const tools = [
  { crate: "wasm-pack", version: wasmPackVersion, program: "wasm-pack" },
  { crate: "wasm-bindgen-cli", version: wasmBindgenVersion, program: "wasm-bindgen" },
];

const folder = () => targetFolder("tools");

/** cargo's own list of what it installed under .tools; written after the program is in place. */
export function isPresent({ crate, version, program }) {
  return existsSync(join(toolsBin, program)) && read(at(".tools", ".crates.toml")).includes(`"${crate} ${version} (`);
}

export async function install({ crate, version }, toolchain, report) {
  const args = ["install", "--locked", "--force", "--root", toolsFolder, "--version", version, crate];
  let count = 0;
  try {
    await command(join(toolchain.folder, "cargo"), args, {
      env: {
        ...environment(toolchain),
        CARGO_TARGET_DIR: folder(),
        // These tools run for a second or two per build: compiling them fast is worth more than their own speed.
        CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
        CARGO_PROFILE_RELEASE_LTO: "off",
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
        CARGO_PROFILE_RELEASE_DEBUG: "0",
      },
      onLine: (line) => {
        const name = /^Compiling (\S+)/.exec(line)?.[1];
        if (name) report(`crate ${++count}: ${name}`);
      },
    });
  } catch (error) {
    throw new Fault(
      `${crate} ${version} could not be installed.\n${error.message}`,
      `cargo install --locked --root .tools --version ${version} ${crate}`,
    );
  }
}

/** What compiling left; a failed install keeps it, so that the next one goes on from there. */
export function clean() {
  rmSync(folder(), { recursive: true, force: true });
}
