// How long things take on one thread, roughly: for deciding how finely to divide work, never for results. Nothing here has to be
// right to better than a factor of two.

/** Nanoseconds of a multiply-add in a kernel: half the peak of the machines of bench/results, as the grid there shows it. */
const multiplyAdd = 1 / 25;
/** Nanoseconds of reading a number of a path into lanes. */
const number = 0.25;
/** Nanoseconds of writing a number of a result. */
const result = 0.5;
/** Nanoseconds of a path by itself. */
const path = 50;

/** Nanoseconds for signatures of some paths. */
export function signatureCost(
  paths: number,
  steps: number,
  channels: number,
  depth: number,
  rows: number,
  row: number,
): number {
  const step = channels * number + multiplyAddsOfStep(channels, depth) * multiplyAdd;
  return paths * path + steps * step + rows * row * result;
}

/** Signatures that take as long as a call's gradients and the signatures that these need, about. */
export const signaturesOfVjp = 4;

/** Nanoseconds for gradients of paths whose signatures take so long. */
export const vjpCost = (signatures: number): number => signaturesOfVjp * signatures;

/** Multiply-adds of Horner's scheme for a step: Σ_{k=2..N} (N−k+1) d^k + dN. */
function multiplyAddsOfStep(channels: number, depth: number): number {
  if (channels === 1) return 1;
  let sum = channels * depth;
  for (let k = 2, words = channels * channels; k <= depth; k++, words *= channels) sum += (depth - k + 1) * words;
  return sum;
}
