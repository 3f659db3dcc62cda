// The rows of the GPU benchmark: the grid's shapes with batches from a fraction of a device to many
// times its size, and the protocol of Keras Sig's paper. No timing here.

import { grid, kerasProtocol, rowFilter } from "../grid.mjs";
import { signatureSize } from "../lib/counts.mjs";

const batches = [32, 256, 1024, 4096, 16384];
/** Points per path; fewer in the largest batch, since time grows with both. */
const pointsFor = (batch) => (batch > 4096 ? 100 : 1000);
/** Limit on the numbers of input or output, which every contestant can hold several times over. */
const mostNumbers = 2 ** 28;

const shapes = grid.map(({ channels, depth }) => [channels, depth]);

export const gpuGrid = batches.flatMap((batch) =>
  shapes
    .map(([channels, depth]) => ({ group: "grid", batch, points: pointsFor(batch), channels, depth }))
    .filter(
      ({ points, channels, depth }) =>
        batch * Math.max(points * channels, signatureSize(channels, depth)) <= mostNumbers,
    ),
);

/** Few long paths, which are cut into segments of time. */
const long = [
  [1, 100_000, 4, 4],
  [4, 100_000, 3, 5],
  [16, 10_000, 8, 3],
].map(([batch, points, channels, depth]) => ({ group: "few long paths", batch, points, channels, depth }));

/** Smoke test, for software adapters. */
const quick = [
  { group: "grid", batch: 32, points: 50, channels: 2, depth: 4 },
  { group: "grid", batch: 32, points: 50, channels: 4, depth: 4 },
  { group: "Keras Sig protocol", batch: 32, points: 100, channels: 3, depth: 4 },
  { group: "few long paths", batch: 1, points: 3000, channels: 3, depth: 3 },
];

/** The rows of a run. */
export function rowsFor({ isQuick, filter }) {
  const all = isQuick ? quick : [...gpuGrid, ...kerasProtocol, ...long];
  return all.filter(rowFilter(filter));
}
