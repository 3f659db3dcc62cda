// How gradients of a call are computed on a device: which kernels, with which memory. A pure function of the call's sizes and the device's limits, as way.ts is
// for signatures.

import { countCoefficients } from "../input/size.ts";
import { forwardDepth } from "../run/vjp-blocks.ts";
import { blockBytes, type Cut, cutFor, fitsDevice } from "./blocks.ts";
import type { DeviceLimits } from "./device.ts";
import { type FlowLayout, flowLayoutOf, flowOperations, streamPlaces } from "./gradient-layout.ts";
import {
  fewestPieces,
  invocationsToFill,
  mostLoopSteps,
  operationsOfStep,
  prefixesWay,
  statesOf,
  type Way,
  type WaySizes,
  wayOf,
} from "./way.ts";

/** The kernels of points: `pair`, an invocation for each pair of letters; `straight`, where the functional does not move in time; `adjoint` of streams. */
export type GradientKernelName = "pair" | "straight" | "adjoint";

/** How gradients are computed. */
export interface GradientWay {
  readonly kernel: GradientKernelName;
  /** The signatures that they need, of {@link forwardDepth}: whole ones, or of several pieces those from a path's beginning to each piece's end. */
  readonly forward: Way;
  /** Of `pair`. */
  readonly flow: FlowLayout | undefined;
  /** Pieces of a path's time that `pair` sweeps side by side. */
  readonly pieces: number;
}

/** What the cut of a call depends on. */
export interface GradientSizes extends WaySizes {
  /** Points of the longest path, a basepoint not counted. */
  readonly points: number;
  /** Whether paths continue something. */
  readonly initial: boolean;
  /** Whether paths and cotangents are on the device already, and whether gradients stay there. */
  readonly resident: boolean;
  readonly stays: boolean;
}

/** Numbers of a path's functional: a row of a signature, and the gradient of a step after the whole path. */
export const functionalNumbers = (channels: number, size: number): number => size + channels;

/** Brackets that are formed pass by pass; the innermost is the kernel's that reads them. */
export const bracketPasses = (channels: number, depth: number): number => (channels === 1 ? 0 : Math.max(0, depth - 2));

/** Numbers that a piece of time needs: a functional, and a signature twice, to multiply it with those before. */
const pieceNumbers = (channels: number, depth: number): number =>
  functionalNumbers(channels, countCoefficients(channels, depth)) +
  2 * countCoefficients(channels, forwardDepth(depth, false));

/** Below this many steps what a piece takes besides costs more than it saves. A step less than tiles have: a piece takes the one behind it as well. */
const leastPieceSteps = 127;

/**
 * Pieces of time, where a block's paths do not fill a device by themselves: as many as do, if that many functionals fit a block's `bytes` side by side; of long
 * paths at least as many as round well, which way.ts would have for their signatures alone.
 */
function piecesOf({ batch, points, steps, channels, depth }: GradientSizes, flow: FlowLayout, bytes: number): number {
  const paths = Math.max(1, Math.min(batch, Math.floor(blockBytes / (4 * points * channels))));
  const toFill = (invocationsToFill * flow.tracks) / (flow.invocations * paths);
  const most = Math.floor(bytes / (4 * pieceNumbers(channels, depth)));
  if (toFill < 2 || most < steps / mostLoopSteps) return 1;
  const filling = Math.min(toFill, steps / leastPieceSteps, most / paths);
  const wanted = Math.max(1, Math.min(most, Math.floor(Math.max(filling, fewestPieces(steps)))));
  // Whole tiles: the same time with fewer pieces.
  const each = Math.ceil((steps / wanted + 1) / flow.tile) * flow.tile - 1;
  return wanted === 1 ? 1 : Math.ceil(steps / each);
}

/** The way and the cut of a call on a device, or why it cannot have one. */
export function planGradients(
  sizes: GradientSizes,
  limits: DeviceLimits,
  usual = blockBytes,
): { way: GradientWay; cut: Cut } | string {
  const { batch, points, channels, depth, steps, stream, initial, resident, stays } = sizes;
  const size = countCoefficients(channels, depth);
  const straight = channels === 1 || depth <= 2;
  const flow = straight || stream ? undefined : flowLayoutOf(channels, depth, limits);
  // Signatures, the functional and its brackets; what is continued contracts the cotangent, and has a gradient. Or what moves of streams.
  const own = stream
    ? Math.max(1, steps) * size + streamPlaces(1, channels, size).numbers
    : (bracketPasses(channels, depth) > 0 ? 2 : 1) * functionalNumbers(channels, size);
  const besides = own + (initial ? 2 * size : 0);
  // Of the usual block, whatever memory there is: the same pieces give the same bits.
  const most = Math.min(blockBytes, limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const pieces = flow ? (sizes.pieces ?? piecesOf(sizes, flow, most - 4 * besides)) : 1;
  const signatures = forwardDepth(depth, stream);
  const forward =
    pieces > 1
      ? prefixesWay(channels, signatures, pieces, limits)
      : wayOf({ ...sizes, depth: signatures, pieces: undefined }, limits);
  const fits = stream ? channels <= mostLetters(limits) : flow || straight;
  if (!forward || !fits) {
    return `gradients of ${channels} channels need more than the ${limits.maxComputeWorkgroupStorageSize} bytes of a workgroup's memory`;
  }
  // A scalar term more.
  const row = size + 1;
  if (!fitsDevice({ row: row + channels, channels }, limits)) {
    return `a signature of ${size} numbers is more than a binding of ${limits.maxStorageBufferBindingSize} bytes`;
  }
  if (stays && 4 * batch * points * channels > limits.maxBufferSize) {
    return `a result of ${batch * points * channels} numbers is more than a buffer of ${limits.maxBufferSize} bytes`;
  }
  const rows = stream ? Math.max(1, steps) : 1;
  const ownSize = countCoefficients(channels, signatures);
  const states =
    besides +
    (pieces > 1 ? pieces * pieceNumbers(channels, depth) : statesOf(forward, ownSize, stream) + (stream ? 0 : ownSize));
  const cutSizes = { batch, points, channels, row, rows, stream, states, resident, stays };
  const cut = cutFor(cutSizes, limits, usual);
  if (cut.steps !== undefined) return `a path of ${points} points, or what its gradient needs, is more than a binding`;
  return { way: { kernel: stream ? "adjoint" : straight ? "straight" : "pair", forward, flow, pieces }, cut };
}

/** Letters that streams may have: an invocation each. */
const mostLetters = (limits: DeviceLimits): number => Math.min(256, limits.maxComputeInvocationsPerWorkgroup);

/** Operations of a step of streams: three sums over all words and where they are cut, a dozen operations a term. */
export const streamOperations = (channels: number, depth: number): number =>
  36 * depth * countCoefficients(channels, depth);

/** Operations of a path's steps: of its signature, and of the sweep. */
export function gradientOperations({ kernel, forward, flow }: GradientWay, channels: number, depth: number): number {
  const still = kernel === "adjoint" ? streamOperations(channels, depth) : 4 * channels * channels;
  const sweep = flow ? flowOperations(flow) : still;
  return (forward.layout ? operationsOfStep(forward.layout) : channels) + sweep;
}

/**
 * Operations of what is done once for a path: every word is cut between all of its letters, and has brackets. Of several pieces each multiplies its signature with
 * all before, and has words cut once more.
 */
export const setUpOperations = (channels: number, depth: number, pieces = 1): number =>
  16 * depth * countCoefficients(channels, depth) +
  (pieces > 1 ? pieces * pieceOperations(channels, depth, pieces) : 0);

const pieceOperations = (channels: number, depth: number, pieces: number): number =>
  transportOperations(channels, depth) +
  8 * (depth - 1) * countCoefficients(channels, depth - 1) * Math.ceil(Math.log2(pieces));

/** Operations that take a functional to where a piece begins: a word of k letters has those of depth − k before it. */
export function transportOperations(channels: number, depth: number): number {
  let terms = channels;
  for (let k = 2; k <= depth; k++) terms += channels ** k * (1 + countCoefficients(channels, depth - k));
  return 4 * terms;
}
