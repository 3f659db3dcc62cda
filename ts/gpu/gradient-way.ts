// How gradients of a call are computed on a device: which kernels, with which memory. A pure function of the call's sizes and the device's limits, as way.ts is
// for signatures.

import { countCoefficients } from "../core/size.ts";
import { type Cut, cutFor, fitsDevice } from "./blocks.ts";
import type { DeviceLimits } from "./device.ts";
import { type FlowLayout, flowLayoutOf, flowOperations, streamPlaces } from "./gradient-layout.ts";
import { operationsOfStep, statesOf, type Way, type WaySizes, wayOf } from "./way.ts";

/** The kernels of points: `pair`, an invocation for each pair of letters; `straight`, where the functional does not move in time; `adjoint` of streams. */
export type GradientKernelName = "pair" | "straight" | "adjoint";

/** How gradients are computed. */
export interface GradientWay {
  readonly kernel: GradientKernelName;
  /** The signatures that they need. */
  readonly forward: Way;
  /** Of `pair`. */
  readonly flow: FlowLayout | undefined;
}

/** What the cut of a call depends on. */
export interface GradientSizes extends Omit<WaySizes, "pieces"> {
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

/** The way and the cut of a call on a device, or why it cannot have one. */
export function planGradients(
  sizes: GradientSizes,
  limits: DeviceLimits,
  blockBytes?: number,
): { way: GradientWay; cut: Cut } | string {
  const { batch, points, channels, depth, steps, stream, initial, resident, stays } = sizes;
  const size = countCoefficients(channels, depth);
  const straight = channels === 1 || depth <= 2;
  const forward = wayOf(sizes, limits);
  const flow = straight || stream ? undefined : flowLayoutOf(channels, depth, limits);
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
  // Signatures, the functional and its brackets; what is continued contracts the cotangent, and has a gradient. Or what moves of streams.
  const own = stream
    ? rows * size + streamPlaces(1, channels, size).numbers
    : size + (bracketPasses(channels, depth) > 0 ? 2 : 1) * functionalNumbers(channels, size);
  const states = statesOf(forward, size, stream) + own + (initial ? 2 * size : 0);
  const cutSizes = { batch, points, channels, row, rows, stream, states, resident, stays };
  const cut = cutFor(cutSizes, limits, blockBytes);
  if (cut.steps !== undefined) return `a path of ${points} points, or what its gradient needs, is more than a binding`;
  return { way: { kernel: stream ? "adjoint" : straight ? "straight" : "pair", forward, flow }, cut };
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

/** Operations of what is done once for a path: every word is cut between all of its letters, and has brackets. */
export const setUpOperations = (channels: number, depth: number): number =>
  16 * depth * countCoefficients(channels, depth);
