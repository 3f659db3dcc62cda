// Signatures on GPUs: how a call is planned, and what it costs. Pure.

import type { SignatureTensor } from "../../input/tensor.ts";
import { cutFor, fitsDevice } from "../blocks.ts";
import type { DeviceLimits } from "../device.ts";
import { intermediateNumbers, type KernelPlan, piecesLeft, planKernels } from "../kernel-plan.ts";
import type { Layout } from "../layout.ts";
import { beyondDevice, type Obstacle } from "../obstacle.ts";
import type { GpuCounts, GpuOperation, GpuPlan } from "../operation.ts";
import { type CallShape, callShapeOf, type Residency, sizesOf } from "../shape.ts";
import { operationsOf } from "../share.ts";
import type { GpuTensor } from "../tensor.ts";
import { signatureCpuKernel, signatureCpuUnits } from "./signature-cpu.ts";

export interface SignaturePlan extends GpuPlan {
  readonly kernels: KernelPlan;
}

export const signature: GpuOperation<
  Float32Array<ArrayBuffer>,
  SignatureTensor<"float32">,
  GpuTensor,
  SignaturePlan
> = {
  name: "signature",
  stays: true,
  shapeOf: callShapeOf,

  plan(shape, residency, limits, blockBytes) {
    const { batch, channels, stream = false } = shape;
    const { steps, size, row, rows } = sizesOf(shape);
    const whole = planKernels(shape, limits);
    if (!whole) {
      const bytes = limits.maxComputeWorkgroupStorageSize;
      return beyondDevice(`a step of ${channels} channels is more than the ${bytes} bytes of a workgroup's memory`);
    }
    if (!fitsDevice(row, channels, limits)) return rowTooLarge(size, limits);
    if (residency.output === "gpu" && 4 * batch * rows * row > limits.maxBufferSize)
      return resultTooLarge(batch * rows * size, limits);
    const cut = cutFor(shape, residency, intermediateNumbers(whole, size, stream), limits, blockBytes);
    // Segments are computed as calls of one path each.
    const segment = (n: number) => planKernels({ ...shape, batch: 1, points: n + 1, basepoint: false }, limits)!;
    const kernels = cut.steps === undefined ? whole : segment(cut.steps);
    const blocks = cut.steps === undefined ? Math.ceil(batch / cut.paths) : batch * Math.ceil(steps / cut.steps);
    return { kernel: kernels.kernel, kernels, cut, blocks: Math.max(1, blocks) };
  },

  traffic(shape) {
    const { totalPoints, rows, size } = sizesOf(shape);
    return { input: totalPoints * shape.channels, output: shape.batch * rows * size };
  },

  gpuCounts: signatureCounts,
  cpuUnits: signatureCpuUnits,
  cpuKernel: signatureCpuKernel,
  load: async () => (await import("../programs/signature.ts")).signatureProgram,
};

export const rowTooLarge = (size: number, { maxStorageBufferBindingSize }: DeviceLimits): Obstacle =>
  beyondDevice(`a signature of ${size} numbers is more than a binding of ${maxStorageBufferBindingSize} bytes`);

export const resultTooLarge = (numbers: number, { maxBufferSize }: DeviceLimits): Obstacle =>
  beyondDevice(`a result of ${numbers} numbers is more than a buffer of ${maxBufferSize} bytes`);

export function signatureCounts(
  shape: CallShape,
  { input, output }: Residency,
  { kernels, blocks }: Pick<SignaturePlan, "kernels" | "blocks">,
): GpuCounts {
  const { batch, depth, stream = false } = shape;
  const { totalSteps, size } = sizesOf(shape);
  const traffic = signature.traffic(shape);
  const { pieces, layout } = kernels;
  // A stream that is cut into pieces needs every piece's own signature first.
  const whole = stream ? (pieces > 1 ? kernels.wholeLayout : undefined) : layout;
  const walk = whole && walkOf(whole, batch, pieces, totalSteps);
  const written = stream && layout ? walkOf(layout, batch, pieces, totalSteps) : undefined;
  const left = stream ? pieces : piecesLeft(kernels);
  const products = batch * left * size * depth;
  const inPieces = left > 1;
  // Words of one letter take a few operations a coefficient.
  const ends = layout ? 0 : 8 * traffic.output;
  return {
    units: {
      launch: 1,
      dispatch: blocks * (1 + (inPieces ? 2 + Math.log2(left) : 0) + (kernels.followed ? depth : 0)),
      block: blocks - 1,
      upload: input === "cpu" ? 4 * traffic.input : 0,
      download: output === "cpu" ? 4 * traffic.output : 0,
      ends: layout ? 0 : traffic.input,
      staged: (walk?.staged ?? 0) + (written?.staged ?? 0),
      written: 4 * (traffic.output + 2 * batch * intermediateNumbers(kernels, size, stream)),
      walk: (walk?.operations ?? 0) + ends,
      step: (walk?.steps ?? 0) + (written?.steps ?? 0),
      handed: walk ? walk.tracks * size : 0,
      stream: written?.operations ?? 0,
      gather: !stream && pieces > left ? batch * pieces * size * depth : 0,
      products: inPieces ? products * (stream ? Math.log2(2 * pieces) : 1) : 0,
      recovery: kernels.followed ? batch * pieces * size * depth : 0,
    },
    walking: (written ?? walk)?.invocations ?? traffic.output,
    multiplying: batch * left * size,
    blocks,
  };
}

/** A walk by whole workgroups: one that has idle tracks takes as long. */
function walkOf(layout: Layout, batch: number, pieces: number, totalSteps: number) {
  const { share, tracks, workgroups, stepVectors, vector } = layout;
  const groups = Math.ceil((batch * pieces) / tracks) * workgroups;
  const steps = totalSteps / Math.max(1, batch * pieces);
  const invocations = groups * layout.invocations;
  return {
    invocations,
    tracks: (groups / workgroups) * tracks,
    staged: steps * groups * tracks * stepVectors * vector,
    steps: steps * invocations * stepVectors,
    operations: steps * invocations * operationsOf(share),
  };
}
