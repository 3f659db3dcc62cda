// Rust under AddressSanitizer, where the toolchain has it: random calls of the kernels in which
// every block of memory has exactly the stated size (crates/kernels/tests/fuzz.rs), and heads that
// are right but for some words (crates/wasm/src/tests/fuzz.rs). Without it the same cases run
// plainly. Long runs give half of their time to libFuzzer (crates/fuzz), where cargo has it.

import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { at } from "../../scripts/lib/project.mjs";
import { environment, recentToolchain, remembered } from "../../scripts/lib/rust.mjs";
import type { Failure, Part } from "./part.ts";

interface Toolchain {
  readonly folder: string;
  readonly sysroot: string;
  readonly host: string;
}

const programs = [
  { target: ["-p", "path-signature-kernels", "--test", "fuzz"], filter: [] },
  { target: ["-p", "path-signature-wasm", "--lib"], filter: ["tests::fuzz"] },
];

/** Cases of one run of a program. */
const casesAtOnce = 2500;

/** Whether the toolchain brings the sanitizer's run-time library. */
function hasSanitizer({ sysroot, host }: Toolchain): boolean {
  const folder = join(sysroot, "lib", "rustlib", host, "lib");
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes("rt.asan"));
}

async function runProgram(toolchain: Toolchain, program: (typeof programs)[0], seed: number, cases: number) {
  const sanitized = hasSanitizer(toolchain);
  // Stable compilers accept the unstable flag with RUSTC_BOOTSTRAP. A target keeps it from build
  // scripts and macros.
  const flags = sanitized ? { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Zsanitizer=address" } : {};
  const built = sanitized ? ["--target", toolchain.host, "--target-dir", at("target", "asan")] : [];
  const args = ["test", ...program.target, ...built, ...program.filter, "--", "--nocapture"];
  const settings = { ...flags, FUZZ_SEED: String(seed), FUZZ_CASES: String(cases) };
  const env = { ...process.env, ...environment(toolchain), ...settings };
  try {
    await promisify(execFile)(join(toolchain.folder, "cargo"), args, { cwd: at(), env, maxBuffer: 2 ** 28 });
    return undefined;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const last = stdout.match(/^seed \d+: .*$/gm)?.at(-1);
    const first = stderr.match(/^.*(ERROR: AddressSanitizer|panicked at|error(\[|:)).*\n?.*$/m)?.[0];
    const failing = last?.match(/\d+/)?.[0] ?? String(seed);
    const script = Object.entries({ ...settings, FUZZ_SEED: failing, FUZZ_CASES: "1" })
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");
    const what = `${first ?? String(error)}\n${last ?? "no case"}`;
    return { seed: Number(failing), what, script: `${script} cargo ${args.join(" ")}` } satisfies Failure;
  }
}

const fuzzer = ["+nightly", "fuzz"];

/** libFuzzer on heads of tasks; nothing where it cannot be had. */
async function runLibFuzzer(seed: number, seconds: number): Promise<{ cases: number; failure?: Failure }> {
  const cargo = (...args: string[]) =>
    promisify(execFile)("cargo", [...fuzzer, ...args], {
      cwd: at("crates", "fuzz"),
      // Tables that no memory could hold are asked for, and refused when the allocator gives none.
      env: {
        ...process.env,
        CARGO_TARGET_DIR: at("target", "libfuzzer"),
        ASAN_OPTIONS: "allocator_may_return_null=1",
      },
      maxBuffer: 2 ** 28,
    });
  try {
    await cargo("--version");
    await cargo("build", "--fuzz-dir", ".", "run");
  } catch {
    return { cases: 0 };
  }
  const limits = [
    `-max_total_time=${Math.ceil(seconds)}`,
    `-seed=${1 + (seed % 2 ** 31)}`,
    "-timeout=20",
    "-malloc_limit_mb=1000000",
    "-rss_limit_mb=4096",
  ];
  try {
    const { stderr } = await cargo("run", "--fuzz-dir", ".", "run", "--", ...limits);
    return { cases: Number(/^Done (\d+) runs/m.exec(stderr)?.[1] ?? 0) };
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const what = /^.*(ERROR: |panicked at).*\n?.*$/m.exec(stderr)?.[0] ?? String(error);
    const input = /^Base64: (\S*)$/m.exec(stderr)?.[1] ?? "";
    const script = `echo ${input} | base64 -d > /tmp/input && cd crates/fuzz && \
ASAN_OPTIONS=allocator_may_return_null=1 cargo ${fuzzer.join(" ")} run --fuzz-dir . run /tmp/input`;
    return { cases: 1, failure: { seed, what, script } };
  }
}

export const part: Part = {
  name: "rust",
  quick: 10_000,
  few: 1000,
  async run({ seed, cases = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY, log }) {
    const toolchain = (remembered() ?? recentToolchain()) as Toolchain | undefined;
    if (toolchain === undefined) throw new Error("no Rust toolchain: npm run setup");
    if (!hasSanitizer(toolchain)) log?.("rust: this toolchain has no AddressSanitizer");
    const failures: Failure[] = [];
    let done = 0;
    if (Number.isFinite(seconds)) {
      const begin = performance.now();
      const { cases, failure } = await runLibFuzzer(seed, seconds / 2);
      if (failure) failures.push(failure);
      done += cases;
      log?.(`rust: ${cases} cases of libFuzzer${cases === 0 ? ", which is not there: cargo install cargo-fuzz" : ""}`);
      seconds -= cases === 0 ? 0 : Math.min(seconds / 2, (performance.now() - begin) / 1000);
    }
    const end = performance.now() + seconds * 1000;
    while (done < cases && performance.now() < end && failures.length === 0) {
      for (const program of programs) {
        const count = Math.min(casesAtOnce, Math.ceil((cases - done) / 2) || 1);
        // Seeds have 32 bits there.
        const failure = await runProgram(toolchain, program, (seed + done) % 2 ** 31, count);
        if (failure) {
          failures.push(failure);
          log?.(`seed ${failure.seed}: ${failure.what}`);
        }
        done += count;
        if (done >= cases) break;
      }
    }
    return { cases: done, failures };
  },
};
