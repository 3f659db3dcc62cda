// Rough estimates of the time of calls on one thread. They decide how finely work is divided, never
// results; an error of a factor of two is acceptable.

import type { Call } from "../input/call.ts";

/** Nanoseconds per multiply-add of a kernel: half the peak of the machines in bench/results. */
const multiplyAdd = 1 / 25;
/** Nanoseconds to load a number of a path into lanes, and to write a number of a result. */
const numberRead = 0.25;
const numberWritten = 0.5;
/** Nanoseconds of overhead per path. */
const path = 50;

/** Nanoseconds of a call of `signature`, or of one that needs so many `multiplyAdds` a step. */
export function signatureCost(call: Call, multiplyAdds = multiplyAddsOfStep(call.channels, call.depth)): number {
  const { batch, channels, rows, row, lengths, points } = call;
  let steps = batch * points;
  if (lengths !== undefined) {
    steps = 0;
    // Many paths are estimated from a sample.
    const stride = Math.ceil(batch / 1000);
    for (let i = 0; i < batch; i += stride) steps += (lengths[i] as number) * stride;
  }
  const step = channels * numberRead + multiplyAdds * multiplyAdd;
  return batch * path + steps * step + batch * rows * row * numberWritten;
}

/** Multiply-adds of one step of Horner's scheme: Σ_{k=2..N} (N−k+1) d^k + dN. */
export function multiplyAddsOfStep(channels: number, depth: number): number {
  if (channels === 1) return 1;
  let sum = channels * depth;
  for (let k = 2, words = channels * channels; k <= depth; k++, words *= channels) sum += (depth - k + 1) * words;
  return sum;
}

/**
 * The count of signatures that cost as much as a call's gradients with the signatures they need.
 */
export const signaturesOfVjp = 4;

/** Nanoseconds of an operation on rows that costs as much as `products` products of levels. */
export const rowsCost = ({ batch, size, depth }: Call, products: number): number =>
  batch * (path + size * (numberWritten + depth * products * multiplyAdd));
