// Finds a Rust toolchain that can build the three binaries, and how to call it. It only searches;
// setup.mjs installs.
//
// Every variant compiles the standard library with its own features (-Zbuild-std): `threads`
// requires that, and the others do it too so that there is only one procedure. This needs the
// library's source (rust-src) and a wasm linker, but neither a prebuilt wasm32 library nor a
// nightly compiler: RUSTC_BOOTSTRAP=1 lets a stable cargo accept the one unstable flag.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { at, minimumRustVersion, read, toolsBin } from "./project.mjs";

/** What setup found, so that later runs start no process to find it again. */
export const stampPath = at(".tools", "rust.json");

const pathFolders = () => (process.env.PATH ?? "").split(delimiter).filter(Boolean);

export const onPath = (name) =>
  pathFolders()
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

/**
 * Folders that may contain a rustc: rustup's toolchains themselves (not its shims, which choose by
 * folder), then PATH.
 */
function candidateFolders() {
  const toolchains = join(process.env.RUSTUP_HOME ?? join(homedir(), ".rustup"), "toolchains");
  const fromRustup = existsSync(toolchains) ? readdirSync(toolchains).map((name) => join(toolchains, name, "bin")) : [];
  const system = [...pathFolders(), "/usr/local/bin", "/usr/bin"].filter(
    (folder) => !existsSync(join(folder, "rustup")),
  );
  const seen = new Set();
  return [...fromRustup, ...system].filter((folder) => {
    if (!existsSync(join(folder, "rustc")) || !existsSync(join(folder, "cargo"))) return false;
    const real = realpathSync(join(folder, "rustc"));
    return !seen.has(real) && seen.add(real);
  });
}

const versionNumbers = (version) => version.split(/[.-]/).slice(0, 3).map(Number);

export function isAtLeast(version, minimum) {
  const [a, b] = [versionNumbers(version), versionNumbers(minimum)];
  for (let i = 0; i < 3; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  return true;
}

function describe(folder) {
  try {
    const rustc = join(folder, "rustc");
    const verbose = execFileSync(rustc, ["-vV"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const sysroot = execFileSync(rustc, ["--print", "sysroot"], { encoding: "utf8" }).trim();
    const version = /^release: (.+)$/m.exec(verbose)[1];
    const host = /^host: (.+)$/m.exec(verbose)[1];
    return { folder, sysroot, version, host, source: join(sysroot, "lib", "rustlib", "src", "rust") };
  } catch {
    return undefined; // a shim without a toolchain, or a binary of another machine
  }
}

/**
 * rustup's compiler includes rust-lld; distributions omit it and add the version to the name of
 * LLVM's linker.
 */
function linkerFor(toolchain) {
  const bundled = join(toolchain.sysroot, "lib", "rustlib", toolchain.host, "bin", "rust-lld");
  if (existsSync(bundled)) return { name: "rust-lld", flags: [] };
  const versioned = new Set(pathFolders().flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : [])));
  const names = [...versioned].filter((name) => /^wasm-ld(-\d+)?$/.test(name));
  const number = (name) => Number(name.slice("wasm-ld-".length) || Number.MAX_SAFE_INTEGER);
  const best = names.sort((a, b) => number(b) - number(a))[0];
  return best && { name: best, flags: ["-C", `linker=${best}`] };
}

/**
 * The toolchains of this machine, each with what it lacks for our builds: complete ones first,
 * stable releases from new to old, then nightlies.
 */
export function survey() {
  const minimum = minimumRustVersion();
  return candidateFolders()
    .map(describe)
    .filter(Boolean)
    .map((toolchain) => {
      const linker = linkerFor(toolchain);
      const lacks = [];
      if (!isAtLeast(toolchain.version, minimum)) lacks.push(`version ${minimum}`);
      if (!existsSync(join(toolchain.source, "library", "std"))) lacks.push("rust-src");
      if (!linker) lacks.push("wasm-ld");
      return { ...toolchain, linker, lacks };
    })
    .sort(
      (a, b) =>
        a.lacks.length - b.lacks.length ||
        Number(a.version.includes("-")) - Number(b.version.includes("-")) ||
        (isAtLeast(a.version, b.version) ? -1 : 1),
    );
}

/** A toolchain that compiles programs for this machine, whatever it lacks for the binaries. */
export const recentToolchain = () => survey().find(({ version }) => isAtLeast(version, minimumRustVersion()));

/**
 * The toolchain that setup chose, or undefined if it has to be searched (again). Starts no process.
 */
export function remembered() {
  const text = read(stampPath);
  if (!text) return undefined;
  const toolchain = JSON.parse(text);
  const present =
    existsSync(join(toolchain.folder, "rustc")) &&
    existsSync(join(toolchain.folder, "cargo")) &&
    existsSync(join(toolchain.source, "library", "std")) &&
    (toolchain.linker.flags.length === 0 || onPath(toolchain.linker.name)) &&
    isAtLeast(toolchain.version, minimumRustVersion());
  return present ? toolchain : undefined;
}

/** An environment with that toolchain's `cargo` and our wasm-bindgen. */
export function environment(toolchain) {
  return {
    PATH: [toolchain.folder, toolsBin, process.env.PATH].join(delimiter),
    RUSTC: join(toolchain.folder, "rustc"),
    CARGO: join(toolchain.folder, "cargo"),
    // Flags from the shell would change the binaries.
    RUSTFLAGS: "",
    CARGO_ENCODED_RUSTFLAGS: undefined,
    RUSTUP_TOOLCHAIN: undefined,
  };
}
