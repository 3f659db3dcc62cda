// How much of a call is computed at once, so that WebAssembly memory stays bounded whatever the batch: budgets of a block of
// paths, and where long paths are cut in time. Pure arithmetic; which paths make a block is cut.ts's.
//
// The bound. With b bytes a number, staging memory is at most the sum of
//   input    max(256 KiB, 4 paths × (65536 + 2 channels) × b), 258 points a path where channels > 256
//   output   max(1 MiB, 4 signatures)
//   initial  max(1 MiB, 4 signatures), only where a call continues signatures or a path is cut in time
//   lengths, basepoints: at most 256 KiB each, or 4 points
//   scratch  as the kernels ask for a shape, whatever batch and length.
//
// A path's result must not depend on its neighbours, to the bit. So where a path is cut in time depends on its own number of
// points and on the channels alone. Whole signatures: into stretches of equal numbers of steps, each computed from the identity,
// multiplied in the end by a tree of fixed shape (Chen's identity), so that stretches may be computed in any order by anybody.
// Streams: one segment after the other, each continuing the last row, which gives the bits of an uncut path wherever it is cut.

/** Staged input of one block, unless four paths need more. */
export const inputBytes = 256 * 1024;
/** Staged output of one block, unless four paths need more. */
export const outputBytes = 1024 * 1024;
/** The widest vectors hold four paths: blocks are multiples of this, so that only the last has idle lanes. */
export const lanes = 4;
/** A path is cut in time rather than stage more numbers than this. */
export const pathNumbers = 65536;
/** A stretch has no more steps than this: enough that products of stretches weigh nothing, few enough for many threads to share a path. */
export const mostSteps = 4096;
/** Shorter stretches would spend a visible part of their time on starting and on products. */
export const leastSteps = 256;

/** Bytes that a block may stage. */
export interface Budget {
  readonly input: number;
  readonly output: number;
}

/** The budget on one thread. */
export const wholeBudget: Budget = { input: inputBytes, output: outputBytes };

/** A call's sizes, as the cut sees them. */
export interface CallSizes {
  /** Paths. */
  readonly batch: number;
  /** Points of the longest path, a basepoint not counted. */
  readonly points: number;
  readonly channels: number;
  /** Numbers of one signature as returned. */
  readonly row: number;
  /** Signatures returned for each path. */
  readonly rows: number;
  /** Bytes of a number. */
  readonly bytes: number;
  readonly stream: boolean;
}

const fit = (space: number, each: number): number => Math.floor(space / Math.max(1, each));

/** The most steps of a whole signature's path that is not cut, and of a stretch of one that is. */
export function longestStretch(channels: number): number {
  return Math.max(leastSteps, Math.min(mostSteps, fit(pathNumbers, channels)));
}

/** Whether a call is one block of uncut paths, which needs no plan. The common case, so it allocates nothing. */
export function fitsOneBlock(sizes: CallSizes): boolean {
  const { batch, points, channels, row, rows, bytes, stream } = sizes;
  return (
    (stream ? points * channels <= pathNumbers : points - 1 <= longestStretch(channels)) &&
    batch * points * channels * bytes <= inputBytes &&
    batch * rows * row * bytes <= outputBytes
  );
}

/** Rooms of unequal items begin on cache lines, where items are so long that it does not show: copies to other places take half as long again. */
const roomUnit = 16;

/** Points that an item of `points` points gets room for where items of a block differ in length. */
export function roomFor(points: number): number {
  return points < 8 * roomUnit ? points : Math.ceil(points / roomUnit) * roomUnit;
}

/** Rows of a stream that are computed at once; less than all where its paths are cut in time. */
export function streamSteps(sizes: CallSizes, budget: Budget): number {
  const { batch, points, channels, row, rows, bytes } = sizes;
  const fewest = Math.min(lanes, batch);
  const tooLong = points * channels > pathNumbers || fewest * rows * row * bytes > budget.output;
  // A row is at least as long as a point, so a bound on the output bounds the input too.
  return Math.max(1, tooLong ? Math.min(rows, fit(budget.output, fewest * row * bytes)) : rows);
}

/** Stretches of a whole signature's path of so many steps: 1 where it is not cut. */
export function stretchesOf(steps: number, longest: number): number {
  return Math.max(1, Math.ceil(steps / longest));
}

/** The step with which stretch k of n begins. Stretches differ in length by a step at most. */
export function stretchStart(k: number, n: number, steps: number): number {
  return Math.floor((k * steps) / n);
}

/** A block of as many paths as there are lanes may stage so many bytes; where it would stage more, it is one path. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Paths of a block, where each stages so many bytes and so many are left: all of them if they fit, else a multiple of the lanes, at
 * least as many as there are lanes.
 */
export function pathsOfBlock(budget: Budget, inputOfPath: number, outputOfPath: number, rest: number): number {
  const least = lanes * (inputOfPath + outputOfPath) > mostBytes ? 1 : lanes;
  const paths = Math.min(fit(budget.input, inputOfPath), fit(budget.output, outputOfPath));
  return paths >= rest ? rest : Math.min(rest, Math.max(least, paths - (paths % lanes)));
}
