// Rounding: the largest relative error of each level in float32, against float64, on paths with
// benign and adverse rounding. The baseline is plain one-pass Horner: the kernel's, and the
// textbook form ("textbook") in JavaScript, rounded after every operation.

import { signatureSize } from "../lib/counts.mjs";
import { kinds } from "../lib/paths.mjs";
import { levelErrors, levelScales, onePassHorner } from "../lib/reference.mjs";

const shapes = [
  [2, 4],
  [2, 6],
  [3, 5],
  [4, 4],
  [8, 3],
  [16, 2],
];

/**
 * A full vector of lanes. With fewer paths than lanes a call may split one path over them, which is
 * measured as "one path".
 */
const batch = 4;

/** [label, request, paths per call] */
const forms = [
  ["horner", { subject: "kernel", algorithm: "horner" }, batch],
  ["pruned", { subject: "kernel", algorithm: "pruned" }, batch],
  ["auto", { subject: "kernel", algorithm: "auto" }, batch],
  ["signature()", { subject: "api" }, batch],
  ["signature(), one path", { subject: "api" }, 1],
  ["signature(), float64", { subject: "api", dtype: "float64" }, batch],
];

export async function measureAccuracy(bench) {
  const lengths = bench.quick ? [200, 2000] : [1000, 100_000];
  const chosen = shapes.filter(([channels, depth]) => bench.rows({ channels, depth }));
  bench.progress.begin("accuracy", chosen.length * lengths.length * Object.keys(kinds).length);
  const rows = [];
  for (const [channels, depth] of chosen) {
    for (const points of lengths) {
      for (const kind of Object.keys(kinds)) {
        const row = { batch, points, channels, depth };
        bench.progress.row(`${channels}^${depth}, ${points} points, ${kind}`);
        rows.push({ ...row, kind, errors: await errorsOf(bench, row, kind) });
        bench.progress.step();
      }
    }
  }
  return { rows };
}

async function errorsOf(bench, row, kind) {
  const { points, channels, depth } = row;
  const { data, file } = bench.input(row, kind, points + channels);
  const size = signatureSize(channels, depth);
  const paths = Array.from({ length: batch }, (_, b) =>
    data.subarray(b * points * channels, (b + 1) * points * channels),
  );
  const references = paths.map((path) => onePassHorner(path, channels, depth));
  const scales = paths.map((path, b) => levelScales(path, channels, depth, references[b]));
  /** The largest error of each level over some of the paths. */
  const worst = (signatures) => {
    const errors = signatures.map((signature, b) => levelErrors(signature, references[b], scales[b], channels));
    return errors[0].map((_, k) => Math.max(...errors.map((levels) => levels[k])));
  };
  const errors = {
    textbook: worst(paths.map((path) => onePassHorner(path, channels, depth, Math.fround))),
  };
  for (const [label, asked, count] of forms) {
    const fields = { ...row, ...asked, batch: count, file };
    const contestant = await bench.prepare(
      label,
      "relaxed",
      count === batch ? fields : { ...fields, numbersOfFile: count * points * channels },
    );
    const numbers = await bench.result(contestant);
    await bench.forget([contestant]);
    errors[label] = worst(Array.from({ length: count }, (_, b) => numbers.subarray(b * size, (b + 1) * size)));
  }
  return errors;
}
