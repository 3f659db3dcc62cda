// The benchmark of shapes that nobody has chosen: drawn from a seed, the library beside pySigLib,
// sampled in turn. Started by
//
//   npm run bench -- shapes [--seed 1] [--count 60] [--threads 1|2] [--quick]
//
// Writes bench/results/shapes-seed-SEED-threads-THREADS-MACHINE-DATE.json and a page beside it.
// float32, typed array to typed array. One thread: both on one core. Two: the engine beside two
// jobs of pySigLib, not pinned.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { measurePeers } from "./engine/peers.mjs";
import { rowKey, rowName } from "./grid.mjs";
import { Bench } from "./lib/bench.mjs";
import { signatureSize } from "./lib/counts.mjs";
import { leaveMeasuringCore, root } from "./lib/machine.mjs";
import { logarithmic, uniform } from "./lib/paths.mjs";
import { Progress } from "./lib/progress.mjs";
import { measureRows, milliseconds, openResult, table, times, verdict } from "./lib/results.mjs";
import { geometricMean } from "./lib/statistics.mjs";

/** Points and results of more bytes would measure the memory of the machine. */
const mostBytes = 64e6;
/** Coefficients of the top level, and multiply-adds there: one call takes seconds at most. */
const mostWords = 1e6;
const mostWork = 2e10;

/** Short samples and many of them, since the least of them counts. */
const plan = { warmSeconds: 0.15, sampleSeconds: 0.003, rounds: 60, leastRounds: 3, budgetSeconds: 0.3 };

/**
 * Depths of 2 to 8, 1 to 24 channels as far as a signature is not too large, batches of 1 to 1000
 * and 6 to 4000 points, these two even in their logarithms, drawn anew if the shape is too large.
 */
export function shapesOf(seed, count) {
  const random = uniform(seed);
  const even = (from, to) => from + Math.floor((to - from + 1) * random());
  const isSmall = ({ batch, points, channels, depth }) =>
    4 * batch * Math.max(points * channels, signatureSize(channels, depth)) <= mostBytes &&
    batch * points * channels ** depth <= mostWork;
  const shapes = new Map();
  while (shapes.size < count) {
    const depth = even(2, 8);
    const channels = even(1, Math.min(24, Math.floor(mostWords ** (1 / depth) + 1e-9)));
    let shape;
    do shape = { batch: logarithmic(random, 1, 1000), points: logarithmic(random, 6, 4000), channels, depth };
    while (!isSmall(shape));
    shapes.set(rowKey(shape), shape);
  }
  return [...shapes.values()];
}

const targets = { 1: 4.5, 2: 3.2 };
const leastOfAny = 1.5;

/** On one core, the result compared with a reference before it is timed. */
async function measureShape(bench, row) {
  const { file, data } = bench.input(row);
  const ours = await bench.prepare("ours", "relaxed", { ...row, file, subject: "api" });
  const reused = await bench.prepare("reused", "relaxed", { ...row, file, subject: "api", out: true });
  const theirs = await bench.prepare("pysiglib", "pysiglib", { ...row, file });
  await bench.check(ours, row, bench.reference(row, data));
  return { ...row, times: await bench.time([ours, reused, theirs], bench.quick ? undefined : plan) };
}

/** Other loads of the machine count as little as possible. */
const fastest = ({ min, processor = Number.POSITIVE_INFINITY }) => Math.min(min, processor);
const ratio = ({ times: t }) => fastest(t.pysiglib) / fastest(t.ours);
/** The same where results go to an array that is there. */
const ratioReused = ({ times: t }) => fastest(t.pysiglib) / fastest(t.reused);

function summaryOf({ parts: { shapes }, threads }) {
  const lines = (ratioOf, where) => {
    const ratios = shapes.rows.map(ratioOf);
    const mean = geometricMean(ratios);
    const under = ratios.filter((x) => x < leastOfAny).length;
    const least = `${times(Math.min(...ratios))}, ${under} under`;
    return [
      verdict(`geometric mean${where}`, `≥ ${targets[threads]}×`, times(mean), mean >= targets[threads]),
      verdict(`least of ${ratios.length}${where}`, `≥ ${leastOfAny}×`, least, under === 0),
    ];
  };
  const withOut = shapes.rows[0].times.reused ? lines(ratioReused, ", with `out`") : [];
  return table(["what", "target", "measured", "met?"], [...lines(ratio, ""), ...withOut]);
}

const byRatio = ({ parts }) => [...parts.shapes.rows].sort((a, b) => ratio(a) - ratio(b));

function markdown(result) {
  const { date, machine, code, seed, threads } = result;
  const lines = byRatio(result).map((row) => {
    const { ours, reused, pysiglib } = row.times;
    const columns = [rowName(row), milliseconds(fastest(ours)), milliseconds(fastest(pysiglib)), times(ratio(row))];
    return reused ? [...columns, milliseconds(fastest(reused)), times(ratioReused(row))] : columns;
  });
  const head = ["shape", "path-signature", "pySigLib", "ratio"];
  const heads = result.parts.shapes.rows[0].times.reused ? [...head, "with `out`", "ratio"] : head;
  return `${[
    `# Bench of random shapes: ${machine.name}, ${machine.cores} cores, ${date}`,
    `${threads === 1 ? "One thread" : `${threads} threads`} (${machine.vectors}), float32, seed ${seed}; ` +
      `commit ${code.commit}${code.modified ? " with changes" : ""}. Written by \`npm run bench -- shapes\`.`,
    summaryOf(result),
    [
      "Batch × points × channels ^ depth, drawn from the seed: depths of 2 to 8, 1 to 24 channels as far as the top",
      "level has at most a million coefficients, 1 to 1000 paths of 6 to 4000 points, even in their logarithms; points",
      `and results of at most ${mostBytes / 1e6} MB. Fastest of samples taken in turn, milliseconds of a processor, so`,
      "that other loads of the machine count little; the least ratio first. A new array for each result costs page",
      "faults, and a collection of those before; with `out` results go to one array.",
    ].join("\n"),
    table(heads, lines),
  ].join("\n\n")}\n`;
}

async function measureOnOneThread(run, rows) {
  const bench = new Bench({ quick: run.options.quick, rows: () => true, peers: ["pysiglib"], progress: run.progress });
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  leaveMeasuringCore();
  try {
    const measure = (row) => measureShape(bench, row);
    await measureRows({ ...run, bench }, { part: "shapes", rows, name: rowName, key: rowKey, measure });
  } finally {
    await bench.close();
  }
}

export async function runShapesBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string", default: "1" },
      count: { type: "string", default: "60" },
      threads: { type: "string", default: "1" },
      quick: { type: "boolean", default: false },
    },
  });
  const [seed, count, threads] = [values.seed, values.count, values.threads].map(Number);
  for (const [name, x] of Object.entries({ seed, count }))
    if (!Number.isInteger(x) || x < 1) throw new Error(`--${name} ${values[name]}: give an integer from 1 on`);
  if (!Object.hasOwn(targets, threads)) throw new Error(`--threads ${values.threads}: give 1 or 2`);
  const { quick } = values;
  const progress = new Progress();
  const { file, result, save } = openResult(`shapes-seed-${seed}-threads-${threads}`, { quick });
  Object.assign(result, { seed, count, threads, parts: {} });
  const rows = shapesOf(seed, count);
  if (threads === 1) {
    const options = { quick, only: ["shapes"], rows: () => true };
    await measureOnOneThread({ options, progress, result, save }, rows);
  } else {
    result.parts.shapes = await measurePeers({ progress, quick, list: rows });
    progress.stop();
    save();
  }
  const page = file.replace(/\.json$/, ".md");
  writeFileSync(page, markdown(result));
  const worst = byRatio(result).slice(0, 12);
  const lines = worst.map((row) => `${times(ratio(row)).padStart(8)}  ${rowName(row)}`);
  const files = [file, page].map((path) => relative(root, path));
  process.stdout.write(`\n${[summaryOf(result), lines.join("\n"), files.join("\n")].join("\n\n")}\n`);
  if (quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
