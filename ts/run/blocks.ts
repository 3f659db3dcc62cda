// How much of a call is computed at once, so that WebAssembly memory stays bounded for any batch:
// the budgets of a block of paths, and the cuts of long paths in time. Pure arithmetic; cut.ts
// selects the paths of a block.
//
// The bound. With b bytes a number, staging memory is at most the sum of
//   input    max(256 KiB, 4 paths × (65536 + 2 channels) × b), 258 points a path if channels > 256
//   output   max(1 MiB, 4 signatures)
//   initial  max(1 MiB, 4 signatures), only if a call continues signatures or cuts a path in time
//   lengths, basepoints: at most 256 KiB each, or 4 points
//   scratch  as the kernels need for a shape, independent of batch and length.
//
// The result of a path must not depend, to the bit, on the other paths of the batch. So the cuts of
// a path depend only on its number of points and on the channels. Whole signatures are cut into
// stretches of equal numbers of steps. Each is computed from the identity, and a tree of fixed
// shape multiplies them (Chen's identity), so stretches can be computed in any order on any thread.
// Streams are cut into consecutive segments, each of which continues the last row. That gives the
// bits of an uncut path, wherever it is cut.

/** Budget of staged input per block, unless four paths need more. */
export const inputBytes = 256 * 1024;
/** Budget of staged output per block, unless four paths need more. */
export const outputBytes = 1024 * 1024;
/**
 * The widest vectors hold four paths. Blocks are multiples of this, so that only the last one has
 * idle lanes.
 */
export const lanes = 4;
/** A path with more numbers than this is cut in time. */
export const pathNumbers = 65536;
/**
 * Most steps of a stretch: enough that products of stretches cost little, few enough that many
 * threads can share a path.
 */
export const mostSteps = 4096;
/** Shorter stretches would spend a measurable part of their time on start-up and products. */
export const leastSteps = 256;

/** Bytes that a block may stage. */
export interface Budget {
  readonly input: number;
  readonly output: number;
}

/** The budget on one thread. */
export const wholeBudget: Budget = { input: inputBytes, output: outputBytes };

/** The sizes of a call that determine its cuts. */
export interface CallSizes {
  /** Paths. */
  readonly batch: number;
  /** Points of the longest path, without a basepoint. */
  readonly points: number;
  readonly channels: number;
  /** Numbers of one returned signature. */
  readonly row: number;
  /** Signatures returned per path. */
  readonly rows: number;
  /** Bytes per number. */
  readonly bytes: number;
  readonly stream: boolean;
}

/** How many things of `each` bytes or numbers fit a space. */
export const fit = (space: number, each: number): number => Math.floor(space / Math.max(1, each));

/** Most steps of a path that is not cut, and of a stretch, for whole signatures. */
export function longestStretch(channels: number): number {
  return Math.max(leastSteps, Math.min(mostSteps, fit(pathNumbers, channels)));
}

/**
 * Whether a call is one block of uncut paths, which needs no plan. This is the common case, so it
 * allocates nothing.
 */
export function fitsOneBlock(sizes: CallSizes): boolean {
  const { batch, points, channels, row, rows, bytes, stream } = sizes;
  return (
    (stream ? points * channels <= pathNumbers : points - 1 <= longestStretch(channels)) &&
    batch * points * channels * bytes <= inputBytes &&
    batch * rows * row * bytes <= outputBytes
  );
}

/**
 * Items of unequal lengths are aligned to cache lines if they are long enough that the padding is
 * negligible. Unaligned copies take 1.5 times as long.
 */
const capacityUnit = 16;

/** Capacity, in points, of an item with `points` points in a block whose items differ in length. */
export function capacityFor(points: number): number {
  return points < 8 * capacityUnit ? points : Math.ceil(points / capacityUnit) * capacityUnit;
}

/** Rows of a stream that are computed at once; fewer than all if its paths are cut in time. */
export function streamSteps(sizes: CallSizes, budget: Budget): number {
  const { batch, points, channels, row, rows, bytes } = sizes;
  const fewest = Math.min(lanes, batch);
  const tooLong = points * channels > pathNumbers || fewest * rows * row * bytes > budget.output;
  // A row is at least as long as a point, so a bound on the output also bounds the input.
  return Math.max(1, tooLong ? Math.min(rows, fit(budget.output, fewest * row * bytes)) : rows);
}

/** Number of stretches of a path with `steps` steps, for whole signatures; 1 if it is not cut. */
export function stretchesOf(steps: number, longest: number): number {
  return Math.max(1, Math.ceil(steps / longest));
}

/** First step of stretch k of n. Stretches differ in length by at most one step. */
export function stretchStart(k: number, n: number, steps: number): number {
  return Math.floor((k * steps) / n);
}

/** Bytes that a block with one path per lane may stage; beyond them, a block is a single path. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Number of paths of a block, if each stages `each` bytes and `left` remain: all if they fit, else
 * a multiple of the lanes, at least one path per lane.
 */
export function pathsOfBlock(budget: Budget, inputOfPath: number, outputOfPath: number, rest: number): number {
  const least = lanes * (inputOfPath + outputOfPath) > mostBytes ? 1 : lanes;
  const paths = Math.min(fit(budget.input, inputOfPath), fit(budget.output, outputOfPath));
  return paths >= rest ? rest : Math.min(rest, Math.max(least, paths - (paths % lanes)));
}
