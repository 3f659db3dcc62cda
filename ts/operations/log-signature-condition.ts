// Which paths lose accuracy where the gradients of their log-signatures are computed in float32.
// The decision depends on the path alone (docs/log-signatures.md, "Gradients").

import type { Numbers } from "../input/arrays.ts";
import { countCoefficients } from "../input/size.ts";
import { logSignatureSize } from "./log-signature-labels.ts";

/**
 * The largest ratio of a signature's level to that of its logarithm. Gradients of paths with less
 * have errors of at most some hundred units of 2⁻²⁴ of their largest number. Measured.
 */
const worst = 128;

/** The largest magnitude among numbers; NaN if one is. */
function largest(numbers: Numbers, from: number, to: number): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const x = Math.abs(numbers[i] as number);
    if (!(x <= most)) most = x;
  }
  return most;
}

/**
 * Tells of rows whether the terms of their log-signatures cancel: some level is much smaller than
 * the same level of the signature.
 *
 * @param signatures - rows to `depth`, without scalar terms.
 * @param logarithms - their log-signatures.
 */
export function illConditioned(
  signatures: Numbers,
  logarithms: Numbers,
  channels: number,
  depth: number,
): (row: number) => boolean {
  const levels = Array.from({ length: depth }, (_, k) => k + 1);
  const ends = levels.map((k) => countCoefficients(channels, k));
  const logEnds = levels.map((k) => logSignatureSize(channels, k));
  const [size, coordinates] = [ends[depth - 1] as number, logEnds[depth - 1] as number];
  return (row) => {
    const [at, logAt] = [row * size, row * coordinates];
    for (let k = 1; k < depth; k++) {
      const terms = largest(signatures, at + (ends[k - 1] as number), at + (ends[k] as number));
      const rest = largest(logarithms, logAt + (logEnds[k - 1] as number), logAt + (logEnds[k] as number));
      // Not true of NaN either.
      if (!(terms <= worst * rest)) return true;
    }
    return false;
  };
}
