// The page of an engine result: the targets, and the tables behind them. Reads a result, measures
// nothing.

import { rowName } from "../grid.mjs";
import { geometricMean } from "../lib/statistics.mjs";

const ms = (seconds) => `${(1e3 * seconds).toPrecision(3)} ms`;
const us = (seconds) => `${(1e6 * seconds).toPrecision(3)} µs`;
const times = (ratio) => `${ratio.toFixed(2)}×`;
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** @param {string[][]} rows the first is the header */
const table = ([head, ...rows]) =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const speedup = ({ times: t }) => t.one.min / t.two.min;
/** With input in shared memory, which threads read in place. */
const speedupShared = ({ times: t }) => t.oneShared.min / t.twoShared.min;
const shapeOf = ({ channels, depth }) => `(${channels},${depth})`;
const least = (rows, value) => rows.reduce((a, b) => (value(b) < value(a) ? b : a));

function* targetRows({ threads, gradients, long, peers, latency, joining, loop, memory }) {
  const verdict = (met) => (met ? "met" : "**missed**");
  if (threads) {
    const wanted = ({ channels, depth }) => (channels === 2 && depth <= 4 ? 1.6 : 1.85);
    for (const [input, ratio] of [
      ["", speedup],
      [", input in shared memory", speedupShared],
    ]) {
      const below = threads.rows.filter((row) => ratio(row) < wanted(row));
      const worst = least(threads.rows, ratio);
      const list = below.map((row) => `${shapeOf(row)} ${times(ratio(row))}`).join(", ");
      yield [
        `2 threads against 1, B ≥ 64, ≥ 10 ms of work${input}`,
        "≥ 1.85×, at (2,4) ≥ 1.6×",
        `least ${times(ratio(worst))} at ${shapeOf(worst)}${list && `; below: ${list}`}`,
        verdict(below.length === 0),
      ];
    }
  }
  if (gradients) {
    const worst = least(gradients.rows, speedup);
    const found = `least ${times(speedup(worst))} at ${shapeOf(worst)}`;
    yield ["gradients: 2 threads against 1", "≥ 1.8×", found, verdict(speedup(worst) >= 1.8)];
  }
  if (long) {
    const ratio = speedup(long.rows[0]);
    yield ["one path, L = 100 000, (4,4)", "≥ 1.7×", times(ratio), verdict(ratio >= 1.7)];
  }
  if (peers) {
    const grid = peers.rows.filter(({ group }) => group === "grid");
    const ratio = (row) => row.times.pysiglib.min / row.times.ours.min;
    const worst = least(grid, ratio);
    const below = grid.filter((row) => ratio(row) < 1.5).map(shapeOf);
    yield [
      `${peers.threads} threads against pySigLib n_jobs=${peers.threads}, grid`,
      "≥ 1.5× on every row",
      `least ${times(ratio(worst))} at ${shapeOf(worst)}${below.length ? `; below: ${below.join(" ")}` : ""}`,
      verdict(below.length === 0),
    ];
    const mean = geometricMean(grid.map(ratio));
    yield ["", "≥ 3.0× geometric mean", times(mean), verdict(mean >= 3)];
    for (const group of new Set(peers.rows.map((row) => row.group))) {
      if (group === "grid") continue;
      const all = peers.rows.filter((row) => row.group === group);
      const low = least(all, ratio);
      yield [
        `the same, ${group}`,
        "no target",
        `least ${times(ratio(low))} at ${rowName(low)}; geometric mean ${times(geometricMean(all.map(ratio)))}`,
        "–",
      ];
    }
  }
  if (latency) {
    const { dispatch, cold, abort } = latency;
    yield [
      "warm dispatch of an empty-sized call",
      "≤ 60 µs median",
      us(dispatch.median),
      verdict(dispatch.median <= 60e-6),
    ];
    yield [
      "first result from cold, Node",
      "≤ 80 ms",
      `${ms(cold.fromImport)} from the import on, ${ms(cold.fromStart)} from the process's start on`,
      verdict(cold.fromImport <= 0.08),
    ];
    yield [
      "abort: rejected, and its blocks freed",
      "≤ 20 ms",
      `at most ${ms(abort.most)}, freed within ${ms(abort.freedMost)}`,
      verdict(abort.most <= 0.02 && abort.freedMost <= 0.02),
    ];
  }
  if (joining) {
    const ratio = joining.times.apart.min / joining.times.joined.min;
    const found = `${times(ratio)} (${ms(joining.times.joined.min)} against ${ms(joining.times.apart.min)})`;
    yield [
      "10 000 awaited single paths (100, 3), depth 3, at once, joined",
      "≥ 4× without joining",
      found,
      verdict(ratio >= 4),
    ];
  }
  if (loop) {
    const most = Math.max(...loop.runs.map((run) => run.mostOwn));
    yield [
      "event loop of the caller, a batch of 1 GB",
      "never blocked longer than 5 ms",
      `at most ${ms(most)} between turns of a 1 ms timer, without the time in which the system let ` +
        `the thread wait; with it ${ms(Math.max(...loop.runs.map((run) => run.most)))}, and ` +
        `${ms(loop.nothing.most)} with nothing to do`,
      verdict(most <= 0.005),
    ];
  }
  if (memory) {
    const { before, after, calls } = memory;
    const grown = after.rss - before.rss;
    yield [
      `memory over ${calls} calls`,
      "flat",
      `resident ${mib(before.rss)} → ${mib(after.rss)}, arrays ${mib(before.arrayBuffers)} → ` +
        `${mib(after.arrayBuffers)}, shared ${mib(before.engine)} → ${mib(after.engine)}`,
      verdict(after.engine === before.engine && grown < 32 * 2 ** 20),
    ];
  }
}

/** The targets and their results as a table. */
export const engineTargets = ({ parts }) => table([["what", "target", "measured", "met?"], ...targetRows(parts)]);

const threadTable = (rows) =>
  table([
    [
      "batch×points×d^N",
      "calling thread",
      "one thread",
      "two threads",
      "one / two",
      "calling thread / two",
      "input shared: one",
      "two",
      "one / two",
    ],
    ...rows.map((row) => [
      rowName(row),
      ...["sync", "one", "two"].map((name) => ms(row.times[name].min)),
      times(speedup(row)),
      times(row.times.sync.min / row.times.two.min),
      ...(row.times.oneShared
        ? [ms(row.times.oneShared.min), ms(row.times.twoShared.min), times(speedupShared(row))]
        : ["–", "–", "–"]),
    ]),
  ]);

const sections = {
  threads: ({ rows }) => `## One thread and two\n\n${threadTable(rows)}`,
  gradients: ({ rows }) => `## Gradients\n\n${threadTable(rows)}`,
  long: ({ rows }) => `## One long path\n\n${threadTable(rows)}`,
  peers: ({ rows, threads, versions }) =>
    `## Against pySigLib ${versions.pysiglib} with n_jobs=${threads}\n\n${table([
      ["batch×points×d^N", "group", "ours", "pySigLib", "pySigLib / ours", "by medians"],
      ...rows.map((row) => [
        rowName(row),
        row.group,
        ms(row.times.ours.min),
        ms(row.times.pysiglib.min),
        times(row.times.pysiglib.min / row.times.ours.min),
        times(row.times.ratioOfMedians),
      ]),
    ])}`,
  loop: ({ bytes, runs }) =>
    `## The event loop, ${(bytes / 1e9).toFixed(2)} GB\n\n${table([
      ["run", "seconds", "most time between turns of a timer", "without waiting for a processor"],
      ...runs.map((run, i) => [`${i + 1}`, run.seconds.toFixed(2), ms(run.most), ms(run.mostOwn)]),
    ])}`,
  scaling: ({ rows, threads, bandwidth }) =>
    "## More threads, simulated\n\n" +
    "From costs measured here (bench/scaling/simulate.mjs says what is left out); one thread copies " +
    `${(bandwidth / 1e9).toFixed(1)} GB/s. “Own”: the calling thread's part of a call.\n\n${table([
      ["batch×points×d^N", "input", "kernels", "own", ...threads.map((n) => `${n}`)],
      ...rows.flatMap((row) =>
        ["staged", "inPlace"].map((way) => [
          rowName(row),
          way === "staged" ? "staged" : "shared, read in place",
          ms(row.work),
          ms(row[way].busy),
          ...row.speedups[way].map(times),
        ]),
      ),
    ])}`,
};

/** The whole page. */
export function enginePage(result) {
  const { machine, date, node, parts } = result;
  return `${[
    `# Bench of the engine: ${machine.name}, ${machine.cores} cores, ${date}`,
    `${machine.system}, Node ${node}. Fastest of samples taken in turn; \`npm run bench -- engine\`. ` +
      "Every part names the code that it was measured on in the JSON beside this page.",
    engineTargets(result),
    ...Object.keys(sections)
      .filter((name) => parts[name])
      .map((name) => sections[name](parts[name])),
  ].join("\n\n")}\n`;
}
