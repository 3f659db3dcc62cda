// How the sweep of gradients lies in a workgroup: the mirror image of layout.ts. Words are shared
// out by suffix: an invocation has a pair of letters and the tree of words that end in it. Pure
// arithmetic from a shape and the limits of a device.
//
// All pairs of a path are in one workgroup, since a point's gradient is a sum over them; where
// there are few, several paths share a workgroup.

import { countCoefficients } from "../input/size.ts";
import type { WorkgroupLimits } from "./layout.ts";

/** How the sweep is laid out. */
export interface FlowLayout {
  readonly channels: number;
  readonly depth: number;
  /** Pairs of different letters. */
  readonly pairs: number;
  readonly invocations: number;
  /** Paths of a workgroup. */
  readonly tracks: number;
  /** Steps between two visits of the points' gradients, a multiple of four. */
  readonly tile: number;
  /** Whether an invocation keeps its tree in registers; else it stands in memory. */
  readonly inRegisters: boolean;
}

/** The memory that every device has. */
const usualStorage = 16384;
/** Numbers of a tree and its companions in registers; increments and sums come on top. */
const mostInRegisters = 84;
const usualInvocations = 64;
const tiles = [16, 8, 4];
/** Steps after which the last level but one is recomputed: its rounding does not accumulate. */
export const settleSteps = 128;
/** Bytes of a track's description. */
const trackBytes = 16;

/** Words of a tree on levels 2 … depth, and once more below the top: their companions. */
export function treeNumbers(channels: number, depth: number): number {
  let numbers = channels ** (depth - 2);
  for (let k = 2; k < depth; k++) numbers += 2 * channels ** (k - 2);
  return numbers;
}

/** Bytes of workgroup memory. */
export function flowWorkgroupBytes({ channels, pairs, tracks, tile }: Omit<FlowLayout, "inRegisters">): number {
  const increments = 16 * (tile / 4 + 1) * channels;
  const matrices = 4 * (2 * tile + 1) * pairs;
  return tracks * (increments + matrices + 4 * channels + trackBytes) + 4;
}

/** The layout for two channels and depth 3 or more; `undefined` where a path does not fit. */
export function flowLayoutOf(channels: number, depth: number, limits: WorkgroupLimits): FlowLayout | undefined {
  const pairs = (channels * (channels - 1)) / 2;
  const most = Math.min(256, limits.maxComputeInvocationsPerWorkgroup);
  const invocations = Math.min(most, Math.ceil(pairs / usualInvocations) * usualInvocations);
  const inRegisters = pairs <= invocations && treeNumbers(channels, depth) <= mostInRegisters;
  const shape = { channels, depth, pairs, invocations };
  const storage = Math.min(usualStorage, limits.maxComputeWorkgroupStorageSize);
  for (let tracks = Math.max(1, Math.floor(invocations / pairs)); tracks >= 1; tracks = Math.floor(tracks / 2)) {
    for (const tile of tiles) {
      if (flowWorkgroupBytes({ ...shape, tracks, tile }) <= storage) return { ...shape, tracks, tile, inRegisters };
    }
  }
  return undefined;
}

/** Operations of a step of one path: multiply-adds of the flow, its sums, and points. */
export function flowOperations({ channels, depth, pairs }: Pick<FlowLayout, "channels" | "depth" | "pairs">): number {
  let sum = 4 * channels * channels;
  for (let k = 2; k <= depth; k++) sum += pairs * channels ** (k - 2) * (depth - k + 2);
  return sum;
}

/**
 * The scratch layout of gradients of streams for a block of paths: λ, its next, exp(z) and μ, then
 * gradients of basepoints, then whether a path's cotangents are finite. λ in the end is the
 * gradient of what a path continues.
 */
export const streamMemory = (paths: number, channels: number, size: number) => ({
  initial: 0,
  basepoint: 4 * paths * size,
  // Each with the numbers with which a later part of the steps continues.
  kept: paths * (4 * size + channels),
  numbers: paths * (4 * size + 2 * channels + 1),
});

/** Invocations of a workgroup of streams: each letter needs one. */
export const streamInvocations = (channels: number, depth: number): number =>
  Math.max(64, Math.min(256, 2 ** Math.ceil(Math.log2(Math.max(channels, countCoefficients(channels, depth) / 2)))));

/**
 * Iterations of all loops of an invocation in a dispatch, about, at most: llvmpipe silently ends
 * loops after 65 535 of them. It also keeps dispatches short that cannot be cut by workgroups.
 */
const mostIterations = 2 ** 15;

/** Steps of a dispatch of the sweep, a multiple of a tile's. */
export function flowPartSteps(layout: FlowLayout): number {
  const { channels: d, depth, pairs, invocations, tracks, tile, inRegisters } = layout;
  const rounds = (count: number): number => Math.ceil(count / invocations);
  const nodes = inRegisters ? 0 : Math.ceil(pairs / invocations) * (countCoefficients(d, depth - 2) + 1);
  const staged = rounds(tracks * d) + rounds(tracks * pairs) + 5 * rounds((tracks * tile * d) / 4);
  const iterations = staged + (tile / 4) * (1 + nodes) + rounds(tracks * tile * d) * d;
  return tile * Math.max(1, Math.floor(mostIterations / iterations));
}

/** Steps of a dispatch of streams. */
export function streamPartSteps(channels: number, depth: number): number {
  const invocations = streamInvocations(channels, depth);
  const size = countCoefficients(channels, depth);
  const chunks = Math.floor(invocations / channels);
  let iterations = chunks;
  // The first invocation has the shortest words, which are cut most often.
  for (let i = 0, level = 1, end = channels; i < size; i += invocations) {
    while (i >= end) end += channels ** ++level;
    iterations += 2 + 2 * depth + (level < depth ? 2 * countCoefficients(channels, depth - level) : 0);
  }
  for (let k = 1; k <= depth; k++) iterations += k * (1 + Math.ceil(channels ** (k - 1) / chunks));
  return Math.max(1, Math.floor(mostIterations / iterations));
}
