// Cuts a call for gradients into blocks of paths and segments of time, as blocks.ts does for signatures, with the same bound on memory: for
// each of the inputs and the outputs of a block at most what stands there. Pure arithmetic.
//
// Segments follow each other in the direction of travel; those of a stream are gone through backwards. A path that is over before others has
// segments without a step, at its last point.

import { HORNER, PRUNED } from "../wasm/abi.ts";
import { type CallSizes, inputBytes, lanes, leastSteps, outputBytes, pathNumbers } from "./blocks.ts";

/** The depth of the signatures that gradients need: in Λ·S a word is longer than what S has of it, but for streams, which read the prefixes themselves. */
export const forwardDepth = (depth: number, stream: boolean): number => (stream ? depth : Math.max(1, depth - 1));

/** How those of that depth are computed, as option bits: ends of gradients want more of depth 5 than pruning keeps, since that is as many pieces of time as depth 4 has. */
export const forwardAlgorithm = (algorithm: number, depth: number, stream: boolean): number =>
  !stream && depth === 5 && algorithm !== PRUNED ? HORNER : algorithm;

/** How a call for gradients is cut. */
export interface VjpPlan {
  /** Paths of a block; the last block may have fewer. */
  readonly paths: number;
  /** Steps of a segment; the last may have fewer. */
  readonly steps: number;
  /** Segments of the longest path, from 1 on. */
  readonly segments: number;
}

const fit = (space: number, each: number): number => Math.floor(space / Math.max(1, each));

/** The cut. Where a path is cut in time depends on channels, depth and its points alone. */
export function planVjp(sizes: CallSizes): VjpPlan {
  const { batch, points, channels, row, rows, bytes, stream } = sizes;
  let steps = Math.max(1, stream ? rows : points - 1);
  if (stream) {
    // Four paths' rows, whatever the batch: a lone path is cut where it is cut among others.
    const tooLong = points * channels > pathNumbers || lanes * rows * row * bytes > outputBytes;
    if (tooLong) steps = Math.max(1, fit(outputBytes, lanes * row * bytes));
  } else if (points * channels > pathNumbers) steps = Math.max(leastSteps, fit(pathNumbers, channels));
  const segments = Math.max(1, Math.ceil((stream ? rows : points - 1) / steps));
  const ofPoints = Math.min(points, steps + 1) * channels * bytes;
  const ofRows = (stream ? Math.min(rows, steps) : 1) * row * bytes;
  const paths = Math.min(fit(inputBytes, ofPoints), fit(outputBytes, ofRows));
  return { paths: Math.min(Math.max(lanes, paths - (paths % lanes)), batch), steps, segments };
}

/** The points of a path that a segment holds, in the order of memory: the first, and how many. `all` is the number of steps between the path's points. */
export function segmentPoints(
  plan: VjpPlan,
  segment: number,
  all: number,
  inverse: boolean,
): { from: number; count: number } {
  const begin = Math.min(segment * plan.steps, all);
  const end = Math.min(begin + plan.steps, all);
  return { from: inverse ? all - end : begin, count: end - begin + 1 };
}
