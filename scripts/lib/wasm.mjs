// Compiles one variant of crates/wasm with wasm-pack, unless nothing that goes into it changed. Writes pkg/<variant>,
// dist/wasm/<variant>.wasm and, for the inlined variants, ts/generated/<variant>.ts (ts/wasm/binaries.ts reads it).

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withFeatures } from "./features.mjs";
import { filesUnder, fingerprint, isCurrent, remember, writeIfChanged } from "./fingerprint.mjs";
import { makePatch } from "./patch.mjs";
import { at, root, targetFolder, toolsBin, wasmBindgenVersion, wasmPackVersion } from "./project.mjs";
import { environment } from "./rust.mjs";
import { command } from "./terminal.mjs";
import { inlined, variants } from "./variants.mjs";

const pkg = (variant, ...rest) => at("pkg", variant, ...rest);
const built = (variant) => pkg(variant, "path_signature_bg.wasm");
/** What wasm-pack made, and what it is. */
const bytesOf = (variant) => withFeatures(readFileSync(built(variant)), variants[variant].features);
const shipped = (variant) => at("dist", "wasm", `${variant}.wasm`);
const generated = (variant) => at("ts", "generated", `${variant}.ts`);

function rustflags(variant, toolchain) {
  const { features, rustflags: extra } = variants[variant];
  return [
    "-C",
    `target-feature=${features.map((feature) => `+${feature}`).join(",")}`,
    // Loop strength reduction turns constant offsets from one base, which WebAssembly loads take for free, into pointers of their own
    // that are added up and spilled: 5 to 10 % slower (bench/NOTES.md).
    "-C",
    "llvm-args=-disable-lsr",
    "-C",
    "llvm-args=-pre-RA-sched=source",
    // Code that runs once a call or once a path is compiled for size: `optimize(size)` in crates/kernels.
    "--cfg",
    "path_signature_small",
    // Nobody would see a panic's message: it ends in a trap all the same.
    "-Z",
    "unstable-options",
    "-C",
    "panic=immediate-abort",
    // Names by which functions can be put in order (`finish`): with all type parameters, and nothing that depends on the machine first.
    "-C",
    "symbol-mangling-version=v0",
    ...toolchain.linker.flags,
    ...extra,
  ];
}

/** Panic messages hold source paths; without the folders of this machine the same sources give the same bytes anywhere. */
function remap(toolchain) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const folders = [
    [toolchain.source, "/rust"],
    [cargoHome, "/cargo"],
    [root, "/path-signature"],
  ];
  return folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}

/** Files that decide what a binary holds, other than Cargo.lock, which cargo itself may write while building. */
function sources() {
  const crates = filesUnder("crates").filter((file) => !/[\\/](tests|benches|examples)[\\/]/.test(file));
  return [...crates, ...filesUnder("Cargo.toml", ".cargo")];
}

const kibibytes = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/** wasm-opt is told the features by name, so that it can neither drop nor add any. */
const binaryenFeature = {
  simd128: "--enable-simd",
  "relaxed-simd": "--enable-relaxed-simd",
  atomics: "--enable-threads",
  "bulk-memory": "--enable-bulk-memory",
  "mutable-globals": "--enable-mutable-globals",
};
/** Features that rustc's own baseline for wasm32 turns on in every variant. */
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
 * Functions by name, then no names. What a function is for float32 and for float64, or for other numbers of channels, then stands side by side, where
 * gzip, which looks back 32 KiB, sees that they are alike: 5 % of the download. The code in them stays as it is, unless it is to be optimised.
 */
async function finish(variant, wasmOpt) {
  const file = built(variant);
  const enable = new Set([
    ...baseline.map((name) => `--enable-${name}`),
    ...variants[variant].features.map((name) => binaryenFeature[name]),
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

/** Plan of one variant: whether it is current, and how to build it. */
export function plan(variant, toolchain, { wasmOpt = false } = {}) {
  const flags = rustflags(variant, toolchain);
  const cargoArguments = ["-Zbuild-std=std,panic_abort"];
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
  const stamp = pkg(variant, ".fingerprint");
  const current = isCurrent(stamp, withLock()) && existsSync(built(variant));

  async function build(report) {
    // An interrupted build must not pass for a finished one.
    rmSync(stamp, { force: true });
    await command(
      join(toolsBin, "wasm-pack"),
      [
        ...["build", at("crates", "wasm"), "--mode", "force", "--no-opt", "--target", "web", "--release"],
        ...["--out-dir", pkg(variant), "--out-name", "path_signature", "--", ...cargoArguments],
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
    await finish(variant, wasmOpt);
    remember(stamp, withLock());
    return kibibytes(readFileSync(built(variant)).length);
  }

  return { variant, current, build };
}

/** Copies what wasm-pack made to where the bundle and the sources take it from. Cheap, so it is always done. */
export function place(variant) {
  writeIfChanged(shipped(variant), bytesOf(variant));
  if (!inlined.includes(variant)) return;
  const [base] = inlined;
  // A variant alone (build --variant) is placed once the base is there.
  if (!existsSync(built(base))) return;
  for (const one of variant === base ? inlined : [variant]) if (existsSync(built(one))) inline(one, base);
}

/** Writes a variant's bytes as a source file: the base whole, the others as patches of it. */
function inline(variant, base) {
  const bytes = bytesOf(variant);
  const [name, what, text] =
    variant === base
      ? ["hex", "the binary's bytes", bytes]
      : ["patchHex", `what makes the binary's bytes out of those of \`${base}\``, makePatch(bytesOf(base), bytes)];
  writeIfChanged(
    generated(variant),
    [
      `// Made by scripts/build.mjs from crates/wasm: ${what}. Not committed.`,
      "",
      `export const ${name}: string =\n  "${text.toString("hex")}";`,
      "",
    ].join("\n"),
  );
}

/** pkg must exist before several wasm-packs start in parallel; its .gitignore keeps stray tools out of it. */
export function prepare() {
  mkdirSync(at("pkg"), { recursive: true });
  writeFileSync(at("pkg", ".gitignore"), "*\n");
}
