// Compiles one binary (a variant of a family) from crates/wasm with wasm-pack, unless no input has
// changed. Writes pkg/<family>/<variant>, dist/wasm/<variant>.wasm (prefixed with the family), and
// ts/generated/<family>/<variant>.ts, which entries import.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { families, prefixed } from "./families.mjs";
import { described } from "./features.mjs";
import { filesUnder, fingerprint, isCurrent, remember, writeIfChanged } from "./fingerprint.mjs";
import { namedInOrder } from "./function-order.mjs";
import { makePatch } from "./patch.mjs";
import { at, root, targetFolder, toolsBin, wasmBindgenVersion, wasmPackVersion } from "./project.mjs";
import { environment } from "./rust.mjs";
import { command } from "./terminal.mjs";
import { patchBase, variants } from "./variants.mjs";

const pkg = ({ family, variant }, ...rest) => at("pkg", family, variant, ...rest);
const built = (binary) => pkg(binary, "path_signature_bg.wasm");
/** The output of wasm-pack, and its name. */
const bytesOf = (binary) => described(readFileSync(built(binary)), binary.family, variants[binary.variant].features);
const shipped = ({ family, variant }) => at("dist", "wasm", `${prefixed(family, variant)}.wasm`);
const generated = ({ family, variant }) => at("ts", "generated", family, `${variant}.ts`);

function rustflags(variant, toolchain) {
  const { features, rustflags: extra } = variants[variant];
  return [
    "-C",
    `target-feature=${features.map((feature) => `+${feature}`).join(",")}`,
    // Loop strength reduction turns constant offsets from one base, which WebAssembly loads encode
    // for free, into separate pointers that are computed and spilled: 5 to 10 % slower
    // (bench/NOTES.md).
    "-C",
    "llvm-args=-disable-lsr",
    "-C",
    "llvm-args=-pre-RA-sched=source",
    // Per-call and per-path code is optimised for size: `optimize(size)` in crates/kernels.
    "--cfg",
    "path_signature_small",
    // Nobody would see a panic message; a panic is a trap either way.
    "-Z",
    "unstable-options",
    "-C",
    "panic=immediate-abort",
    // Names that do not depend on the machine, for whoever looks into a binary before `finish`.
    "-C",
    "symbol-mangling-version=v0",
    ...toolchain.linker.flags,
    ...extra,
  ];
}

/**
 * Panic messages contain source paths. Without this machine's folders the same sources give the
 * same bytes anywhere.
 */
function remap(toolchain) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const folders = [
    [toolchain.source, "/rust"],
    [cargoHome, "/cargo"],
    [root, "/path-signature"],
  ];
  return folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}

/** Inputs of a binary other than Cargo.lock, which cargo itself may write while building. */
function sources() {
  const crates = filesUnder("crates").filter((file) => !/[\\/](tests|benches|examples)[\\/]/.test(file));
  return [...crates, ...filesUnder("Cargo.toml", ".cargo", "scripts/lib/function-order.mjs")];
}

const kibibytes = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/** Features are named to wasm-opt, so that it neither drops nor adds any. */
const binaryenFeature = {
  simd128: "--enable-simd",
  "relaxed-simd": "--enable-relaxed-simd",
  atomics: "--enable-threads",
  "bulk-memory": "--enable-bulk-memory",
  "mutable-globals": "--enable-mutable-globals",
};
/** Features that rustc's baseline for wasm32 enables in every variant. */
const baseline = [
  "sign-ext",
  "nontrapping-float-to-int",
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "multivalue",
  "reference-types",
];

/**
 * Sorts functions so that similar ones are within the 32 KiB in which gzip finds repetitions, and
 * removes their names: 8 % of the download. The code is unchanged, unless optimisation is
 * requested.
 */
async function finish(binary, wasmOpt) {
  const file = built(binary);
  writeFileSync(file, namedInOrder(readFileSync(file)));
  const enable = new Set([
    ...baseline.map((name) => `--enable-${name}`),
    ...variants[binary.variant].features.map((name) => binaryenFeature[name]),
  ]);
  await command(process.execPath, [
    at("node_modules", "binaryen", "bin", "wasm-opt"),
    ...(wasmOpt ? ["-O3"] : []),
    "--reorder-functions-by-name",
    "--strip-debug",
    "--mvp-features",
    ...enable,
    file,
    "-o",
    `${file}.finished`,
  ]);
  renameSync(`${file}.finished`, file);
}

/** Plan of one binary: whether it is up to date, and how to build it. */
function planOne(binary, toolchain, wasmOpt) {
  const { family, variant } = binary;
  const flags = rustflags(variant, toolchain);
  const cargoArguments = [
    ...["-Zbuild-std=std,panic_abort", "--no-default-features", "--features", family],
    // The allocator, which is called a few times a task at most: 0.4 to 0.7 kB of a binary.
    ...["--config", 'profile.release.package.std.opt-level="z"'],
  ];
  const print = fingerprint(
    sources(),
    flags,
    cargoArguments,
    toolchain.version,
    wasmPackVersion,
    wasmBindgenVersion,
    wasmOpt,
  );
  const withLock = () => fingerprint(filesUnder("Cargo.lock"), print);
  const stamp = pkg(binary, ".fingerprint");
  const current = isCurrent(stamp, withLock()) && existsSync(built(binary));

  async function build(report) {
    // So that an interrupted build does not count as complete.
    rmSync(stamp, { force: true });
    await command(
      join(toolsBin, "wasm-pack"),
      [
        ...["build", at("crates", "wasm"), "--mode", "force", "--no-opt", "--target", "web", "--release"],
        ...["--out-dir", pkg(binary), "--out-name", "path_signature", "--", ...cargoArguments],
      ],
      {
        env: {
          ...environment(toolchain),
          RUSTFLAGS: [...flags, ...remap(toolchain)].join(" "),
          RUSTC_BOOTSTRAP: "1",
          CARGO_TARGET_DIR: targetFolder(variant),
        },
        onLine: (line) => {
          const crate = /Compiling (\S+)/.exec(line)?.[1];
          if (crate) report(crate);
        },
      },
    );
    await finish(binary, wasmOpt);
    remember(stamp, withLock());
    return kibibytes(readFileSync(built(binary)).length);
  }

  return { ...binary, current, build };
}

/**
 * Plans of all families' binaries of a variant. They share one target folder, since std and the
 * kernels compile to the same for all families; so they are built in sequence.
 */
export const plan = (variant, toolchain, { wasmOpt = false } = {}) =>
  Object.keys(families).map((family) => planOne({ family, variant }, toolchain, wasmOpt));

/**
 * Copies a variant's binaries to where the bundle and the sources take them from. Cheap, so it is
 * always done.
 */
export function place(variant) {
  for (const family of Object.keys(families)) {
    const binary = { family, variant };
    const base = { family, variant: patchBase };
    writeIfChanged(shipped(binary), bytesOf(binary));
    // With `build --variant`, a variant is inlined only if the base exists.
    if (!existsSync(built(base))) continue;
    for (const one of variant === patchBase ? Object.keys(variants) : [variant])
      if (existsSync(built({ family, variant: one }))) inline({ family, variant: one }, base);
  }
}

/** Writes the bytes of a binary as a source file: the base whole, the others as patches of it. */
function inline(binary, base) {
  const bytes = bytesOf(binary);
  const [what, text] =
    binary.variant === base.variant
      ? ["the binary's bytes", bytes]
      : [`what makes the binary's bytes out of those of \`${base.variant}\``, makePatch(bytesOf(base), bytes)];
  writeIfChanged(
    generated(binary),
    [
      `// Made by scripts/build.mjs from crates/wasm: ${what}, in hexadecimal digits. Not committed.`,
      "",
      `const hex: string =\n  "${text.toString("hex")}";`,
      "export default hex;",
      "",
    ].join("\n"),
  );
}

/**
 * pkg must exist before several wasm-packs start in parallel; its .gitignore hides it from other
 * tools.
 */
export function prepare() {
  mkdirSync(at("pkg"), { recursive: true });
  writeFileSync(at("pkg", ".gitignore"), "*\n");
}
