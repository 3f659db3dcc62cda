// What a call takes on paper, in the units of costs.ts: counted from its shape, for the CPU and for a GPU. Pure counting; seconds are
// estimate.ts's.

import { countCoefficients } from "../core/size.ts";
import {
  bracketPasses,
  type Cut,
  cutFor,
  type DeviceLimits,
  fitsDevice,
  type GradientWay,
  gradientOperations,
  operationsOfStep,
  piecesLeft,
  planGradients,
  setUpOperations,
  shareCount,
  statesOf,
  type Way,
  wayOf,
} from "../gpu/index.ts";
import { signaturesOfVjp } from "../pool/cost.ts";
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
const prunesFrom = (depth: number): number => (depth === 2 ? 48 : depth === 3 ? 96 : depth === 4 ? 128 : 256);
/** Shorter paths stay in one piece there: a path alone then fills one of a vector's lanes. */
const cutFrom = 48;
const lanes = 4;
/** Numbers of a result that are likely to be in a cache, or in memory that is there. */
const smallResult = 2 ** 18;

/** Whether the CPU's kernels prune. */
export function cpuPrunes(shape: CallShape): boolean {
  const { channels, depth, stream = false } = shape;
  const { steps, size } = sizesOf(shape);
  if (stream || channels === 1 || depth === 1 || steps < prunesFrom(depth)) return false;
  return depth === 2 || (depth <= 6 && size <= 2 ** 14);
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
  const pruned = cpuPrunes(shape);
  const inLanes = stream || steps < cutFrom ? (Math.ceil(batch / lanes) * lanes) / Math.max(1, batch) : 1;
  const horner = totalSteps * inLanes * hornerOperations(channels, depth);
  return {
    call: 1,
    path: batch,
    input: inputNumbers,
    output: outputNumbers,
    large: Math.max(0, outputNumbers - smallResult),
    horner: stream || pruned ? 0 : horner,
    pruned: pruned ? totalSteps * prunedOperations(channels, depth) : 0,
    recovery: pruned ? batch * size * depth : 0,
    stream: stream ? horner : 0,
    row: stream ? batch * rows * inLanes : 0,
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

/** Gradients on a GPU: signatures that stay there, and what comes after. Reckoned from theirs, an operation of the sweep taken as one of `prefix`. */
function gradientUnitsOf(
  shape: CallShape,
  places: Places,
  work: GpuWork,
  gradients: GradientWay,
  invocationsToFill: number,
): PerUnit<GpuUnit> {
  const { batch, channels, depth, stream = false, initial = false } = shape;
  const { totalSteps, size, inputNumbers, outputNumbers } = sizesOf(shape);
  const { gradients: _, ...forward } = work;
  const units = gpuUnitsOf({ ...shape, gradient: false }, { ...places, output: "gpu" }, forward, invocationsToFill);
  const { flow } = gradients;
  // A workgroup of streams is mostly in wait for memory: as 64 invocations, whatever it has.
  const invocations = batch * (flow ? flow.pairs : stream ? 64 : shape.points * channels);
  const idle = Math.max(1, invocationsToFill / Math.max(1, invocations));
  const passes = bracketPasses(channels, depth);
  const sweep = idle * totalSteps * gradientOperations({ ...gradients, forward: endsWay }, channels, depth);
  return {
    ...units,
    dispatch: units.dispatch + work.blocks * (stream ? 1 : 2 + passes + (initial ? 2 : 0)),
    upload: places.input === "cpu" ? 4 * inputNumbers : 0,
    download: places.output === "cpu" ? 4 * outputNumbers : 0,
    memory: units.memory + 4 * (outputNumbers + batch * size * (2 * passes + 6)),
    prefix: units.prefix + sweep + Math.max(batch, invocationsToFill / size) * setUpOperations(channels, depth),
  };
}

/** Signatures that nothing is walked for. */
const endsWay: Way = { kernel: "ends", layout: undefined, pieces: 1 };

/** A call on a GPU. Operations are those of a full device: an empty one takes as long for fewer. */
export function gpuUnitsOf(
  shape: CallShape,
  places: Places,
  work: GpuWork,
  invocationsToFill: number,
): PerUnit<GpuUnit> {
  const { way, blocks, gradients } = work;
  if (gradients) return gradientUnitsOf(shape, places, work, gradients, invocationsToFill);
  const { batch, depth, stream = false } = shape;
  const { totalSteps, size, inputNumbers, outputNumbers } = sizesOf(shape);
  const { pieces, layout } = way;
  const invocations = layout ? batch * pieces * shareCount(layout.share) : outputNumbers;
  const idle = Math.max(1, invocationsToFill / Math.max(1, invocations));
  // What ends decide is a few operations a coefficient; but every number is looked at, whether it is finite.
  const operations = idle * (layout ? totalSteps * operationsOfStep(layout) : 8 * outputNumbers + 4 * inputNumbers);
  const products = batch * (stream ? pieces : piecesLeft(way)) * size;
  const filling = Math.max(1, invocationsToFill / Math.max(1, products));
  const kernel = stream ? "stream" : layout && layout.shares > 1 ? "prefix" : "path";
  const inPieces = stream ? pieces > 1 : piecesLeft(way) > 1;
  return {
    launch: 1,
    dispatch: blocks * (inPieces ? 3 + Math.log2(products / batch / size) : 1),
    block: blocks - 1,
    upload: places.input === "cpu" ? 4 * inputNumbers : 0,
    download: places.output === "cpu" ? 4 * outputNumbers : 0,
    memory: 4 * (inputNumbers + outputNumbers + 2 * batch * statesOf(way, size, stream)),
    path: kernel === "path" ? operations : 0,
    // The pieces' own signatures come first where a stream is cut.
    prefix: kernel === "prefix" || (stream && inPieces) ? operations : 0,
    stream: stream ? operations : 0,
    products: inPieces ? filling * products * depth * (stream ? Math.log2(2 * pieces) : 1) : 0,
  };
}
