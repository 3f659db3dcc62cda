// The benchmark: measures the requested parts and writes a result file, its page and its chart into
// bench/results. bench/NOTES.md says how to read them.
//
//   npm run bench [-- --only peers,roofline,kernels,ratios,scaling,accuracy,memory,startup,size]
//     [--rows 4x4,8x3] [--peers pysiglib,…|none] [--quick]
//
//   npm run bench -- gpu        on a GPU, see gpu/run.mjs
//   npm run bench -- engine     threads, see engine/run.mjs
//   npm run bench -- dispatch   whether calls go to the fastest device, see dispatch/run.mjs
//   npm run bench -- gradients  vector–Jacobian products, see gradients/run.mjs
//   npm run bench -- signature-kernels  against pySigLib, see signature-kernels/run.mjs
//   npm run bench -- log-signatures   against signatures and pySigLib, see log-signatures.mjs
//   npm run bench -- select     chosen words, beside all words, see select.mjs
//   npm run bench -- shapes     random shapes, against pySigLib, see shapes.mjs
//   npm run bench -- windows    windows, intervals and live streams, see windows.mjs
//   npm run bench -- cli        the command line, beside Python: Parquet to Parquet, see cli.mjs
//   npm run bench -- playground  first paint and frames while drawing, see playground.mjs
//   npm run bench -- builds     against the build of another commit, see builds.mjs
//   npm run bench -- training   networks with a signature layer, see training/run.mjs
//
// Runs of one day on one machine are merged into one file: parts measured later that day replace
// earlier ones. Smoke tests (--quick) and selections (--rows, --peers) have files of their own,
// which git ignores.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { rowFilter } from "./grid.mjs";
import { Bench } from "./lib/bench.mjs";
import { codeMeasured, leaveMeasuringCore, machine, root } from "./lib/machine.mjs";
import { Progress } from "./lib/progress.mjs";
import { measureAccuracy } from "./parts/accuracy.mjs";
import { measureKernels } from "./parts/kernels.mjs";
import { measureMemory } from "./parts/memory.mjs";
import { measurePeers, peerNames } from "./parts/peers.mjs";
import { measureRatios } from "./parts/ratios.mjs";
import { measureRoofline } from "./parts/roofline.mjs";
import { measureScaling } from "./parts/scaling.mjs";
import { measureSize } from "./parts/size.mjs";
import { measureStartup } from "./parts/startup.mjs";
import { targetTable, writeReport } from "./report.mjs";

/** In the order in which they run: first short parts, and those that show a broken build. */
const parts = {
  size: measureSize,
  roofline: measureRoofline,
  startup: measureStartup,
  memory: measureMemory,
  kernels: measureKernels,
  ratios: measureRatios,
  scaling: measureScaling,
  accuracy: measureAccuracy,
  peers: measurePeers,
};

/**
 * Format version of result files, raised when the figures of a part change their form, so that old
 * and new ones are not mixed.
 */
const format = 1;

/** Names from a list, as in --only a,b. @throws naming the valid ones */
function choose(option, text, known) {
  if (text === undefined) return known;
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "none");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}: give some of ${known.join(", ")}`);
  return names;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rows: { type: "string" },
      peers: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  return {
    quick: values.quick,
    only: choose("only", values.only, Object.keys(parts)),
    peers: choose("peers", values.peers, peerNames),
    rows: rowFilter(values.rows),
    whole: !values.quick && values.rows === undefined && values.peers === undefined,
  };
}

/** Whether every part was measured in full, all on the same binaries. */
function isComplete(result) {
  const binaries = (name) => JSON.stringify(result.parts[name].code.binaries);
  const names = Object.keys(parts);
  return (
    names.every((name) => result.parts[name]?.whole) && names.every((name) => binaries(name) === binaries(names[0]))
  );
}

/** A result as text; seven digits are more than any clock resolves. */
const serialise = (result) =>
  `${JSON.stringify(result, (_, value) => (typeof value === "number" ? Number(value.toPrecision(7)) : value), 1)}\n`;

async function main() {
  const { quick, only, peers, rows, whole } = readOptions();
  if (!existsSync(join(root, "dist/index.js")))
    throw new Error("dist/ is not built: run npm run build, or npm run bench, which builds first");
  leaveMeasuringCore();

  const where = machine();
  const date = new Date().toISOString().slice(0, 10);
  const kind = quick ? "-quick" : whole ? "" : "-partial";
  const file = join(root, "bench/results", `${where.slug}-${date}${kind}.json`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  const earlier = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  const result = {
    format,
    date,
    machine: where,
    code: codeMeasured(),
    versions: {},
    complete: false,
    parts: {},
    ...pick(earlier, "versions", "parts"),
  };

  const bench = new Bench({ quick, rows, peers, progress: new Progress() });
  // On interruption: ends the processes and removes inputs; what was written after the last part
  // stays.
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  try {
    for (const name of Object.keys(parts).filter((part) => only.includes(part))) {
      const begin = performance.now();
      const measured = await parts[name](bench);
      bench.progress.stop();
      result.parts[name] = {
        whole,
        finished: new Date().toISOString(),
        seconds: Math.round((performance.now() - begin) / 1e3),
        code: result.code,
        ...measured,
      };
      result.versions = { ...result.versions, ...bench.versions() };
      result.complete = isComplete(result);
      // Written after every part, so that an interrupted run keeps its results.
      writeFileSync(file, serialise(result));
    }
  } finally {
    await bench.close();
  }
  const { files } = writeReport(file);
  process.stdout.write(
    `\n${targetTable(result)}\n\n${[file, ...files].map((path) => relative(root, path)).join("\n")}\n`,
  );
  if (!whole) process.stdout.write("Not a full run: these numbers are not to be quoted.\n");
}

const pick = (object, ...names) =>
  object?.format === format ? Object.fromEntries(names.map((name) => [name, object[name]])) : {};

/** Benchmarks with a command, a result and a page of their own. */
const others = {
  gpu: async (args) => (await import("./gpu/run.mjs")).runGpuBench(args),
  engine: async (args) => (await import("./engine/run.mjs")).runEngineBench(args),
  dispatch: async (args) => (await import("./dispatch/run.mjs")).runDispatchBench(args),
  "log-signatures": async (args) => (await import("./log-signatures.mjs")).runLogSignaturesBench(args),
  shapes: async (args) => (await import("./shapes.mjs")).runShapesBench(args),
  select: async () => (await import("./select.mjs")).runSelectBench(),
  windows: async (args) => (await import("./windows.mjs")).runWindowsBench(args),
  gradients: async (args) => (await import("./gradients/run.mjs")).runGradientsBench(args),
  "signature-kernels": async (args) => (await import("./signature-kernels/run.mjs")).runKernelsBench(args),
  cli: async (args) => (await import("./cli.mjs")).runCliBench(args),
  playground: async (args) => (await import("./playground.mjs")).runPlaygroundBench(args),
  builds: async (args) => (await import("./builds.mjs")).runBuildsBench(args),
  training: async (args) => (await import("./training/run.mjs")).runTrainingBench(args),
};
const [other, ...otherArgs] = process.argv.slice(2);

(Object.hasOwn(others, other ?? "") ? others[other](otherArgs) : main()).catch((error) => {
  process.stderr.write(`\nbench: ${error.message}\n`);
  process.exitCode = 1;
});
