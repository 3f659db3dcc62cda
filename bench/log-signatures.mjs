// The benchmark of log-signatures: the public call beside our own `signature` and pySigLib, sampled
// in turn, and the errors of float32. Started by
//
//   npm run bench -- log-signatures [--only whole,short,windows,streams,gradients,errors]
//     [--rows 4x4,8x3] [--peers pysiglib_log,pysiglib_log_backprop|none] [--quick]
//
// Writes bench/results/log-signatures-MACHINE-DATE.json and a page beside it; later measurements
// of a day are merged into the day's result. One thread, one core, float32, typed array to typed
// array.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { grid, onePath, rowKey, rowName } from "./grid.mjs";
import { readPartOptions } from "./lib/arguments.mjs";
import { Bench } from "./lib/bench.mjs";
import { signatureSize } from "./lib/counts.mjs";
import { leaveMeasuringCore, root } from "./lib/machine.mjs";
import { kinds, logarithmic, uniform, writeCotangents } from "./lib/paths.mjs";
import { Progress } from "./lib/progress.mjs";
import { measureRows, milliseconds, openResult, table, times, verdict } from "./lib/results.mjs";
import { geometricMean } from "./lib/statistics.mjs";

const peer = "pysiglib_log";
const backprop = "pysiglib_log_backprop";
const partNames = ["whole", "short", "windows", "streams", "gradients", "errors"];

/** Largest difference of float32 results, of the largest number; a wrong term is more. */
const tolerance = 1e-2;

const windowShapes = [
  [2, 2],
  [2, 4],
  [3, 3],
  [3, 5],
  [4, 4],
  [8, 3],
  [16, 2],
];
const windows = [8, 32].flatMap((steps) =>
  windowShapes.map(([channels, depth]) => ({ batch: 256_000 / steps, points: steps + 1, channels, depth })),
);
const streams = grid.map((row) => {
  const room = 2 ** 22 / (row.batch * signatureSize(row.channels, row.depth));
  return { ...row, points: Math.max(8, Math.min(1000, Math.floor(room))) };
});
const errorRows = [
  [2, 4],
  [3, 3],
  [3, 5],
  [4, 4],
].flatMap(([channels, depth]) =>
  [100, 1000, 3000, 10000].flatMap((points) =>
    Object.keys(kinds).map((kind) => ({ batch: 4, points, channels, depth, kind })),
  ),
);

/** Short and medium paths, drawn from a seed: signatures of up to 5000 numbers. */
function shortRows(seed, count) {
  const random = uniform(seed);
  const rows = new Map();
  while (rows.size < count) {
    const shape = { channels: logarithmic(random, 2, 16), depth: 2 + Math.floor(5 * random()) };
    const row = { batch: logarithmic(random, 1, 1000), points: logarithmic(random, 8, 200), ...shape };
    if (signatureSize(row.channels, row.depth) <= 5000) rows.set(rowKey(row), row);
  }
  return [...rows.values()];
}

/** Where the levels of a log-signature begin: partial sums of Witt's numbers. */
function levelsOf(channels, depth) {
  const witt = [0];
  const begins = [0];
  for (let k = 1; k <= depth; k++) {
    let longer = channels ** k;
    for (let j = 1; j < k; j++) if (k % j === 0) longer -= j * witt[j];
    witt.push(longer / k);
    begins.push(begins[k - 1] + witt[k]);
  }
  return begins;
}

/** The largest error of a level, of all paths, relative to the level's largest number. */
function levelError(numbers, exact, { batch, channels, depth }) {
  const begins = levelsOf(channels, depth);
  const row = begins[depth];
  if (numbers.length !== batch * row || exact.length !== batch * row)
    throw new Error(`${numbers.length} and ${exact.length} numbers instead of ${batch * row}`);
  let worst = 0;
  for (let b = 0; b < batch; b++)
    for (let k = 1; k <= depth; k++) {
      let largest = 0;
      let error = 0;
      for (let i = b * row + begins[k - 1]; i < b * row + begins[k]; i++) {
        largest = Math.max(largest, Math.abs(exact[i]));
        const off = Math.abs(numbers[i] - exact[i]);
        // Not "error < off", so that NaN fails.
        if (!(off <= error)) error = off;
      }
      if (error > 0) worst = Math.max(worst, error / largest);
    }
  return worst;
}

/** Adds a peer to the contestants, the third of which is ours in float64, or says why it failed. */
async function addPeer(bench, name, given, contestants, failed) {
  try {
    const other = await bench.prepare(name, name, given);
    const [numbers, reference] = [await bench.result(other), await bench.result(contestants[2])];
    const largest = reference.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const off = numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - reference[i])), 0);
    if (numbers.length !== reference.length || !(off < tolerance * largest)) throw new Error(`differs by ${off}`);
    contestants.push(other);
  } catch (error) {
    failed[name] = error.message;
    await bench.restart(name);
  }
}

/** The call in each precision, our own signature and the peer. */
async function measure(bench, row, peers, stream = false) {
  const given = { ...row, ...bench.input(row), stream };
  const ours = (label, precision) => bench.prepare(label, "relaxed", { ...given, subject: "logSignatures", precision });
  const contestants = [
    await ours("auto", "auto"),
    await ours("float32", "float32"),
    await ours("float64", "float64"),
    await bench.prepare("signature", "relaxed", { ...given, subject: "api" }),
  ];
  const failed = {};
  if (peers.includes(peer)) await addPeer(bench, peer, given, contestants, failed);
  return { ...row, times: await bench.time(contestants), ...(Object.keys(failed).length > 0 && { failed }) };
}

/** The gradient by each precision, that of a signature, and the peer's from signatures it has. */
async function measureGradients(bench, row, peers) {
  const { batch, channels, depth } = row;
  const input = { ...row, ...bench.input(row), subject: "vjp" };
  const given = { ...input, ...writeCotangents(bench.folder, batch * levelsOf(channels, depth)[depth]) };
  const contestants = [];
  for (const precision of ["auto", "float32", "float64"])
    contestants.push(await bench.prepare(precision, "relaxed", { ...given, precision }));
  const whole = writeCotangents(bench.folder, batch * signatureSize(channels, depth));
  contestants.push(await bench.prepare("signature", "relaxed", { ...input, ...whole, of: "signature" }));
  const failed = {};
  if (peers.includes(backprop)) await addPeer(bench, backprop, given, contestants, failed);
  return { ...row, times: await bench.time(contestants), ...(Object.keys(failed).length > 0 && { failed }) };
}

/** Errors in units of 2⁻²⁴ of a level's largest number; the points are exact. */
async function measureErrors(bench, row, peers) {
  const given = { ...row, ...bench.input(row, row.kind), subject: "logSignatures" };
  const double = await bench.prepare("exact", "relaxed", { ...given, dtype: "float64" });
  const exact = await bench.result(double);
  await bench.forget([double]);
  const errors = {};
  for (const label of ["auto", "float32", "float64", ...peers.filter((name) => name === peer)]) {
    const name = label === peer ? label : "relaxed";
    try {
      const one = await bench.prepare(label, name, name === "relaxed" ? { ...given, precision: label } : given);
      errors[label] = 2 ** 24 * levelError(await bench.result(one), exact, row);
      await bench.forget([one]);
    } catch (error) {
      if (name === "relaxed") throw error;
      await bench.restart(name);
    }
  }
  return { ...row, errors };
}

const over = (a, b) => (row) => (row.times[a] ? row.times[a].min / row.times[b].min : Number.NaN);

/** A line of targets: the geometric mean of a ratio, and its worst row. */
function ratioLines(what, rows, value, { mean, each, isCost = false }) {
  const found = rows.filter((row) => Number.isFinite(value(row)));
  if (found.length === 0) return [];
  const isMet = (x, bound) => (isCost ? x <= bound : x >= bound);
  const sign = isCost ? "≤" : "≥";
  const middle = geometricMean(found.map(value));
  const worst = found.reduce((a, b) => (isMet(value(b), value(a)) ? a : b));
  return [
    verdict(what, `${sign} ${mean}× geometric mean`, times(middle), isMet(middle, mean)),
    ...(each === undefined
      ? []
      : [
          verdict(
            "",
            `${sign} ${each}× on every row`,
            `${times(value(worst))} at ${rowName(worst)}`,
            isMet(value(worst), each),
          ),
        ]),
  ];
}

function targetLines({ parts }) {
  const rowsOf = (part) => parts[part]?.rows ?? [];
  const whole = rowsOf("whole");
  const batches = whole.filter(({ batch }) => batch > 1);
  const deep = batches.filter(({ depth }) => depth > 2);
  const window = (steps) => rowsOf("windows").filter(({ points }) => points === steps + 1);
  const gradients = rowsOf("gradients").filter(({ batch }) => batch > 1);
  const errors = rowsOf("errors");
  const worst = errors.reduce((a, b) => (b.errors.auto > (a?.errors.auto ?? -1) ? b : a), undefined);
  return [
    ...ratioLines("pySigLib / `auto`, whole", batches, over(peer, "auto"), { mean: 2.5, each: 1.6 }),
    ...ratioLines("pySigLib / `float32`, whole", batches, over(peer, "float32"), { mean: 3.5, each: 2 }),
    ...ratioLines("`auto` / signature, depth ≥ 3", deep, over("auto", "signature"), { mean: 1.1, isCost: true }),
    ...ratioLines("`float32` / signature, depth ≥ 3", deep, over("float32", "signature"), { mean: 0.8, isCost: true }),
    ...ratioLines("pySigLib / `auto`, short and medium", rowsOf("short"), over(peer, "auto"), { mean: 3, each: 1.5 }),
    ...[
      [8, 15, 8],
      [32, 7, 4],
    ].flatMap(([steps, narrow, wide]) => [
      ...ratioLines(`pySigLib / \`float32\`, ${steps} steps`, window(steps), over(peer, "float32"), { mean: narrow }),
      ...ratioLines(`pySigLib / \`float64\`, ${steps} steps`, window(steps), over(peer, "float64"), { mean: wide }),
    ]),
    ...ratioLines("`float32` / signature, streams", rowsOf("streams"), over("float32", "signature"), {
      mean: 0.35,
      isCost: true,
    }),
    ...ratioLines("gradients: `auto` / `signatureVjp`", gradients, over("auto", "signature"), {
      mean: 1.3,
      isCost: true,
    }),
    ...ratioLines("gradients: pySigLib / `auto`", gradients, over(backprop, "auto"), { mean: 15 }),
    ...(worst
      ? [
          verdict(
            "error of `auto`, units of 2⁻²⁴",
            "≤ 16",
            `${worst.errors.auto.toFixed(1)}: ${worst.kind}, ${rowName(worst)}`,
            worst.errors.auto <= 16,
          ),
        ]
      : []),
  ];
}

const targets = (result) => table(["what", "target", "measured", "met?"], targetLines(result));

const timeTable = (rows, other) =>
  table(
    ["batch×points×d^N", "auto", "float32", "float64", "signature", "auto / signature", "pySigLib", "/ auto"],
    rows.map((row) => [
      rowName(row),
      ...["auto", "float32", "float64", "signature"].map((label) => milliseconds(row.times[label].min)),
      times(over("auto", "signature")(row)),
      milliseconds(row.times[other]?.min),
      times(over(other, "auto")(row)),
    ]),
  );

function errorTable(rows) {
  const labels = ["auto", "float32", "float64", peer];
  return table(
    ["kind of path", ...labels],
    [...new Set(rows.map(({ kind }) => kind))].map((kind) => {
      const own = rows.filter((row) => row.kind === kind);
      const worst = (label) => Math.max(...own.map(({ errors }) => errors[label] ?? Number.NaN));
      return [kind, ...labels.map((label) => worst(label).toPrecision(3))];
    }),
  );
}

function markdown(result) {
  const { machine, date, code, versions, parts } = result;
  const named = Object.values(versions).flatMap((all) => Object.entries(all).map((pair) => pair.join(" ")));
  const titles = {
    whole: ["Whole paths", peer],
    short: ["Short and medium paths, drawn from a seed", peer],
    windows: ["Windows", peer],
    streams: ["Streams", peer],
    gradients: ["Gradients, beside those of `signature`", backprop],
  };
  return `${[
    `# Bench of log-signatures: ${machine.name}, ${machine.cores} cores, ${date}`,
    `One thread (${machine.vectors}); commit ${code.commit}${code.modified ? " with changes" : ""} · ` +
      `${[...new Set(named)].join(" · ")}. Written by \`npm run bench -- log-signatures\`.`,
    "## Targets",
    targets(result),
    ...Object.entries(titles).flatMap(([part, [title, other]]) => {
      const heading = [`## ${title}`, "Milliseconds, fastest sample, float32 paths."];
      return parts[part] ? [...heading, timeTable(parts[part].rows, other)] : [];
    }),
    ...(parts.errors
      ? [
          "## Errors",
          "Units of 2⁻²⁴ of a level's largest number, the worst of all shapes.",
          errorTable(parts.errors.rows),
        ]
      : []),
  ].join("\n\n")}\n`;
}

export async function runLogSignaturesBench(args) {
  const options = readPartOptions(args, { partNames, peerNames: [peer, backprop] });
  leaveMeasuringCore();
  const progress = new Progress();
  const bench = new Bench({ ...options, progress });
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  const { file, result, save } = openResult("log-signatures", options);
  const run = { bench, options, progress, result, save };
  const parts = [
    ["whole", [...grid, ...onePath], (row) => measure(bench, row, options.peers)],
    ["short", shortRows(17, 30), (row) => measure(bench, row, options.peers)],
    ["windows", windows, (row) => measure(bench, row, options.peers)],
    ["streams", streams, (row) => measure(bench, row, [], true)],
    ["gradients", [...grid, ...onePath], (row) => measureGradients(bench, row, options.peers)],
    ["errors", errorRows, (row) => measureErrors(bench, row, options.peers)],
  ];
  try {
    const key = (row) => `${row.kind ?? ""} ${rowKey(row)}`;
    for (const [part, rows, measure] of parts) await measureRows(run, { part, rows, name: rowName, key, measure });
  } finally {
    await bench.close();
  }
  const page = file.replace(/\.json$/, ".md");
  writeFileSync(page, markdown(result));
  process.stdout.write(`\n${targets(result)}\n\n${[file, page].map((path) => relative(root, path)).join("\n")}\n`);
  if (options.quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
