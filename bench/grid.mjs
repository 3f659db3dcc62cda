// The shapes that are measured, and what each stands for. No timing and no machine-dependent
// numbers here.

/**
 * A row: `batch` paths of `points` points in `channels` channels, signatures to `depth`.
 * @typedef {{ group: string, batch: number, points: number, channels: number, depth: number }} Row
 */

/** Coefficients of the highest level. */
export const topLevel = ({ channels, depth }) => channels ** depth;

/**
 * Batches of 256, or of 32 where signatures are so large that 256 of them would measure memory
 * bandwidth of the output.
 */
const batchFor = (channels, depth) => (topLevel({ channels, depth }) >= 4000 ? 32 : 256);

const batched = (group, shapes, points = 1000) =>
  shapes.map(([channels, depth]) => ({ group, batch: batchFor(channels, depth), points, channels, depth }));

/** (channels, depth) of typical applications, from copy-bound to compute-bound. */
export const grid = batched("grid", [
  [2, 2],
  [2, 4],
  [2, 6],
  [3, 3],
  [3, 5],
  [4, 3],
  [4, 4],
  [4, 6],
  [5, 4],
  [8, 2],
  [8, 3],
  [8, 4],
  [16, 2],
  [16, 3],
]);

/** Single paths: the cost of a call without a batch to fill the lanes. [points, channels, depth] */
export const onePath = [
  [100, 2, 2],
  [100, 2, 6],
  [1000, 4, 4],
  [1000, 16, 3],
  [10000, 4, 4],
  [1000, 8, 4],
].map(([points, channels, depth]) => ({ group: "one path", batch: 1, points, channels, depth }));

/**
 * The protocol of Keras Sig's paper (Genet & Inzirillo 2025): three channels; batch, length and
 * depth varied one at a time.
 */
export const kerasProtocol = [
  ...[32, 64, 128, 256, 512].map((batch) => ({ batch, points: 100, depth: 4 })),
  ...[50, 100, 200, 500, 1000].map((points) => ({ batch: 128, points, depth: 4 })),
  ...[2, 3, 4, 5, 6].map((depth) => ({ batch: 128, points: 100, depth })),
]
  .map((row) => ({ group: "Keras Sig protocol", channels: 3, ...row }))
  .filter((row, i, rows) => rows.findIndex((other) => rowKey(other) === rowKey(row)) === i);

/**
 * Unusual shapes, each with the tuned neighbour whose cost per multiply-add it has to stay close
 * to.
 */
export const oddNeighbours = [
  { odd: [7, 3], neighbour: [8, 3] },
  { odd: [6, 5], neighbour: [5, 4] },
  { odd: [10, 2], neighbour: [8, 2] },
  { odd: [24, 2], neighbour: [16, 2] },
  { odd: [3, 8], neighbour: [3, 5] },
  { odd: [40, 2], neighbour: [16, 2] },
];

export const oddShapes = batched(
  "odd shapes",
  oddNeighbours.map(({ odd }) => odd),
);

/** All rows on which the peers are measured. */
export const allRows = [...grid, ...onePath, ...kerasProtocol, ...oddShapes];

/** "256×1000×4^4": batch, points, channels, depth. */
export const rowName = ({ batch, points, channels, depth }) => `${batch}×${points}×${channels}^${depth}`;

/** A name for files and lookups. */
export function rowKey({ batch, points, channels, depth }) {
  return `${batch}-${points}-${channels}-${depth}`;
}

/**
 * "4x4,8x3" → a predicate on rows, true for those (channels, depth).
 * @throws if the text has another form.
 */
export function rowFilter(text) {
  if (!text) return () => true;
  const wanted = text.split(",").map((pair) => {
    const match = /^(\d+)[x,](\d+)$/.exec(pair.trim());
    if (!match) throw new Error(`--rows: "${pair}" is not of the form CHANNELSxDEPTH, as in 4x4,8x3`);
    return `${match[1]}x${match[2]}`;
  });
  return ({ channels, depth }) => wanted.includes(`${channels}x${depth}`);
}
