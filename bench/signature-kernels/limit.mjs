// Degree 1 and 2 beside the limit of the multiply-add units: cells take 4 and 15 multiplications or
// multiply-adds, and one a channel. The limit is as many cells as a loop of independent
// multiply-adds of the relaxed binary, sampled in turn with the kernels, could make of its own; the
// additions of a cell are taken to cost nothing. Needs no peer.

import { join } from "node:path";
import { makePaths, writeRaw } from "../lib/paths.mjs";
import { table } from "../lib/results.mjs";
import { peakFlop, timePeak } from "../parts/roofline.mjs";

/** Multiplications and multiply-adds of a cell besides those of its channels, by degree. */
const operations = { 1: 4, 2: 15 };

/** Matrices of 32 paths each. */
export const limitRows = ["float32", "float64"].flatMap((dtype) =>
  [64, 256].flatMap((points) => [2, 5, 10].map((channels) => ({ what: "gram", dtype, batch: 32, points, channels }))),
);

export const limitName = ({ dtype, points, channels }) => `${dtype} L=${points} d=${channels}`;

export async function measureLimit(bench, row) {
  const files = [1, 2].map((seed) => {
    const file = join(bench.folder, `limit-${seed}.f32`);
    writeRaw(
      file,
      makePaths("random walk", row, seed).map((x) => x / Math.sqrt(row.channels)),
    );
    return file;
  });
  const given = { ...row, order: 0, file: files[0], otherFile: files[1], subject: "signatureKernel" };
  const contestants = [await timePeak(bench, "relaxed", row.dtype)];
  for (const degree of [1, 2])
    contestants.push(await bench.prepare(`degree ${degree}`, "relaxed", { ...given, degree }));
  const [peak, ...degrees] = Object.values(await bench.time(contestants));
  return { ...row, peak, degrees };
}

/** Cells a second of a row by degree, and those that its multiply-adds allow. */
function rates({ dtype, batch, points, channels, peak, degrees }, degree) {
  const cells = (batch * (points - 1)) ** 2;
  const limit = peakFlop(dtype) / 2 / peak.min / (operations[degree] + channels);
  return { measured: cells / degrees[degree - 1].min, limit };
}

/** A Markdown table. */
export function limitTable(rows) {
  const giga = (x) => (x / 1e9).toFixed(2);
  const body = rows.map((row) => [
    limitName(row),
    giga(peakFlop(row.dtype) / row.peak.min),
    ...[1, 2].flatMap((degree) => {
      const { measured, limit } = rates(row, degree);
      return [giga(measured), giga(limit), `${((100 * measured) / limit).toFixed(0)} %`];
    }),
  ]);
  const heads = [1, 2].flatMap((degree) => [`degree ${degree} Gcell/s`, "limit", "share"]);
  return table(["row", "peak Gflop/s", ...heads], body);
}
