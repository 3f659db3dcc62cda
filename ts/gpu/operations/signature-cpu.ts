// The CPU's kernel for signatures, and what it takes in the units of the cost model.

import type { CpuUnit, PerUnit } from "../../dispatch/costs.ts";
import {
  deepestPruned,
  fewestOfLarge,
  fewestStepsToCut,
  lanes,
  mostPrunedChannels,
  prunesFrom,
  prunesSmallFrom,
} from "../../generated/plan-constants.ts";
import { type CallShape, sizesOf } from "../shape.ts";

/** Numbers of a call that are likely to be in a cache, or in memory that was allocated before. */
export const cachedNumbers = 2 ** 18;

/** Multiply-adds of a step: Σ (N − k + 1) dᵏ (Kidger & Lyons 2021, section 5). */
function hornerOperations(channels: number, depth: number): number {
  let sum = channels;
  for (let k = 2; k <= depth; k++) sum += (depth - k + 1) * channels ** k;
  return sum;
}

/** Multiply-adds of a step of the pruned walk, of words that it follows (docs/pruned-walk.md). */
export function prunedOperations(channels: number, depth: number): number {
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

function prunes(shape: CallShape): boolean {
  const { channels, depth, stream = false } = shape;
  const { steps, size } = sizesOf(shape);
  if (stream || channels === 1 || depth === 1) return false;
  if (depth > 2 && (depth > deepestPruned || channels > mostPrunedChannels)) return false;
  const from = size < fewestOfLarge ? prunesSmallFrom : prunesFrom;
  return steps >= from[Math.min(depth, from.length - 1)]!;
}

/** The kernel, as `explain` names it. */
export const signatureCpuKernel = (shape: CallShape): string => (prunes(shape) ? "pruned" : "horner");

/** The unit in which steps are counted; `ends`: there are none. */
function unitOfSteps(shape: CallShape): "stream" | "ends" | "square" | "pruned" | "horner" {
  const { channels, depth, stream = false } = shape;
  if (stream) return "stream";
  if (channels === 1 || depth === 1) return "ends";
  if (depth === 2) return "square";
  return prunes(shape) ? "pruned" : "horner";
}

export function signatureCpuUnits(shape: CallShape): PerUnit<CpuUnit> {
  const { batch, channels, depth, stream = false } = shape;
  const { steps, totalPoints, totalSteps, size, rows } = sizesOf(shape);
  const [input, output] = [totalPoints * channels, batch * rows * size];
  const unit = unitOfSteps(shape);
  // A short path stays in one piece and fills one lane of a vector.
  const inLanes = stream || steps < fewestStepsToCut ? (Math.ceil(batch / lanes) * lanes) / Math.max(1, batch) : 1;
  const operations = totalSteps * inLanes * hornerOperations(channels, depth);
  return {
    call: 1,
    path: batch,
    input,
    far: Math.max(0, input - cachedNumbers),
    output,
    large: Math.max(0, output - cachedNumbers),
    // Lanes are channels there, unless there are two.
    square: unit === "square" ? totalSteps * channels * (channels === 2 ? 2 : Math.ceil(channels / lanes) * lanes) : 0,
    horner: unit === "horner" ? operations : 0,
    pruned: unit === "pruned" ? totalSteps * prunedOperations(channels, depth) : 0,
    // At depth 2, making signatures of sums costs about as much as recovering one level.
    recovery: unit === "pruned" ? batch * size * depth : unit === "square" ? batch * size : 0,
    stream: unit === "stream" ? operations : 0,
    row: stream ? batch * rows * inLanes * depth : 0,
  };
}
