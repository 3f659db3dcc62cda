// How long calls take on one thread, roughly: for deciding how finely to divide work, never for
// results. Nothing here has to be right to better than a factor of two.

import type { Call } from "../input/call.ts";

/** Nanoseconds of a multiply-add in a kernel: half the peak of the machines of bench/results, as the grid there shows it. */
const multiplyAdd = 1 / 25;
/** Nanoseconds of reading a number of a path into lanes, and of writing a number of a result. */
const numberRead = 0.25;
const numberWritten = 0.5;
/** Nanoseconds of a path by itself. */
const path = 50;

/** Nanoseconds of a call of `signature`. */
export function signatureCost({ batch, channels, depth, rows, row, lengths, points }: Call): number {
  let steps = batch * points;
  if (lengths !== undefined) {
    steps = 0;
    // A sample of many is as good.
    const stride = Math.ceil(batch / 1000);
    for (let i = 0; i < batch; i += stride) steps += (lengths[i] as number) * stride;
  }
  const step = channels * numberRead + multiplyAddsOfStep(channels, depth) * multiplyAdd;
  return batch * path + steps * step + batch * rows * row * numberWritten;
}

/** Multiply-adds of Horner's scheme for a step: Σ_{k=2..N} (N−k+1) d^k + dN. */
function multiplyAddsOfStep(channels: number, depth: number): number {
  if (channels === 1) return 1;
  let sum = channels * depth;
  for (let k = 2, words = channels * channels; k <= depth; k++, words *= channels) sum += (depth - k + 1) * words;
  return sum;
}

/** Signatures that take about as long as a call's gradients and the signatures that these need. */
export const signaturesOfVjp = 4;

/** Nanoseconds of an operation on rows that takes as long as so many products of levels. */
export const rowsCost = ({ batch, size, depth }: Call, products: number): number =>
  batch * (path + size * (numberWritten + depth * products * multiplyAdd));
