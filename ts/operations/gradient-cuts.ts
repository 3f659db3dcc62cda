// How calls for gradients are cut: which paths one kernel computes whole, and the segments of
// longer ones. The cuts of a path depend on channels, depth and its number of points, never on
// other paths.

import type { Call } from "../input/call.ts";
import { fit, inputBytes, lanes, leastSteps, longestStretch, outputBytes, pathNumbers } from "../run/blocks.ts";
import { HORNER, PRUNED } from "../wasm/abi.ts";

/**
 * Depth of the signatures that gradients need. Whole paths need one level less: in the product of
 * cotangent and signature, the signature contributes only proper parts of a word. Streams read the
 * prefixes themselves.
 */
export const forwardDepth = (depth: number, stream: boolean): number => (stream ? depth : Math.max(1, depth - 1));

/**
 * Algorithm of these signatures, as option bits. At depth 5 the pruned walk divides time into as
 * few pieces as at depth 4, which is not accurate enough for gradients at the ends of a path.
 */
export const forwardAlgorithm = (algorithm: number, depth: number, stream: boolean): number =>
  !stream && depth === 5 && algorithm !== PRUNED ? HORNER : algorithm;

/**
 * The call for the signatures that gradients need: whole paths without the top level; streams
 * unchanged.
 */
export function forwardCall(call: Call): Call {
  if (call.stream) return call.with({ operands: [] });
  const depth = forwardDepth(call.depth, false);
  const algorithm = forwardAlgorithm(call.options.algorithm, depth, false);
  return call.with({ options: { depth, algorithm }, initial: null, operands: [] });
}

/** How the paths of a call are cut in time. */
export interface SegmentPlan {
  /** Number of paths that are computed together, segment by segment. */
  readonly paths: number;
  /** Steps of a segment; the last one may have fewer. */
  readonly steps: number;
  /** Number of segments of the longest path, at least 1. */
  readonly count: number;
}

/** The segments of a call, with the same bound on memory as blocks (run/blocks.ts). */
export function planSegments(call: Call): SegmentPlan {
  const { batch, points, channels, row, rows, bytes, stream } = call;
  let steps = Math.max(1, stream ? rows : points - 1);
  if (stream) {
    // The rows of four paths, for any batch, so that a path is cut at the same points alone and in
    // a batch.
    const tooLong = points * channels > pathNumbers || lanes * rows * row * bytes > outputBytes;
    if (tooLong) steps = Math.max(1, fit(outputBytes, lanes * row * bytes));
  } else if (points * channels > pathNumbers) steps = Math.max(leastSteps, fit(pathNumbers, channels));
  const count = Math.max(1, Math.ceil((stream ? rows : points - 1) / steps));
  const ofPoints = Math.min(points, steps + 1) * channels * bytes;
  const ofRows = (stream ? Math.min(rows, steps) : 1) * row * bytes;
  const paths = Math.min(fit(inputBytes, ofPoints), fit(outputBytes, ofRows));
  return { paths: Math.min(Math.max(lanes, paths - (paths % lanes)), batch), steps, count };
}

/** Whether one kernel computes both signatures and gradients of every path of a call. */
export const isUncut = (call: Call): boolean =>
  (call.stream || call.points - 1 <= longestStretch(call.channels)) && planSegments(call).count === 1;
