// Which kernels compute signatures of a shape, and on how many pieces of time: the counterpart of
// the plan in crates/kernels. A pure function of the call's sizes and the device's limits.
//
// Few long paths are computed in parallel by pieces of time, which also keep rounding errors small.
// Their number depends on the batch: with few paths more of them are needed to fill a device. It is
// a power of two, so that products of neighbours make a tree.

import { type Layout, layoutOf, type WorkgroupLimits } from "./layout.ts";
import { followedShares, isPrunable } from "./recovery.ts";
import { type CallShape, sizesOf } from "./shape.ts";
import { operationsOf, type Share, shareCount, shareOf, streamShareOf } from "./share.ts";

/** Kernels, as `explain` names them; `time`: `path` or `prefix` on pieces of time. */
export type KernelName = "ends" | "path" | "prefix" | "time" | "pruned" | "stream";

/** How signatures are computed. */
export interface KernelPlan {
  readonly kernel: KernelName;
  /** Absent for `ends`. */
  readonly layout: Layout | undefined;
  /** Of the kernel for whole signatures of pieces, where a stream needs them first. */
  readonly wholeLayout?: Layout;
  /** Pieces of a path's time, a power of two. */
  readonly pieces: number;
  /** The shares that are followed where the others are recovered in the end (recovery.ts). */
  readonly followed?: readonly number[];
}

/** Invocations that keep a large device busy: 128 compute units with 256 each. */
export const invocationsToFill = 32768;
/** Below this many steps a piece's products cost more than it saves. */
const leastPieceSteps = 64;
/** Paths of no more steps than this round well enough in one piece. */
const mostWholeSteps = 2048;
/** Most steps of their pieces: errors are then at most four times the CPU's (bench/NOTES.md). */
const mostPieceSteps = 640;
const mostPieces = 256;
/**
 * Of paths whose 256 pieces would be longer than this there are more pieces: llvmpipe ends an
 * invocation's loops silently after 65 535 iterations of all of them together.
 */
export const mostLoopSteps = 2 ** 12;

const powerOfTwoAtMost = (n: number): number => 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, n))));
const powerOfTwoAtLeast = (n: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, n))));

/** Pieces without which a path of so many steps does not round well enough. */
export const fewestPieces = (steps: number): number => (steps > mostWholeSteps ? steps / mostPieceSteps : 1);

/** Pieces of so many steps at most, whatever asks for more. */
const mostPiecesOf = (steps: number): number => Math.max(mostPieces, powerOfTwoAtLeast(steps / mostLoopSteps));

/** The workgroup memory that every device has: kernels take no more unless a step needs it. */
const usualStorage = 16384;

/** The layout of a share in no more workgroup memory than it needs. */
function layoutFor(share: Share, limits: WorkgroupLimits, inPieces = false, shares?: number): Layout | undefined {
  const usual = {
    ...limits,
    maxComputeWorkgroupStorageSize: Math.min(usualStorage, limits.maxComputeWorkgroupStorageSize),
  };
  return layoutOf(share, usual, inPieces, shares) ?? layoutOf(share, limits, inPieces, shares);
}

/** The plan of a call; `undefined` where a step does not fit the device's workgroup memory. */
export function planKernels(shape: CallShape, limits: WorkgroupLimits): KernelPlan | undefined {
  const { channels, depth, batch, stream = false } = shape;
  const { steps } = sizesOf(shape);
  if (channels === 1 || depth === 1) return { kernel: "ends", layout: undefined, pieces: 1 };
  const share = stream ? streamShareOf(channels, depth) : shareOf(channels, depth);
  const layout = layoutFor(share, limits);
  if (!layout) return undefined;
  const toFill = invocationsToFill / Math.max(1, batch * shareCount(share));
  const filling = shape.pieces ?? powerOfTwoAtMost(Math.min(toFill, steps / leastPieceSteps));
  if (stream) {
    const wholeLayout = layoutFor(shareOf(channels, depth), limits);
    if (filling === 1 || !wholeLayout) return { kernel: "stream", layout, pieces: 1 };
    return { kernel: "stream", layout, wholeLayout, pieces: Math.min(mostPiecesOf(steps), filling) };
  }
  const exact = powerOfTwoAtLeast(fewestPieces(steps));
  const pieces = shape.pieces ?? Math.min(mostPiecesOf(steps), Math.max(filling, exact));
  const pruned = planPruned(shape, share, limits, filling);
  if (pruned) return pruned;
  if (pieces === 1) return { kernel: layout.shares === 1 ? "path" : "prefix", layout, pieces };
  return { kernel: "time", layout: layoutFor(share, limits, true) ?? layout, pieces };
}

/** The plan of signatures from a path's beginning to the end of each piece; as above. */
export function planPrefixes(
  channels: number,
  depth: number,
  pieces: number,
  limits: WorkgroupLimits,
): KernelPlan | undefined {
  const layout = layoutFor(shareOf(channels, depth), limits);
  return layout && { kernel: "time", layout, pieces };
}

/** Fewest pieces of a pruned walk: recovery amplifies rounding (docs/pruned-walk.md). */
const fewestPrunedPieces = (depth: number): number => (depth >= 6 ? 8 : 4);
/** Operations of recovery and products for each number of a piece, about: mostly memory. */
const recoveryOperations = (depth: number): number => 32 * depth;
/** Pruning has to save so many times what recovery takes: both are estimates, not measured. */
const worthwhile = 2;

/** The pruned plan of a call, where there is one, and it is asked for or worth it. */
function planPruned(shape: CallShape, share: Share, limits: WorkgroupLimits, filling: number): KernelPlan | undefined {
  const { depth, algorithm = "auto" } = shape;
  const { steps, size } = sizesOf(shape);
  if (algorithm === "horner" || !isPrunable(share)) return undefined;
  const exact = Math.max(fewestPrunedPieces(depth), powerOfTwoAtLeast(steps / mostPieceSteps));
  const pieces = shape.pieces ?? Math.min(mostPiecesOf(steps), Math.max(filling, exact));
  if (pieces === 1) return undefined;
  const followed = followedShares(share);
  const saved = (steps / pieces) * operationsOf(share) * (shareCount(share) - followed.length);
  const taken = recoveryOperations(depth) * size;
  if (algorithm === "auto" && saved < worthwhile * taken) return undefined;
  const layout = layoutFor(share, limits, false, followed.length);
  return layout && { kernel: "pruned", layout, pieces, followed };
}

/** Operations of one step of one path, on all its invocations, idle ones too. */
export const operationsOfStep = ({ share, invocations, tracks, workgroups }: Layout): number =>
  (operationsOf(share) * invocations * workgroups) / tracks;

/** Pieces of a path that come out of a workgroup: those that share one are multiplied there. */
export const piecesLeft = ({ pieces, layout }: KernelPlan): number =>
  layout?.gathers ? Math.max(1, pieces / layout.tracks) : pieces;

/** Numbers of intermediate signatures of a path. */
export function intermediateNumbers(plan: KernelPlan, size: number, stream: boolean): number {
  if (plan.kernel === "ends" || plan.pieces === 1) return 0;
  // A signature for each piece and as many prefixes; or half as many products of neighbours, and
  // one before what is continued.
  if (stream) return 2 * (plan.pieces + 1) * size;
  const left = piecesLeft(plan);
  // Recovery works on sums as well: not three times the signature.
  if (plan.followed) return (3 * left + 1) * size;
  return left === 1 ? 0 : (1.5 * left + 1) * size;
}
