// The performance targets of the project, one entry each: the figures of a result that it concerns,
// and whether they reach it. Reads results, measures nothing. One thread, float32, relaxed binary,
// Node 24, unless an entry says otherwise.

import { topLevel } from "./grid.mjs";
import { trafficBytes, usefulFlop } from "./lib/counts.mjs";
import { geometricMean } from "./lib/statistics.mjs";
import { peakFlop } from "./parts/roofline.mjs";

const shape = ({ channels, depth }) => `(${channels},${depth})`;
const isShape = (row, ...shapes) => shapes.includes(`${row.channels},${row.depth}`);
const times = (x) => `${x.toFixed(2)}×`;
const percent = (x) => `${(100 * x).toFixed(0)} %`;

/** Fastest call of a contestant in seconds. */
const best = (row, label) => row.times[label]?.min;

/** The multiply-add peak sampled in turn with the row, in operations per second. */
export const peakOf = (row, label = "peak relaxed") =>
  peakFlop(label.includes("float64") ? "float64" : "float32") / best(row, label);

/** Useful operations per second, as a share of the peak. */
export const peakShare = (row, label, peak = "peak relaxed") => usefulFlop(row) / best(row, label) / peakOf(row, peak);

/**
 * The shortest possible time of a row's call: its operations at the peak, or copying its numbers in
 * and out once, whichever is longer.
 */
export const limit = (row) => Math.max(usefulFlop(row) / peakOf(row), best(row, "copy"));

/** Bytes copied in and out once, per second of a call. */
export const throughput = (row, label) => trafficBytes(row) / best(row, label);

/** Speed relative to a peer. */
export const speedup = (row, peer, ours = "relaxed") => best(row, peer) / best(row, ours);

/** A target for the worst of some rows: the smallest value has to be at least `least`. */
function everyRow(what, target, rows, value, least, show) {
  if (!rows.length) return { what, target, measured: "not measured", met: null };
  const worst = rows.reduce((a, b) => (value(b) < value(a) ? b : a));
  const missed = rows.filter((row) => value(row) < least);
  const list = missed.length > 1 ? `; below: ${missed.map(shape).join(" ")}` : "";
  return { what, target, measured: `least ${show(value(worst))} at ${shape(worst)}${list}`, met: missed.length === 0 };
}

/** A target for the mean of all rows. */
function mean(what, target, rows, value, least) {
  if (!rows.length) return { what, target, measured: "not measured", met: null };
  const measured = geometricMean(rows.map(value));
  return { what, target, measured: times(measured), met: measured >= least };
}

/** As `everyRow`, for costs: the largest has to be at most `most`. */
function everyCost(what, target, rows, value, most) {
  const measured = everyRow(
    what,
    target,
    rows,
    (row) => -value(row),
    -most,
    (x) => times(-x),
  );
  return { ...measured, measured: measured.measured.replace(/^least/, "most").replace("; below:", "; above:") };
}

/**
 * The table of targets for a result.
 * @returns {{ what: string, target: string, measured: string, met: boolean | null }[]} `met` is
 *   null where the result lacks the figures
 */
export function targets(result) {
  const peers = result.parts.peers?.rows ?? [];
  const kernels = result.parts.kernels?.rows ?? [];
  const ratios = result.parts.ratios ?? { grid: [], odd: [], stream: [], ragged: [] };
  const group = (name) => peers.filter((row) => row.group === name);
  const faced = (rows, peer, ours = "relaxed") => rows.filter((row) => best(row, peer) && best(row, ours));
  const gridRows = faced(group("grid"), "pysiglib");
  const hornerRows = faced(group("grid"), "pysiglib", "relaxed horner");
  // A build without pruning chooses plain Horner.
  const plain = hornerRows.length ? hornerRows : gridRows;
  const plainLabel = hornerRows.length ? "relaxed horner" : "relaxed";
  const parallelRows = faced(group("Keras Sig protocol"), "keras_sig_parallel");
  const scanRows = faced(group("Keras Sig protocol"), "keras_sig");
  const onePath = faced(group("one path"), "pysiglib");
  const shortest = onePath.find((row) => isShape(row, "2,2"));

  return [
    everyRow(
      "grid against pySigLib, plain Horner",
      "≥ 1.05× on every row",
      plain,
      (row) => speedup(row, "pysiglib", plainLabel),
      1.05,
      times,
    ),
    mean("", "≥ 2.0× geometric mean", plain, (row) => speedup(row, "pysiglib", plainLabel), 2),
    everyRow(
      "grid against pySigLib, as chosen (pruned)",
      "≥ 1.5× on every row",
      gridRows,
      (row) => speedup(row, "pysiglib"),
      1.5,
      times,
    ),
    mean("", "≥ 3.0× geometric mean", gridRows, (row) => speedup(row, "pysiglib"), 3),
    everyRow(
      "share of the multiply-add peak, plain Horner kernel",
      "≥ 85 % where d^N ≥ 256",
      kernels.filter((row) => row.group === "grid" && topLevel(row) >= 256),
      (row) => peakShare(row, "horner"),
      0.85,
      percent,
    ),
    everyRow(
      "",
      "≥ 75 % at (2,4) (2,6) (3,3) (4,3)",
      kernels.filter((row) => row.group === "grid" && isShape(row, "2,4", "2,6", "3,3", "4,3")),
      (row) => peakShare(row, "horner"),
      0.75,
      percent,
    ),
    copyBound(group("grid")),
    everyRow(
      "one path against pySigLib",
      "≥ 1.3× where d^N ≥ 64",
      onePath.filter((row) => topLevel(row) >= 64),
      (row) => speedup(row, "pysiglib"),
      1.3,
      times,
    ),
    {
      what: "one path (100,2,2), with `out`",
      target: "≤ 1.5 µs a call",
      measured: shortest ? `${(1e6 * best(shortest, "relaxed")).toFixed(2)} µs` : "not measured",
      met: shortest ? best(shortest, "relaxed") <= 1.5e-6 : null,
    },
    everyRow(
      "Keras Sig's protocol, against its paper's form (parallel over time)",
      "≥ 10× on every row",
      parallelRows,
      (row) => speedup(row, "keras_sig_parallel"),
      10,
      times,
    ),
    mean("", "≥ 25× geometric mean", parallelRows, (row) => speedup(row, "keras_sig_parallel"), 25),
    {
      what: "Keras Sig's protocol, against the form that it takes on a CPU (a scan)",
      target: "no target: shown because it is the faster one here",
      measured: scanRows.length
        ? `geometric mean ${times(geometricMean(scanRows.map((row) => speedup(row, "keras_sig"))))}`
        : "not measured",
      met: null,
    },
    everyCost("odd shapes, cost per useful multiply-add", "≤ 1.4× of the neighbour's", ratios.odd, oddCost, 1.4),
    everyRow(
      "float64",
      "≥ 45 % of float32's rate",
      ratios.grid,
      (row) => best(row, "float32") / best(row, "float64"),
      0.45,
      percent,
    ),
    everyRow(
      "`simd` binary",
      "≥ 60 % of `relaxed`",
      ratios.grid,
      (row) => best(row, "float32") / best(row, "simd"),
      0.6,
      percent,
    ),
    everyCost("`stream`", "≤ 1.5× (forward + writing the output once)", ratios.stream, streamCost, 1.5),
    everyCost(
      "ragged batch, lengths in [L/2, L]",
      "≤ 1.15× of as many steps unragged",
      ratios.ragged,
      raggedCost,
      1.15,
    ),
    memory(result.parts.memory),
    size(result.parts.size),
    ...accuracy(result.parts.accuracy),
  ];
}

/** Seconds per useful operation, relative to the neighbour's. */
export const oddCost = (row) =>
  best(row, "odd") / usefulFlop(row) / (best(row, "neighbour") / usefulFlop(row.neighbour));

/** A stream relative to its minimum: an algorithm that has every prefix, plus writing them. */
export const streamCost = (row) =>
  best(row, "stream") / ((best(row, "forward horner") ?? best(row, "forward")) + best(row, "write"));

/** Seconds per step, relative to the even batch's. */
export const raggedCost = (row) => best(row, "ragged") / row.steps / (best(row, "even") / row.evenSteps);

function copyBound(rows) {
  const what = "(2,2) (8,2) (16,2)";
  const target = "≤ 2.2× copying in and out once, or ≥ 80 % of peak";
  const chosen = rows.filter((row) => isShape(row, "2,2", "8,2", "16,2"));
  if (!chosen.length) return { what, target, measured: "not measured", met: null };
  const figures = chosen.map((row) => ({
    row,
    copies: best(row, "relaxed") / best(row, "copy"),
    share: peakShare(row, "relaxed"),
  }));
  return {
    what,
    target,
    measured: figures.map(({ row, copies, share }) => `${shape(row)} ${times(copies)}, ${percent(share)}`).join("; "),
    met: figures.every(({ copies, share }) => copies <= 2.2 || share >= 0.8),
  };
}

function memory(part) {
  const what = "memory";
  const target = "flat over 1000 calls; bounded for any B and L";
  if (!part) return { what, target, measured: "not measured", met: null };
  const grown = part.after.wasm - part.before.wasm;
  const heap = part.after.heapUsed + part.after.external - part.before.heapUsed - part.before.external;
  const bounds = part.bounds.map(({ wasm }) => wasm);
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return {
    what,
    target,
    measured:
      `WebAssembly +${mebibytes(grown)}, JavaScript ` +
      `${heap < 0 ? "−" : "+"}${mebibytes(Math.abs(heap))}; at most ${mebibytes(Math.max(...bounds))} ` +
      "for batches of 16384 and 10⁶ points",
    // A mebibyte of JavaScript is compiled code and the like: a thousandth of one leaked result per
    // call.
    met: grown === 0 && heap < 2 ** 20 && Math.max(...bounds) < 2 ** 24,
  };
}

function size(part) {
  const what = "size of the relaxed binary";
  const target = "≤ 90 kB gzip";
  const file = part?.files.find((one) => one.file.endsWith("relaxed.wasm"));
  if (!file) return { what, target, measured: "not measured", met: null };
  return { what, target, measured: `${(file.gzip / 1000).toFixed(1)} kB`, met: file.gzip <= 90_000 };
}

/** Errors up to four units in the last place count as equal: which of them is smaller is luck. */
const fewRoundings = 2 ** -22;

/** The worst error over the levels of one form, relative to another's. */
export function accuracyRatio({ errors }, form, base) {
  const worst = (label) => Math.max(...errors[label], fewRoundings);
  return worst(form) / worst(base);
}

/**
 * The default forms. Kernels alone are excluded: no call gives them a path of 100 000 points in one
 * segment.
 */
export const defaultForms = ["signature()", "signature(), one path"];

/**
 * Paths made to expose rounding: terms that cancel are up to 100 000 times as large as the result.
 * They have a row of their own.
 */
const hostileKinds = ["zigzag", "collinear", "jumps"];

function accuracy(part) {
  const what = "accuracy of what is chosen by default";
  const target = "≤ 2× the error of the plain Horner kernel";
  if (!part?.rows.length) return [{ what, target, measured: "not measured", met: null }];
  const against = (forms, base, rows = part.rows) =>
    rows.flatMap((row) => forms.map((form) => ({ row, form, ratio: accuracyRatio(row, form, base) })));
  const show = (figures) => {
    const worst = figures.reduce((a, b) => (b.ratio > a.ratio ? b : a));
    const mean = geometricMean(figures.map(({ ratio }) => ratio));
    const { row, form, ratio } = worst;
    const where = `${form}, ${shape(row)}, ${row.points} points, ${row.kind}`;
    return `most ${times(ratio)}: ${where}; geometric mean ${times(mean)}`;
  };
  const isHostile = ({ kind }) => hostileKinds.includes(kind);
  const [usual, hostile] = [part.rows.filter((row) => !isHostile(row)), part.rows.filter(isHostile)].map((rows) =>
    against(defaultForms, "horner", rows),
  );
  return [
    { what, target, measured: show(usual), met: usual.every(({ ratio }) => ratio <= 2) },
    {
      what: `the same on paths made to cancel (${hostileKinds.join(", ")})`,
      target,
      measured: show(hostile),
      met: hostile.every(({ ratio }) => ratio <= 2),
    },
    {
      what: "accuracy of the plain Horner kernel",
      target: "no target: against textbook Horner in float32",
      measured: show(against(["horner"], "textbook")),
      met: null,
    },
  ];
}
