// The machine: its name, its description in results, and the core that all measuring processes
// share.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root, with a trailing separator. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

const run = (program, args) => {
  try {
    return execFileSync(program, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
};

const cores = os.availableParallelism();

/** taskset is Linux only. Elsewhere processes are not pinned, and the result says so. */
export const canPin = cores > 1 && run("taskset", ["-p", String(process.pid)]) !== undefined;

/** The last core: the first one serves interrupts on many machines. */
const measuringCore = cores - 1;

/** Pins a command to the measuring core. */
export const pinned = (command) => (canPin ? ["taskset", "-c", String(measuringCore), ...command] : command);

/** Moves this process, which draws progress and waits, off the measuring core. */
export function leaveMeasuringCore() {
  if (canPin) run("taskset", ["-acp", `0-${measuringCore - 1}`, String(process.pid)]);
}

/** "AMD EPYC", without trademarks and clock rates. */
function processor() {
  const model = os.cpus()[0]?.model ?? os.arch();
  return model
    .replace(/\((R|TM|C)\)/gi, "")
    .replace(/\b(CPU|Processor|\d+-Core)\b/gi, "")
    .replace(/@.*$/, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Lower case words and digits joined by hyphens, for file names. */
const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** The widest vectors that a native peer could use. */
function vectorExtension() {
  if (!existsSync("/proc/cpuinfo")) return undefined;
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1].split(" ") ?? [];
  return ["avx512f", "avx2", "avx", "asimd", "sse2"].find((flag) => flags.includes(flag));
}

/** Description of the machine for a result. */
export function machine() {
  const name = processor();
  return {
    name,
    slug: slug(`${name} ${cores} cores`),
    cores,
    family: /^cpu family\s*:\s*(\d+)/m.exec(
      existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "",
    )?.[1],
    vectors: vectorExtension(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    architecture: os.arch(),
    pinnedToCore: canPin ? measuringCore : null,
    loadBefore: os.loadavg()[0],
  };
}

/**
 * The code that was measured: the commit, whether the tree differed from it, and the checksums of
 * the binaries.
 */
export function codeMeasured() {
  const checksum = (file) =>
    existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16) : undefined;
  return {
    commit: run("git", ["rev-parse", "--short=12", "HEAD"]) ?? null,
    modified: (run("git", ["status", "--porcelain", "--untracked-files=no", "--", "crates", "ts"]) ?? "") !== "",
    binaries: Object.fromEntries(
      ["simd", "relaxed"].map((variant) => [variant, checksum(join(root, "dist/wasm", `${variant}.wasm`))]),
    ),
  };
}

/** Node 24, which has relaxed SIMD: this process's own, or that of the development dependencies. */
export function node24() {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  const brought = join(root, "node_modules/node/bin/node");
  if (existsSync(brought)) return brought;
  throw new Error(
    `Node 24 is needed to run the relaxed binary, and this is ${process.version}: run "npm run bench", which brings it`,
  );
}
