// The benchmark of gradients: the kernel against the forward one, the public call against its
// peers, float32 against float64. Started by
//
//   npm run bench -- gradients [--only kernels,stream,peers,errors] [--rows 4x4,8x3]
//     [--peers pysiglib_backprop,…|none] [--quick]
//
// Writes bench/results/gradients-MACHINE-DATE.json and a page beside it; later measurements of a
// day are merged into the day's result. One thread, one core.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { grid, onePath, rowKey, rowName } from "../grid.mjs";
import { readPartOptions } from "../lib/arguments.mjs";
import { Bench } from "../lib/bench.mjs";
import { signatureSize } from "../lib/counts.mjs";
import { leaveMeasuringCore, root } from "../lib/machine.mjs";
import { kinds, writeCotangents } from "../lib/paths.mjs";
import { Progress } from "../lib/progress.mjs";
import { measureRows, openResult } from "../lib/results.mjs";
import { gradientsMarkdown, gradientsTargets } from "./report.mjs";

const peerNames = ["pysiglib_backprop", "keras_sig_gradient", "signax_gradient"];
const partNames = ["kernels", "stream", "errors", "peers"];

/**
 * Largest error of float32, relative to the path's largest gradient: rounding reaches 1e-5, a wrong
 * term 1e-2 or more.
 */
const tolerance = 1e-3;

/** Shapes and lengths on which float32 is compared with float64. */
const errorShapes = [
  [2, 4],
  [2, 6],
  [3, 3],
  [4, 4],
  [8, 3],
].flatMap(([channels, depth]) => [100, 1000, 10000].map((points) => ({ batch: 4, points, channels, depth })));

const cotangentsOf = (bench, row, rows = 1) =>
  writeCotangents(bench.folder, row.batch * rows * signatureSize(row.channels, row.depth));

/** The largest difference of two gradients, path by path, relative to the path's largest. */
function difference(numbers, reference, batch) {
  if (numbers.length !== reference.length) throw new Error(`${numbers.length} numbers instead of ${reference.length}`);
  const each = reference.length / batch;
  let largest = 0;
  for (let b = 0; b < batch; b++) {
    let scale = 0;
    let error = 0;
    for (let i = b * each; i < (b + 1) * each; i++) {
      scale = Math.max(scale, Math.abs(reference[i]));
      const off = Math.abs(numbers[i] - reference[i]);
      // Not "error < off", so that NaN fails.
      if (!(off <= error)) error = off;
    }
    largest = Math.max(largest, error / scale);
  }
  return largest;
}

/** The kernel of gradients beside the plain Horner kernel, also in float64, and with `stream`. */
async function measureKernels(bench, row, stream) {
  const given = { ...row, ...bench.input(row), ...cotangentsOf(bench, row, stream ? row.points - 1 : 1), stream };
  const forward = await bench.prepare("forward", "relaxed", { ...given, subject: "kernel", algorithm: "horner" });
  const backward = await bench.prepare("backward", "relaxed", { ...given, subject: "gradientKernel" });
  const simd = await bench.prepare("backward simd", "simd", { ...given, subject: "gradientKernel" });
  const double = { ...given, subject: "gradientKernel", dtype: "float64" };
  const backward64 = await bench.prepare("backward float64", "relaxed", double);
  const reference = await bench.result(backward64);
  const error = difference(await bench.result(backward), reference, row.batch);
  if (!(error < tolerance)) throw new Error(`the gradients of ${rowName(row)} are wrong: relative error ${error}`);
  return { ...row, error, times: await bench.time([forward, backward, simd, backward64]) };
}

/** The public call beside those of the peers. */
async function measurePeers(bench, row, peers) {
  const given = { ...row, ...bench.input(row), ...cotangentsOf(bench, row) };
  const contestants = [
    await bench.prepare("pullback", "relaxed", { ...given, subject: "gradient", given: true }),
    await bench.prepare("signature and pullback", "relaxed", { ...given, subject: "gradient" }),
  ];
  const reference = await bench.result(contestants[1]);
  const errors = {};
  const failed = {};
  for (const name of peers) {
    try {
      const peer = await bench.prepare(name, name, given);
      errors[name] = difference(await bench.result(peer), reference, row.batch);
      // The tests compare ours with exact gradients, so a difference is the peer's.
      if (!(errors[name] < tolerance)) throw new Error(`wrong: relative error ${errors[name]}`);
      contestants.push(peer);
    } catch (error) {
      failed[name] = error.message;
      await bench.restart(name);
    }
  }
  const times = await bench.time(contestants);
  return { ...row, times, errors, ...(Object.keys(failed).length > 0 && { failed }) };
}

/**
 * float32 against float64: at end points relative to the largest gradient, at interior points
 * relative to the RMS.
 */
async function measureErrors(bench, row, kind) {
  const given = { ...row, ...bench.input(row, kind), ...cotangentsOf(bench, row), subject: "gradient" };
  const single = await bench.prepare("float32", "relaxed", given);
  const double = await bench.prepare("float64", "relaxed", { ...given, dtype: "float64" });
  const [x, exact] = [await bench.result(single), await bench.result(double)];
  await bench.forget([single, double]);
  const { batch, points, channels } = row;
  let ends = 0;
  let inside = 0;
  for (let b = 0; b < batch; b++) {
    let [largest, squares, atEnds, within] = [0, 0, 0, 0];
    for (let i = 0; i < points * channels; i++) {
      const at = b * points * channels + i;
      const off = Math.abs(x[at] - exact[at]);
      largest = Math.max(largest, Math.abs(exact[at]));
      if (i < channels || i >= (points - 1) * channels) atEnds = Math.max(atEnds, off);
      else {
        within = Math.max(within, off);
        squares += exact[at] ** 2;
      }
    }
    const rms = Math.sqrt(squares / ((points - 2) * channels));
    ends = Math.max(ends, atEnds / largest);
    // Interior points of a straight path have gradient zero, so their errors are relative to the
    // largest gradient.
    inside = Math.max(inside, within / Math.max(rms, 1e-6 * largest));
  }
  return { ...row, kind, ends, inside };
}

export async function runGradientsBench(args) {
  const options = readPartOptions(args, { partNames, peerNames });
  leaveMeasuringCore();
  const progress = new Progress();
  const bench = new Bench({ ...options, progress });
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  const { file, result, save } = openResult("gradients", options);
  const given = { bench, options, progress, result, save };
  const run = (part, rows, key, measure) => measureRows(given, { part, rows, name: rowName, key, measure });
  try {
    await run("kernels", grid, rowKey, (row) => measureKernels(bench, row, false));
    // As many points as have 16 MiB of prefixes.
    const streams = grid.map((row) => {
      const room = 2 ** 22 / (row.batch * signatureSize(row.channels, row.depth));
      return { ...row, points: Math.max(8, Math.min(1000, Math.floor(room))) };
    });
    await run("stream", streams, rowKey, (row) => measureKernels(bench, row, true));
    const named = errorShapes.flatMap((row) => Object.keys(kinds).map((kind) => ({ ...row, kind })));
    const errorKey = (row) => `${row.kind} ${rowKey(row)}`;
    await run("errors", named, errorKey, ({ kind, ...row }) => measureErrors(bench, row, kind));
    await run("peers", [...grid, ...onePath], rowKey, (row) => measurePeers(bench, row, options.peers));
  } finally {
    await bench.close();
  }
  const page = file.replace(/\.json$/, ".md");
  writeFileSync(page, gradientsMarkdown(result));
  process.stdout.write(
    `\n${gradientsTargets(result)}\n\n${[file, page].map((path) => relative(root, path)).join("\n")}\n`,
  );
  if (options.quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
