// The benchmark of signature kernels: ours against pySigLib's stencil, array to array, one thread,
// one core; ours against the limit of the multiply-add units; and one thread against two. Started
// by
//
//   npm run bench -- signature-kernels [--only rows|limit|threads] [--rows NAME] [--quick]
//
// NAME selects the rows whose name contains it, such as "gram" or "d=5". Writes
// bench/results/signature-kernels-MACHINE-DATE.json and a page beside it; later measurements of a
// day are merged into the day's result.

import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { Bench } from "../lib/bench.mjs";
import { leaveMeasuringCore, root } from "../lib/machine.mjs";
import { makePaths, writeRaw } from "../lib/paths.mjs";
import { Progress } from "../lib/progress.mjs";
import { measureRows, milliseconds, openResult, table, times } from "../lib/results.mjs";
import { geometricMean } from "../lib/statistics.mjs";
import { limitName, limitRows, limitTable, measureLimit } from "./limit.mjs";
import { measureThreads } from "./threads.mjs";

/** Matrices of 32 paths each, 128 pairs, and one pair. */
const gram = (points, channels, dtype, what = "gram", more = {}) => ({
  what,
  dtype,
  batch: 32,
  points,
  channels,
  order: 0,
  ...more,
});
const pairs = (batch, points, channels, dtype) => ({ what: "pairs", dtype, batch, points, channels, order: 0 });
const channelsOf = [2, 5, 10, 50];
const rows = [
  ...[64, 128, 256, 512].flatMap((points) => channelsOf.map((channels) => gram(points, channels, "float32"))),
  ...[64, 128].flatMap((points) => channelsOf.map((channels) => gram(points, channels, "float64"))),
  ...[1, 2].map((order) => gram(64, 5, "float32", "gram", { order })),
  ...channelsOf.map((channels) => gram(64, channels, "float32", "symmetric")),
  ...[64, 128].flatMap((points) => channelsOf.map((channels) => gram(points, channels, "float32", "gradient"))),
  gram(64, 5, "float32", "gram", { sigma: 1 }),
  gram(128, 5, "float32", "gram", { sigma: 1 }),
  ...[64, 256, 1024].map((points) => pairs(128, points, 5, "float32")),
  ...[64, 256].map((points) => pairs(128, points, 5, "float64")),
  ...[64, 256, 1024].map((points) => pairs(1, points, 2, "float32")),
];

const rowName = ({ what, dtype, batch, points, channels, order, sigma }) =>
  `${what} ${dtype} batch=${batch} L=${points} d=${channels}${order ? ` order=${order}` : ""}${sigma ? " rbf" : ""}`;

/** Cells of a row: of all pairs, refined. */
const cells = ({ what, batch, points, order }) =>
  (what === "pairs" ? batch : batch * batch) * (points - 1) ** 2 * 4 ** order;

/** The largest difference of two results, relative to the largest number or 1. */
function difference(numbers, reference) {
  if (numbers.length !== reference.length) throw new Error(`${numbers.length} numbers instead of ${reference.length}`);
  const largest = reference.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  let error = 0;
  for (const [i, x] of reference.entries()) {
    const off = Math.abs(numbers[i] - x) / largest;
    // Not "error < off", so that NaN fails.
    if (!(off <= error)) error = off;
  }
  return error;
}

/** Two batches of walks of total variance 1, as raw files. */
function inputOf(bench, row) {
  const file = (seed) => {
    const numbers = makePaths("random walk", row, seed).map((x) => x / Math.sqrt(row.channels));
    const name = join(bench.folder, `kernels-${seed}.f32`);
    writeRaw(name, numbers);
    return name;
  };
  return { file: file(1), otherFile: file(2) };
}

async function measure(bench, row) {
  const given = { ...row, ...inputOf(bench, row), subject: "signatureKernel" };
  const peer = await bench.prepare("pysiglib", "pysiglib_kernel", given);
  const ours = [];
  // Degree 3 is for float64.
  const degrees = row.what === "gram" && row.dtype === "float64" ? [1, 2, 3] : [1, 2];
  for (const degree of degrees) ours.push(await bench.prepare(`degree ${degree}`, "relaxed", { ...given, degree }));
  const exact = await bench.prepare("exact", "relaxed", { ...given, dtype: "float64", degree: 3, order: 3 });
  const [stencil, one, two, truth] = [
    await bench.result(peer),
    await bench.result(ours[0]),
    await bench.result(ours[1]),
    await bench.result(exact),
  ];
  await bench.forget([exact]);
  // The same scheme, but for rounding.
  const off = difference(one, stencil);
  if (!(off < 1e-2)) throw new Error(`${rowName(row)}: degree 1 differs from pySigLib by ${off}`);
  const errors = { pysiglib: difference(stencil, truth), one: difference(one, truth), two: difference(two, truth) };
  return { ...row, cells: cells(row), errors, times: await bench.time([...ours, peer]) };
}

function page(result) {
  const { rows } = result.parts.rows ?? { rows: [] };
  const threads = (result.parts.threads?.rows ?? []).map(({ what, times: { one, two } }) => [
    what,
    milliseconds(one.min),
    milliseconds(two.min),
    times(one.min / two.min),
  ]);
  const ratio = ({ times: t }, label) => t.pysiglib.min / t[label].min;
  const body = rows.map((row) => [
    rowName(row),
    milliseconds(row.times.pysiglib.min),
    milliseconds(row.times["degree 1"].min),
    (row.cells / row.times["degree 1"].min / 1e9).toFixed(2),
    times(ratio(row, "degree 1")),
    milliseconds(row.times["degree 2"].min),
    times(ratio(row, "degree 2")),
    ...[row.errors.pysiglib, row.errors.one, row.errors.two].map((error) => error.toExponential(0)),
  ]);
  const mean = (what, dtype, label) =>
    geometricMean(
      rows.filter((row) => row.what === what && row.dtype === dtype && !row.sigma).map((row) => ratio(row, label)),
    );
  const means = [
    ["gram", "float32"],
    ["gram", "float64"],
    ["symmetric", "float32"],
    ["gradient", "float32"],
    ["pairs", "float32"],
    ["pairs", "float64"],
  ].map(([what, dtype]) => [
    `${what} ${dtype}`,
    times(mean(what, dtype, "degree 1")),
    times(mean(what, dtype, "degree 2")),
  ]);
  // Targets that compare ours with ours.
  const seconds = (row, label) => row?.times[label]?.min;
  const full = (row) =>
    rows.find(
      ({ what, dtype, points, channels, order, sigma }) =>
        what === "gram" &&
        !order &&
        !sigma &&
        dtype === row.dtype &&
        points === row.points &&
        channels === row.channels,
    );
  const own = rows.flatMap((row) => {
    const parts = [];
    const add = (name, a, b) => a && b && parts.push([`${name}, ${rowName(row)}`, (a / b).toFixed(2)]);
    if (row.times["degree 3"]) add("degree 3 / degree 2", seconds(row, "degree 3"), seconds(row, "degree 2"));
    for (const label of ["degree 1", "degree 2"]) {
      const whole = seconds(full(row), label);
      if (row.what === "symmetric") add(`symmetric / full, ${label}`, seconds(row, label), whole);
      if (row.what === "gradient") add(`gradient / forward, ${label}`, seconds(row, label), whole);
    }
    return parts;
  });
  const heads = ["row", "pySigLib ms", "degree 1 ms", "Gcell/s", "ratio", "degree 2 ms", "ratio"];
  return `# Signature kernels

${result.machine.name}, ${result.date}, one thread. Time: the least of the samples of a call, taken in turn. Errors: the
largest, against degree 3 at dyadic order 3 in float64, relative to the largest kernel or 1 (of gradients: entry).

${table(["geometric mean of ratios", "degree 1", "degree 2"], means)}

${table(["ratio of times", ""], own)}

${table([...heads, "error pySigLib", "degree 1", "degree 2"], body)}

Cells of Gram matrices of 32 × 32 paths, and as many as the multiply-adds of the peak would make, if additions cost
nothing:

${limitTable(result.parts.limit?.rows ?? [])}

Of 64 paths of 128 points in 5 channels, on engines:

${table(["float32, degree 2", "one thread ms", "two ms", "ratio"], threads)}
`;
}

export async function runKernelsBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  const { quick, rows: wanted = "" } = values;
  const parts = ["threads", "limit", "rows"];
  if (values.only !== undefined && !parts.includes(values.only))
    throw new Error(`--only ${values.only}: the parts are ${parts.join(", ")}`);
  const options = {
    quick,
    only: values.only === undefined ? parts : [values.only],
    peers: [],
    rows: (row) => rowName(row).includes(wanted) || limitName(row).includes(wanted),
  };
  const progress = new Progress();
  const { file, result, save } = openResult("signature-kernels", { quick });
  // Before this process leaves a core to those that are measured.
  if (options.only.includes("threads")) {
    result.parts.threads = await measureThreads({ progress, quick });
    save();
  }
  leaveMeasuringCore();
  const bench = new Bench({ ...options, progress });
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  const run = { bench, options, progress, result, save };
  try {
    const ownLimit = (row) => measureLimit(bench, row);
    await measureRows(run, { part: "limit", rows: limitRows, name: limitName, key: limitName, measure: ownLimit });
    const measured = (row) => measure(bench, row);
    await measureRows(run, { part: "rows", rows, name: rowName, key: rowName, measure: measured });
  } finally {
    await bench.close();
  }
  const markdown = file.replace(/\.json$/, ".md");
  writeFileSync(markdown, page(result));
  process.stdout.write(`\n${[file, markdown].map((path) => relative(root, path)).join("\n")}\n`);
  if (quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
