// What a call takes on paper, in the units of costs.ts: counted from its shape, for the CPU and for a GPU. Pure counting; seconds are
// estimate.ts's.

import { countCoefficients } from "../core/size.ts";
import {
  type Cut,
  cutFor,
  type DeviceLimits,
  fitsDevice,
  type Layout,
  operationsOf,
  piecesLeft,
  statesOf,
  type Way,
  wayOf,
} from "../gpu/index.ts";
import type { CpuUnit, GpuUnit, PerUnit } from "./costs.ts";

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
  const { batch, points, channels, depth, stream = false, basepoint = false, totalPoints = batch * points } = shape;
  const size = countCoefficients(channels, depth);
  const steps = points - (basepoint ? 0 : 1);
  const rows = stream ? steps : 1;
  return {
    steps,
    totalSteps: totalPoints - (basepoint ? 0 : batch),
    size,
    rows,
    inputNumbers: totalPoints * channels,
    outputNumbers: batch * rows * size,
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
  readonly way: Way;
  readonly cut: Cut;
  readonly blocks: number;
}

/** The way and the blocks of a call on a device, or why it cannot have it. */
export function gpuWorkOf(shape: CallShape, { input, output }: Places, limits: DeviceLimits): GpuWork | string {
  const { batch, points, channels, depth, stream = false } = shape;
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
  return { way, cut, blocks: Math.max(1, blocks) };
}

/** What a call on a GPU is made of. */
export interface GpuCounts {
  readonly units: PerUnit<GpuUnit>;
  /** Invocations that walk at once, and those that multiply signatures at once: few of them leave the device idle. */
  readonly walking: number;
  readonly multiplying: number;
  readonly blocks: number;
}

/** A call on a GPU. */
export function gpuCountsOf(shape: CallShape, places: Places, { way, blocks }: GpuWork): GpuCounts {
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
