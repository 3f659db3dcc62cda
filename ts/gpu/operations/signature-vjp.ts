// Gradients of signatures on GPUs: how a call is planned, and what it costs (docs/gradients.md).

import { type CpuUnit, cpuUnitNames } from "../../dispatch/costs.ts";
import { countCoefficients } from "../../input/size.ts";
import { signaturesOfVjp } from "../../operations/cost.ts";
import { forwardCall, forwardDepth } from "../../operations/gradient-cuts.ts";
import type { Gradients } from "../../operations/gradients.ts";
import type { SignatureGradients } from "../../operations/signature-vjp.ts";
import { blockBytes, cutFor, fitsDevice } from "../blocks.ts";
import type { DeviceLimits } from "../device.ts";
import { type FlowLayout, flowLayoutOf, flowOperations, streamMemory } from "../flow-layout.ts";
import {
  fewestPieces,
  intermediateNumbers,
  invocationsToFill,
  type KernelPlan,
  mostLoopSteps,
  operationsOfStep,
  planKernels,
  planPrefixes,
} from "../kernel-plan.ts";
import { beyondDevice } from "../obstacle.ts";
import type { GpuCounts, GpuOperation, GpuPlan } from "../operation.ts";
import { type CallShape, callShapeOf, type Residency, sizesOf } from "../shape.ts";
import type { GpuGradients } from "../tensor.ts";
import { resultTooLarge, rowTooLarge, signature, signatureCounts } from "./signature.ts";

export { forwardCall, forwardDepth };

/**
 * How gradients are computed. The kernel of points: `pair`, an invocation for each pair of letters;
 * `straight`, for one channel and depths 1 and 2, where the functional does not move in time;
 * `adjoint`, for streams.
 */
export interface GradientPlan extends GpuPlan {
  readonly kernel: "pair" | "straight" | "adjoint";
  /**
   * The kernels for the signatures that gradients need, of {@link forwardDepth}: of whole paths, or
   * with several pieces of time those from a path's beginning to the end of each piece.
   */
  readonly forward: KernelPlan;
  /** Of `pair`. */
  readonly flow: FlowLayout | undefined;
  /** Pieces of a path's time that `pair` sweeps side by side. */
  readonly pieces: number;
}

export const signatureVjp: GpuOperation<Gradients, SignatureGradients, GpuGradients, GradientPlan> = {
  name: "signatureVjp",
  stays: true,
  shapeOf: callShapeOf,

  plan(shape, residency, limits, usual = blockBytes) {
    const { batch, points, channels, depth, stream = false, initial = false } = shape;
    // Enough for a scalar term, whether there is one or not.
    const withScalar = { ...shape, scalarTerm: true };
    const { steps, size, row } = sizesOf(withScalar);
    const isStill = channels === 1 || depth <= 2;
    const flow = isStill || stream ? undefined : flowLayoutOf(channels, depth, limits);
    // Signatures, the functional and its brackets; or what moves of streams. What is continued
    // contracts the cotangent, and has a gradient.
    const own = stream
      ? Math.max(1, steps) * size + streamMemory(1, channels, size).numbers
      : (bracketPasses(channels, depth) > 0 ? 2 : 1) * functionalNumbers(channels, size);
    const besides = own + (initial ? 2 * size : 0);
    // Of the usual block, whatever memory there is: the same pieces give the same bits.
    const most = Math.min(blockBytes, limits.maxStorageBufferBindingSize, limits.maxBufferSize);
    const pieces = flow ? (shape.pieces ?? piecesOf(shape, flow, most - 4 * besides)) : 1;
    const forwardDepthOf = forwardDepth(depth, stream);
    const forward =
      pieces > 1
        ? planPrefixes(channels, forwardDepthOf, pieces, limits)
        : planKernels({ ...shape, depth: forwardDepthOf, pieces: undefined }, limits);
    const fits = stream ? channels <= mostLetters(limits) : flow || isStill;
    if (!forward || !fits) {
      const bytes = limits.maxComputeWorkgroupStorageSize;
      return beyondDevice(
        `gradients of ${channels} channels need more than the ${bytes} bytes of a workgroup's memory`,
      );
    }
    if (!fitsDevice(row + channels, channels, limits)) return rowTooLarge(size, limits);
    if (residency.output === "gpu" && 4 * batch * points * channels > limits.maxBufferSize)
      return resultTooLarge(batch * points * channels, limits);
    const forwardSize = countCoefficients(channels, forwardDepthOf);
    const intermediate =
      besides +
      (pieces > 1
        ? pieces * pieceNumbers(channels, depth)
        : intermediateNumbers(forward, forwardSize, stream) + (stream ? 0 : forwardSize));
    const cut = cutFor(withScalar, residency, intermediate, limits, usual);
    if (cut.steps !== undefined)
      return beyondDevice(`a path of ${points} points, or what its gradient needs, is more than a binding`);
    const kernel = stream ? "adjoint" : isStill ? "straight" : "pair";
    return { kernel, forward, flow, pieces, cut, blocks: Math.max(1, Math.ceil(batch / cut.paths)) };
  },

  traffic(shape) {
    // Cotangents have the shape of signatures, gradients that of paths.
    const { input, output } = signature.traffic(shape);
    return { input: input + output, output: input };
  },

  gpuCounts,

  cpuUnits(shape) {
    const units: Record<CpuUnit, number> = { ...signature.cpuUnits(shape) };
    for (const unit of cpuUnitNames) if (unit !== "call") units[unit] *= signaturesOfVjp;
    return units;
  },

  // The adjoint of Horner's scheme, and the bracket adjoint (docs/gradients.md).
  cpuKernel: ({ stream = false }) => (stream ? "horner" : "bracket"),

  load: async () => (await import("../programs/signature-vjp.ts")).signatureVjpProgram,
};

/** Numbers of a path's functional: a signature, and the gradient of a step after the path. */
export const functionalNumbers = (channels: number, size: number): number => size + channels;

/** Brackets that are formed pass by pass; the innermost is formed by the kernel that reads them. */
export const bracketPasses = (channels: number, depth: number): number => (channels === 1 ? 0 : Math.max(0, depth - 2));

/** Numbers that a piece of time needs: a functional, and two signatures. */
const pieceNumbers = (channels: number, depth: number): number =>
  functionalNumbers(channels, countCoefficients(channels, depth)) +
  2 * countCoefficients(channels, forwardDepth(depth, false));

/**
 * Below this many steps a piece's overhead is more than it saves. One less than a multiple of the
 * tile: a piece also takes the step behind its end.
 */
const leastPieceSteps = 127;

/**
 * Pieces of time, where a block's paths do not fill a device by themselves: as many as fill it, if
 * that many functionals fit a block's `bytes` side by side; for long paths at least as many as
 * rounding needs (kernel-plan.ts).
 */
function piecesOf(shape: CallShape, flow: FlowLayout, bytes: number): number {
  const { batch, points, channels, depth } = shape;
  const { steps } = sizesOf(shape);
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

/** Letters that streams may have: an invocation each. */
const mostLetters = (limits: DeviceLimits): number => Math.min(256, limits.maxComputeInvocationsPerWorkgroup);

/** Operations of a step of streams: three sums over all cuts of words, a dozen a term. */
export const streamOperations = (channels: number, depth: number): number =>
  36 * depth * countCoefficients(channels, depth);

type Sweep = Pick<GradientPlan, "kernel" | "flow">;

/** Operations of a step of the sweep. */
export function sweepOperations({ kernel, flow }: Sweep, channels: number, depth: number): number {
  if (flow) return flowOperations(flow);
  return kernel === "adjoint" ? streamOperations(channels, depth) : 4 * channels * channels;
}

/** Operations of a path's steps: of its signature, and of the sweep. */
export const gradientOperations = (plan: GradientPlan, channels: number, depth: number): number =>
  (plan.forward.layout ? operationsOfStep(plan.forward.layout) : channels) + sweepOperations(plan, channels, depth);

/**
 * Operations of what is done once for a path: every word is cut between all of its letters, and has
 * brackets. With several pieces each multiplies its signature with all before, and has words cut
 * once more.
 */
export const setUpOperations = (channels: number, depth: number, pieces = 1): number =>
  16 * depth * countCoefficients(channels, depth) +
  (pieces > 1 ? pieces * pieceOperations(channels, depth, pieces) : 0);

const pieceOperations = (channels: number, depth: number, pieces: number): number =>
  transportOperations(channels, depth) +
  8 * (depth - 1) * countCoefficients(channels, depth - 1) * Math.ceil(Math.log2(pieces));

/** Operations of a functional's transport: a word of k letters has terms of depth − k. */
export function transportOperations(channels: number, depth: number): number {
  let terms = channels;
  for (let k = 2; k <= depth; k++) terms += channels ** k * (1 + countCoefficients(channels, depth - k));
  return 4 * terms;
}

/**
 * Signatures that stay on the device, and what comes after. Estimated, not measured: an operation
 * of the sweep counts as one of a walk, one of its set-up as one of products in memory. Pieces of
 * time multiply the invocations of set-up and sweep.
 */
function gpuCounts(shape: CallShape, residency: Residency, plan: GradientPlan): GpuCounts {
  const { batch, points, channels, depth, stream = false, initial = false } = shape;
  const { totalSteps, size } = sizesOf(shape);
  const traffic = signatureVjp.traffic(shape);
  const { forward, flow, pieces, blocks } = plan;
  const forwardShape = { ...shape, depth: forwardDepth(depth, stream) };
  const { units } = signatureCounts(forwardShape, { ...residency, output: "gpu" }, { kernels: forward, blocks });
  const passes = bracketPasses(channels, depth);
  return {
    units: {
      ...units,
      dispatch: units.dispatch + blocks * (stream ? 1 : 2 + passes + (initial ? 2 : 0) + (pieces > 1 ? 1 : 0)),
      upload: residency.input === "cpu" ? 4 * traffic.input : 0,
      download: residency.output === "cpu" ? 4 * traffic.output : 0,
      written: units.written + 4 * (traffic.output + batch * size * (2 * passes + 6 + 2 * (pieces - 1))),
      walk: units.walk + totalSteps * (channels + sweepOperations(plan, channels, depth)),
      products: units.products + batch * setUpOperations(channels, depth, pieces),
    },
    // A workgroup of streams mostly waits for memory: it counts as 64 invocations.
    walking: batch * (flow ? pieces * flow.pairs : stream ? 64 : points * channels),
    multiplying: batch * pieces * size,
    blocks,
  };
}
