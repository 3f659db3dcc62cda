// Paths of this repository, and the versions that the build pins. Constants only.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A path inside the repository. */
export const at = (...parts) => join(root, ...parts);

/** Tools that setup installs and git ignores. */
export const toolsFolder = at(".tools");
export const toolsBin = at(".tools", "bin");

/** Cargo's output; one folder per use, so that different flags do not invalidate each other. */
export const targetFolder = (name) => at("target", name);

/**
 * Crate and command line tool must have the same version, or wasm-bindgen rejects the binary;
 * `crates/wasm/Cargo.toml` pins the crate to the same number.
 */
export const wasmBindgenVersion = "0.2.129";
export const wasmPackVersion = "0.15.1";

/** Oldest Rust that compiles the crates, if Cargo.toml states none. */
const fallbackRustVersion = "1.85";

export function minimumRustVersion() {
  return /^rust-version\s*=\s*"([\d.]+)"/m.exec(read(at("Cargo.toml")))?.[1] ?? fallbackRustVersion;
}

export const packageJson = () => JSON.parse(readFileSync(at("package.json"), "utf8"));

/** The Node of devDependencies: tests and demo run on it, whatever Node the machine has. */
export const pinnedNode = at("node_modules", "node", "bin", "node");

/** The text of a file, or an empty string if it does not exist. */
export function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}
