// How calls for gradients are cut: which paths a kernel computes in one piece, and the segments of the
// others. Where a path is cut depends on channels, depth and its points alone, never on its neighbours.

import type { Call } from "../input/call.ts";
import { inputBytes, lanes, leastSteps, longestStretch, outputBytes, pathNumbers } from "../run/blocks.ts";
import { HORNER, PRUNED } from "../wasm/abi.ts";

/**
 * The depth of the signatures that gradients need. Whole paths: a level less, since in the product of
 * cotangent and signature a word is longer than what the signature has of it. Streams read the prefixes themselves.
 */
export const forwardDepth = (depth: number, stream: boolean): number => (stream ? depth : Math.max(1, depth - 1));

/**
 * How those of that depth are computed, as option bits. Ends of gradients want more of depth 5 than
 * pruning keeps, since that has as many pieces of time as depth 4.
 */
export const forwardAlgorithm = (algorithm: number, depth: number, stream: boolean): number =>
  !stream && depth === 5 && algorithm !== PRUNED ? HORNER : algorithm;

/** The call of which gradients need the signatures: whole paths by themselves, without the top level; streams as they are. */
export function forwardCall(call: Call): Call {
  if (call.stream) return call.with({ operands: [] });
  const depth = forwardDepth(call.depth, false);
  const algorithm = forwardAlgorithm(call.options.algorithm, depth, false);
  return call.with({ options: { depth, algorithm }, initial: null, operands: [] });
}

/** How the paths of a call are cut in time. */
export interface SegmentPlan {
  /** Paths that go through their segments together. */
  readonly paths: number;
  /** Steps of a segment; the last may have fewer. */
  readonly steps: number;
  /** Segments of the longest path, from 1 on. */
  readonly count: number;
}

const fit = (space: number, each: number): number => Math.floor(space / Math.max(1, each));

/** The segments of a call, with the same bound on memory as blocks have (run/blocks.ts). */
export function planSegments(call: Call): SegmentPlan {
  const { batch, points, channels, row, rows, bytes, stream } = call;
  let steps = Math.max(1, stream ? rows : points - 1);
  if (stream) {
    // Four paths' rows, whatever the batch: a path is cut in the same places alone and among others.
    const tooLong = points * channels > pathNumbers || lanes * rows * row * bytes > outputBytes;
    if (tooLong) steps = Math.max(1, fit(outputBytes, lanes * row * bytes));
  } else if (points * channels > pathNumbers) steps = Math.max(leastSteps, fit(pathNumbers, channels));
  const count = Math.max(1, Math.ceil((stream ? rows : points - 1) / steps));
  const ofPoints = Math.min(points, steps + 1) * channels * bytes;
  const ofRows = (stream ? Math.min(rows, steps) : 1) * row * bytes;
  const paths = Math.min(fit(inputBytes, ofPoints), fit(outputBytes, ofRows));
  return { paths: Math.min(Math.max(lanes, paths - (paths % lanes)), batch), steps, count };
}

/** Whether one kernel computes the signatures and the gradients of every path of a call. */
export const isUncut = (call: Call): boolean =>
  (call.stream || call.points - 1 <= longestStretch(call.channels)) && planSegments(call).count === 1;
