// The benchmark of windows and streams: the public calls beside a batch of copies of the windows,
// each window by itself, and pySigLib, sampled in turn. Started by
//
//   npm run bench -- windows [--only tumbling,sliding,intervals,streams] [--rows 4x3]
//     [--peers pysiglib_windows,pysiglib|none] [--quick]
//
// Writes bench/results/windows-MACHINE-DATE.json and a page beside it; later measurements of a day
// are merged into the day's result. One thread, one core, float32, typed array to typed array.
// Times are nanoseconds a window, a push or a stream.

import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { readPartOptions } from "./lib/arguments.mjs";
import { Bench } from "./lib/bench.mjs";
import { leaveMeasuringCore, root } from "./lib/machine.mjs";
import { writeRaw } from "./lib/paths.mjs";
import { Progress } from "./lib/progress.mjs";
import { measureRows, openResult, table, times, verdict } from "./lib/results.mjs";

const peerNames = ["pysiglib_windows", "pysiglib"];
const points = 100_000;
/** Windows that are copied or computed one by one, at most. */
const mostCopies = 1024;

const row = (length, step, channels, depth, all = points) => ({ length, step, channels, depth, points: all });
const rowsOf = {
  tumbling: [8, 16, 32, 64].flatMap((length) =>
    [
      [3, 3],
      [4, 4],
      [8, 3],
      [16, 2],
    ].map(([channels, depth]) => row(length, length, channels, depth)),
  ),
  sliding: [3, 4].flatMap((depth) => [1, 16].map((step) => row(256, step, 4, depth))),
  intervals: [{ ...row(0, 0, 3, 3, 1_000_000), intervals: 100_000 }],
  streams: [1, 10_000].map((streams) => ({ streams, channels: 3, depth: 3 })),
};

const nameOf = ({ streams, intervals, length, step, points, channels, depth }) => {
  if (streams !== undefined) return `${streams} live, ${channels}^${depth}`;
  if (intervals !== undefined) return `${intervals} intervals of ${points}, ${channels}^${depth}`;
  return `${length} points every ${step}, ${channels}^${depth}`;
};

/** Windows as paths of their own. */
function copiesOf(data, { length, step, channels }, count) {
  const copies = new Float32Array(count * length * channels);
  for (let k = 0; k < count; k++)
    copies.set(data.subarray(k * step * channels, (k * step + length) * channels), k * length * channels);
  return copies;
}

async function measureWindows(bench, row, peers) {
  const { length, step, intervals } = row;
  const path = { batch: 1, points: row.points, channels: row.channels, depth: row.depth };
  const { data, file } = bench.input(path);
  const windows = intervals ?? Math.floor((row.points - length) / step) + 1;
  const given = { ...path, file, length, step, intervals, subject: "windows" };
  const counts = { windows };
  const contestants = [await bench.prepare("windows", "relaxed", given)];
  if (intervals !== undefined) {
    const queries = { ...given, subject: "queries" };
    contestants.push(await bench.prepare("queries", "relaxed", queries));
    contestants.push(await bench.prepare("build", "relaxed", { ...queries, build: true }));
    contestants.push(await bench.prepare("whole", "relaxed", { ...path, file, subject: "api" }));
    Object.assign(counts, { queries: windows, build: 1, whole: 1 });
  } else {
    const count = Math.min(windows, mostCopies);
    const copies = { batch: count, points: length, channels: row.channels, depth: row.depth };
    const copiesFile = join(bench.folder, "copies.f32");
    writeRaw(copiesFile, copiesOf(data, row, count));
    const own = (label, name, more) => bench.prepare(label, name, { ...copies, file: copiesFile, ...more });
    contestants.push(await own("copies", "relaxed", { subject: "api" }));
    contestants.push(await bench.prepare("each", "relaxed", { ...given, each: count }));
    Object.assign(counts, { copies: count, each: count });
    const wanted = await bench.result(contestants[0]);
    for (const name of peers) {
      const isOfCopies = name === "pysiglib";
      // Its windows are computed one by one in any case.
      const request = isOfCopies ? { ...copies, file: copiesFile } : { ...path, file, windowLength: length, step };
      const other = await bench.prepare(name, name, request);
      const numbers = await bench.result(other);
      const off = numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i])), 0);
      const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      if (!(off < 1e-3 * largest)) throw new Error(`${name} differs by ${off} at ${nameOf(row)}`);
      contestants.push(other);
      counts[name] = isOfCopies ? count : windows;
    }
  }
  const measured = await bench.time(contestants);
  const nanoseconds = Object.fromEntries(
    Object.entries(measured).map(([label, { min, median }]) => {
      const each = 1e9 / counts[label];
      return [label, { min: min * each, median: median * each }];
    }),
  );
  return { ...row, nanoseconds };
}

async function measureStreams(bench, row) {
  const { min, median } = (await bench.time([await bench.prepare("push", "relaxed", { ...row, subject: "streams" })]))
    .push;
  const each = 1e9 / (row.streams * 1000);
  return { ...row, nanoseconds: { push: { min: min * each, median: median * each } } };
}

const ratio = (a, b) => (row) => (row.nanoseconds[a]?.min ?? Number.NaN) / row.nanoseconds[b].min;

function targetLines({ parts }) {
  const found = (part) => parts[part]?.rows ?? [];
  const least = (rows, value) => rows.reduce((a, b) => (value(b) < value(a) ? b : a));
  const line = (what, rows, value, bound) => {
    const known = rows.filter((row) => Number.isFinite(value(row)));
    if (known.length === 0) return [];
    const worst = least(known, value);
    return [verdict(what, `≥ ${bound}×`, `${times(value(worst))} at ${nameOf(worst)}`, value(worst) >= bound)];
  };
  const cost = (what, rows, label, bound) =>
    rows.map(({ nanoseconds }) => {
      const { min } = nanoseconds[label];
      return verdict(what, `≤ ${bound} ns`, `${min.toPrecision(3)} ns`, min <= bound);
    });
  const peer = ({ nanoseconds }) =>
    Math.min(...peerNames.map((name) => nanoseconds[name]?.min ?? Number.POSITIVE_INFINITY)) / nanoseconds.windows.min;
  const steps = (step) => found("sliding").filter((row) => row.step === step);
  const live = (streams) => found("streams").filter((row) => row.streams === streams);
  return [
    ...line("pySigLib's best / ours, stride = length", found("tumbling"), peer, 5),
    ...[
      [1, 40],
      [16, 6],
    ].flatMap(([step, bound]) => [
      ...line(`a batch of copies / sliding by ${step}`, steps(step), ratio("copies", "windows"), bound),
      ...line(`each by itself / sliding by ${step}`, steps(step), ratio("each", "windows"), bound),
    ]),
    ...line("`SigWindowStream` / sliding", found("sliding"), ratio("pysiglib_windows", "windows"), 10),
    ...cost("a query of an interval", found("intervals"), "queries", 1500),
    ...found("intervals").map((row) => {
      const found = ratio("build", "whole")(row);
      return verdict("preparing a path for queries / a signature", "≤ 3×", times(found), found <= 3);
    }),
    ...cost("a push and `value`", live(1), "push", 700),
    ...cost("a push to each of many streams", live(10_000), "push", 60),
  ];
}

const targets = (result) => table(["what", "target", "measured", "met?"], targetLines(result));

function timeTable(rows) {
  const labels = [...new Set(rows.flatMap(({ nanoseconds }) => Object.keys(nanoseconds)))];
  const cell = (row, label) => row.nanoseconds[label]?.min.toPrecision(3) ?? "–";
  return table(
    ["", ...labels],
    rows.map((row) => [nameOf(row), ...labels.map((label) => cell(row, label))]),
  );
}

function markdown(result) {
  const { machine, date, code, versions, parts } = result;
  const named = Object.values(versions).flatMap((all) => Object.entries(all).map((pair) => pair.join(" ")));
  return `${[
    `# Bench of windows: ${machine.name}, ${machine.cores} cores, ${date}`,
    `One thread (${machine.vectors}); commit ${code.commit}${code.modified ? " with changes" : ""} · ` +
      `${[...new Set(named)].join(" · ")}. Written by \`npm run bench -- windows\`.`,
    "## Targets",
    targets(result),
    ...Object.entries(parts).flatMap(([part, { rows }]) => [
      `## ${part[0].toUpperCase()}${part.slice(1)}`,
      "Nanoseconds a window, a push or a stream, fastest sample, float32 paths.",
      timeTable(rows),
    ]),
  ].join("\n\n")}\n`;
}

export async function runWindowsBench(args) {
  const options = readPartOptions(args, { partNames: Object.keys(rowsOf), peerNames });
  leaveMeasuringCore();
  const progress = new Progress();
  const bench = new Bench({ ...options, progress });
  process.once("SIGINT", () => bench.close().finally(() => process.exit(130)));
  const { file, result, save } = openResult("windows", options);
  const run = { bench, options, progress, result, save };
  try {
    for (const [part, rows] of Object.entries(rowsOf)) {
      // A smoke test has a tenth of the points.
      const scaled = options.quick ? rows.map((row) => ({ ...row, points: row.points / 10 })) : rows;
      const measure = (row) =>
        part === "streams" ? measureStreams(bench, row) : measureWindows(bench, row, options.peers);
      await measureRows(run, { part, rows: scaled, name: nameOf, key: nameOf, measure });
    }
  } finally {
    await bench.close();
  }
  const page = file.replace(/\.json$/, ".md");
  writeFileSync(page, markdown(result));
  process.stdout.write(`\n${targets(result)}\n\n${[file, page].map((path) => relative(root, path)).join("\n")}\n`);
  if (options.quick) process.stdout.write("A smoke test: these numbers are not to be quoted.\n");
}
