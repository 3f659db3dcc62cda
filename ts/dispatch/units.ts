// What a call takes on paper, in the units of costs.ts: counted from its shape, for the CPU and for a GPU. Pure counting; seconds are
// estimate.ts's.

import {
  bracketPasses,
  type Cut,
  cutFor,
  type DeviceLimits,
  fitsDevice,
  type GradientWay,
  gradientOperations,
  type Layout,
  operationsOf,
  piecesLeft,
  planGradients,
  setUpOperations,
  statesOf,
  type Way,
  wayOf,
} from "../gpu/index.ts";
import { countCoefficients } from "../input/size.ts";
import { signaturesOfVjp } from "../pool/cost.ts";
import { forwardDepth } from "../run/vjp-blocks.ts";
import { type CpuUnit, cpuUnitNames, type GpuUnit, type PerUnit } from "./costs.ts";

/** The shape of a call, as far as its cost depends on it. */
export interface CallShape {
  /** Paths. */
  readonly batch: number;
  /** Points of the longest path. */
  readonly points: number;
  readonly channels: number;
  readonly depth: number;
  /** Whether every prefix's signature is wanted. Default false. */
  readonly stream?: boolean | undefined;
  /** Whether a basepoint comes before each path: a step more. Default false. */
  readonly basepoint?: boolean | undefined;
  /** Whether gradients are wanted, not signatures. Default false. */
  readonly gradient?: boolean | undefined;
  /** Whether paths continue signatures. Default false; counted for gradients only. */
  readonly initial?: boolean | undefined;
  /** Points of all paths together, where they differ in length. Default batch × points. */
  readonly totalPoints?: number | undefined;
}

/** Where a call's numbers come from and go to. */
export interface Places {
  readonly input: "cpu" | "gpu";
  readonly output: "cpu" | "gpu";
}

/** What follows from a shape. */
interface Sizes {
  /** Steps of the longest path. */
  readonly steps: number;
  /** Steps of all paths. */
  readonly totalSteps: number;
  /** Numbers of a signature. */
  readonly size: number;
  /** Signatures returned for each path. */
  readonly rows: number;
  readonly inputNumbers: number;
  readonly outputNumbers: number;
}

export function sizesOf(shape: CallShape): Sizes {
  const { batch, points, channels, depth, stream = false, basepoint = false, gradient = false } = shape;
  const { totalPoints = batch * points } = shape;
  const size = countCoefficients(channels, depth);
  const steps = points - (basepoint ? 0 : 1);
  const rows = stream ? steps : 1;
  return {
    steps,
    totalSteps: totalPoints - (basepoint ? 0 : batch),
    size,
    rows,
    // Cotangents have the shape of signatures.
    inputNumbers: totalPoints * channels + (gradient ? batch * rows * size : 0),
    outputNumbers: gradient ? totalPoints * channels : batch * rows * size,
  };
}

/** Multiply-adds of a step by Horner's scheme: Σ (N − k + 1) dᵏ (Kidger & Lyons 2021, section 5). */
function hornerOperations(channels: number, depth: number): number {
  let sum = channels;
  for (let k = 2; k <= depth; k++) sum += (depth - k + 1) * channels ** k;
  return sum;
}

/** Multiply-adds of a step of the pruned walk: only words whose first letter is their smallest (docs/pruned-walk.md). */
function prunedOperations(channels: number, depth: number): number {
  const followed = (k: number) => {
    let words = 0;
    for (let m = 1; m <= channels; m++) words += m ** (k - 1);
    return words;
  };
  let sum = channels;
  for (let k = 2; k < depth; k++) sum += (depth - k + 1) * followed(k);
  // On the top level only words whose last letter is larger than their first.
  return sum + followed(depth) - followed(depth - 1);
}

/** Steps from which on the CPU's kernels prune, by depth (crates/kernels/src/plan.rs). */
const prunesFrom = (depth: number): number => (depth === 2 ? 0 : depth === 3 ? 96 : depth === 4 ? 128 : 256);
/** Shorter paths stay in one piece there: a path alone then fills one of a vector's lanes. */
const cutFrom = 48;
const lanes = 4;
/** Numbers of a call that are likely to be in a cache, or in memory that is there. */
const fewNumbers = 2 ** 18;

/** Whether the CPU's kernels prune. */
export function cpuPrunes(shape: CallShape): boolean {
  const { channels, depth, stream = false } = shape;
  const { steps, size } = sizesOf(shape);
  if (stream || channels === 1 || depth === 1 || steps < prunesFrom(depth)) return false;
  return depth === 2 || (depth <= 6 && size <= 2 ** 14);
}

/** Which of the CPU's kernels a step costs what. At depth 2 nothing is recovered, and where only ends count there are no steps. */
function cpuKind(shape: CallShape): "stream" | "ends" | "square" | "pruned" | "horner" {
  const { channels, depth, stream = false } = shape;
  if (stream) return "stream";
  if (channels === 1 || depth === 1) return "ends";
  if (depth === 2) return "square";
  return cpuPrunes(shape) ? "pruned" : "horner";
}

/** A call on the CPU, on one thread. */
export function cpuUnitsOf(shape: CallShape): PerUnit<CpuUnit> {
  if (shape.gradient) {
    const units: Record<CpuUnit, number> = { ...cpuUnitsOf({ ...shape, gradient: false }) };
    for (const unit of cpuUnitNames) if (unit !== "call") units[unit] *= signaturesOfVjp;
    return units;
  }
  const { batch, channels, depth, stream = false } = shape;
  const { steps, totalSteps, size, inputNumbers, outputNumbers, rows } = sizesOf(shape);
  const kind = cpuKind(shape);
  const inLanes = stream || steps < cutFrom ? (Math.ceil(batch / lanes) * lanes) / Math.max(1, batch) : 1;
  const operations = totalSteps * inLanes * hornerOperations(channels, depth);
  return {
    call: 1,
    path: batch,
    input: inputNumbers,
    far: Math.max(0, inputNumbers - fewNumbers),
    output: outputNumbers,
    large: Math.max(0, outputNumbers - fewNumbers),
    // Channels lie in lanes there, but two of them.
    square: kind === "square" ? totalSteps * channels * (channels === 2 ? 2 : Math.ceil(channels / lanes) * lanes) : 0,
    horner: kind === "horner" ? operations : 0,
    pruned: kind === "pruned" ? totalSteps * prunedOperations(channels, depth) : 0,
    // What is summed at depth 2 becomes the signature in the end: a level of recovery, as it were.
    recovery: kind === "pruned" ? batch * size * depth : kind === "square" ? batch * size : 0,
    stream: kind === "stream" ? operations : 0,
    row: stream ? batch * rows * inLanes * depth : 0,
  };
}

/** What a GPU would do with a call. */
export interface GpuWork {
  /** The way of the signatures. */
  readonly way: Way;
  /** The name of what computes the result. */
  readonly kernel: string;
  readonly gradients?: GradientWay;
  readonly cut: Cut;
  readonly blocks: number;
}

/** The way and the blocks of a call on a device, or why it cannot have it. */
export function gpuWorkOf(shape: CallShape, { input, output }: Places, limits: DeviceLimits): GpuWork | string {
  const { batch, points, channels, depth, stream = false } = shape;
  if (shape.gradient) return gradientWorkOf(shape, { input, output }, limits);
  const { steps, size, rows } = sizesOf(shape);
  // With a scalar term.
  const row = size + 1;
  const way = wayOf({ channels, depth, batch, steps, stream }, limits);
  if (!way) {
    return `a step of ${channels} channels is more than the ${limits.maxComputeWorkgroupStorageSize} bytes of a workgroup's memory`;
  }
  const sizes = { batch, points, channels, row, rows, stream, resident: input === "gpu", stays: output === "gpu" };
  if (!fitsDevice(sizes, limits)) {
    return `a signature of ${size} numbers is more than a binding of ${limits.maxStorageBufferBindingSize} bytes`;
  }
  if (output === "gpu" && 4 * batch * rows * row > limits.maxBufferSize) {
    return `a result of ${batch * rows * size} numbers is more than a buffer of ${limits.maxBufferSize} bytes`;
  }
  const cut = cutFor({ ...sizes, states: statesOf(way, size, stream) }, limits);
  const blocks = cut.steps === undefined ? Math.ceil(batch / cut.paths) : batch * Math.ceil(steps / cut.steps);
  return { way, kernel: way.kernel, cut, blocks: Math.max(1, blocks) };
}

/** The same for gradients. */
function gradientWorkOf(shape: CallShape, { input, output }: Places, limits: DeviceLimits): GpuWork | string {
  const { batch, points, channels, depth, stream = false, initial = false } = shape;
  const { steps } = sizesOf(shape);
  const places = { resident: input === "gpu", stays: output === "gpu" };
  const planned = planGradients({ batch, points, channels, depth, steps, stream, initial, ...places }, limits);
  if (typeof planned === "string") return planned;
  const { way, cut } = planned;
  const blocks = Math.max(1, Math.ceil(batch / cut.paths));
  return { way: way.forward, kernel: way.kernel, gradients: way, cut, blocks };
}

/**
 * Gradients on a GPU: signatures that stay there, and what comes after. Reckoned, not measured: an operation of the sweep taken as one of a walk, one of
 * its set-up as one of products in memory. Pieces of time are so many times the invocations, for set-up and sweep.
 */
function gradientCountsOf(shape: CallShape, places: Places, work: GpuWork, gradients: GradientWay): GpuCounts {
  const { batch, channels, depth, stream = false, initial = false } = shape;
  const { totalSteps, size, inputNumbers, outputNumbers } = sizesOf(shape);
  const { gradients: _, ...forward } = work;
  const own = { ...shape, depth: forwardDepth(depth, stream), gradient: false };
  const { units } = gpuCountsOf(own, { ...places, output: "gpu" }, forward);
  const { flow, pieces } = gradients;
  const passes = bracketPasses(channels, depth);
  return {
    units: {
      ...units,
      dispatch: units.dispatch + work.blocks * (stream ? 1 : 2 + passes + (initial ? 2 : 0) + (pieces > 1 ? 1 : 0)),
      upload: places.input === "cpu" ? 4 * inputNumbers : 0,
      download: places.output === "cpu" ? 4 * outputNumbers : 0,
      written: units.written + 4 * (outputNumbers + batch * size * (2 * passes + 6 + 2 * (pieces - 1))),
      walk: units.walk + totalSteps * gradientOperations({ ...gradients, forward: endsWay }, channels, depth),
      products: units.products + batch * setUpOperations(channels, depth, pieces),
    },
    // A workgroup of streams is mostly in wait for memory: as 64 invocations, whatever it has.
    walking: batch * (flow ? pieces * flow.pairs : stream ? 64 : shape.points * channels),
    multiplying: batch * pieces * size,
    blocks: work.blocks,
  };
}

/** Signatures that nothing is walked for. */
const endsWay: Way = { kernel: "ends", layout: undefined, pieces: 1 };

/** What a call on a GPU is made of. */
export interface GpuCounts {
  readonly units: PerUnit<GpuUnit>;
  /** Invocations that walk at once, and those that multiply signatures at once: few of them leave the device idle. */
  readonly walking: number;
  readonly multiplying: number;
  readonly blocks: number;
}

/** A call on a GPU. */
export function gpuCountsOf(shape: CallShape, places: Places, work: GpuWork): GpuCounts {
  const { way, blocks, gradients } = work;
  if (gradients) return gradientCountsOf(shape, places, work, gradients);
  const { batch, depth, stream = false } = shape;
  const { totalSteps, size, inputNumbers, outputNumbers } = sizesOf(shape);
  const { pieces, layout } = way;
  // Before a stream that is cut in time every piece's own signature is needed.
  const whole = stream ? (pieces > 1 ? way.wholeLayout : undefined) : layout;
  const walk = whole && walkOf(whole, batch, pieces, totalSteps);
  const written = stream && layout ? walkOf(layout, batch, pieces, totalSteps) : undefined;
  const left = stream ? pieces : piecesLeft(way);
  const products = batch * left * size * depth;
  const inPieces = left > 1;
  // What ends decide is a few operations a coefficient.
  const ends = layout ? 0 : 8 * outputNumbers;
  return {
    units: {
      launch: 1,
      dispatch: blocks * (1 + (inPieces ? 2 + Math.log2(left) : 0) + (way.followed ? depth : 0)),
      block: blocks - 1,
      upload: places.input === "cpu" ? 4 * inputNumbers : 0,
      download: places.output === "cpu" ? 4 * outputNumbers : 0,
      ends: layout ? 0 : inputNumbers,
      staged: (walk?.staged ?? 0) + (written?.staged ?? 0),
      written: 4 * (outputNumbers + 2 * batch * statesOf(way, size, stream)),
      walk: (walk?.operations ?? 0) + ends,
      step: (walk?.steps ?? 0) + (written?.steps ?? 0),
      handed: walk ? walk.tracks * size : 0,
      stream: written?.operations ?? 0,
      gather: !stream && pieces > left ? batch * pieces * size * depth : 0,
      products: inPieces ? products * (stream ? Math.log2(2 * pieces) : 1) : 0,
      recovery: way.followed ? batch * pieces * size * depth : 0,
    },
    walking: (written ?? walk)?.invocations ?? outputNumbers,
    multiplying: batch * left * size,
    blocks,
  };
}

/** A walk by whole workgroups: one whose tracks are not all there takes as long. */
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
