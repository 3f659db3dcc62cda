// Ours against ours, by the public call: number types, binaries, stream, ragged batches, unusual
// shapes. Each is one small comparison, sampled in turn; targets.mjs has the figures to reach.

import { grid, oddNeighbours, rowName } from "../grid.mjs";
import { signatureSize } from "../lib/counts.mjs";

/** Shapes for comparisons that do not need the full grid: copy-bound, in between, compute-bound. */
const streamRows = [
  [2, 2],
  [2, 4],
  [2, 6],
  [3, 3],
  [4, 3],
  [4, 4],
  [8, 2],
  [16, 2],
].map(([channels, depth]) => ({ group: "stream", batch: 32, points: 1000, channels, depth }));

const raggedRows = [
  [2, 2],
  [2, 4],
  [3, 3],
  [4, 4],
  [8, 3],
  [16, 2],
].map(([channels, depth]) => ({ group: "ragged", batch: 256, points: 1000, channels, depth }));

export async function measureRatios(bench) {
  const horner = await bench.choosesAlgorithm();
  const list = [
    ...grid.filter(bench.rows).map((row) => ["grid", row, () => typesAndBinaries(bench, row)]),
    ...oddNeighbours
      .map(({ odd, neighbour }) => oddPair(odd, neighbour))
      .filter(({ row }) => bench.rows(row))
      .map(({ row, neighbour }) => ["odd", row, () => odd(bench, row, neighbour)]),
    ...streamRows.filter(bench.rows).map((row) => ["stream", row, () => stream(bench, row, horner)]),
    ...raggedRows.filter(bench.rows).map((row) => ["ragged", row, () => ragged(bench, row)]),
  ];
  const measured = { grid: [], odd: [], stream: [], ragged: [] };
  bench.progress.begin("ratios", list.length);
  for (const [kind, row, measure] of list) {
    bench.progress.row(`${kind} ${rowName(row)}`);
    measured[kind].push({ ...row, ...(await measure()) });
    bench.progress.step();
  }
  return measured;
}

const api = (bench, label, name, row, fields = {}) =>
  bench.prepare(label, name, { ...row, ...bench.input(row), subject: "api", ...fields });

/** float64 against float32, and the two binaries. */
async function typesAndBinaries(bench, row) {
  const contestants = [
    await api(bench, "float32", "relaxed", row),
    await api(bench, "float64", "relaxed", row, { dtype: "float64" }),
    await api(bench, "simd", "simd", row),
  ];
  return { times: await bench.time(contestants) };
}

/** Both have the batch of the odd shape, so that their outputs have the same weight. */
function oddPair([channels, depth], [theirChannels, theirDepth]) {
  const batch = channels ** depth >= 4000 || theirChannels ** theirDepth >= 4000 ? 32 : 256;
  const row = (d, n) => ({ group: "odd shapes", batch, points: 1000, channels: d, depth: n });
  return { row: row(channels, depth), neighbour: row(theirChannels, theirDepth) };
}

async function odd(bench, row, neighbour) {
  const contestants = [await api(bench, "odd", "relaxed", row), await api(bench, "neighbour", "relaxed", neighbour)];
  return { neighbour, times: await bench.time(contestants) };
}

/**
 * All prefixes against the last one alone plus writing that many numbers once. Written into given
 * arrays, since the pages of a new one are the system's business.
 */
async function stream(bench, row, horner) {
  const numbers = row.batch * (row.points - 1) * signatureSize(row.channels, row.depth);
  const contestants = [
    await api(bench, "stream", "relaxed", row, { stream: true, out: true }),
    await api(bench, "forward", "relaxed", row, { out: true }),
    await bench.prepare("write", "relaxed", { subject: "write", numbers }),
  ];
  // A stream needs every prefix, so its baseline is an algorithm that computes every prefix.
  if (horner) contestants.push(await api(bench, "forward horner", "relaxed", row, { out: true, algorithm: "horner" }));
  return { times: await bench.time(contestants) };
}

/**
 * A ragged batch, against one with the same number of paths and, up to rounding, the same total
 * number of steps.
 */
async function ragged(bench, row) {
  const { lengths, lengthsFile } = bench.lengths(row);
  const steps = lengths.reduce((sum, length) => sum + length - 1, 0);
  const even = { ...row, points: Math.round(steps / row.batch) + 1 };
  const contestants = [
    await api(bench, "ragged", "relaxed", row, { lengthsFile }),
    await api(bench, "even", "relaxed", even),
  ];
  return { steps, evenSteps: even.batch * (even.points - 1), times: await bench.time(contestants) };
}
