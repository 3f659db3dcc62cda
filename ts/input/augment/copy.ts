// Copies of numbers point by point, as 32-bit words: engines convert every float32 to float64 and
// back, words they do not.

import type { Numbers } from "../arrays.ts";

/** A piece of an array as words, one or two a number. */
export const wordsOf = (numbers: Numbers, at: number, count: number): Int32Array =>
  new Int32Array(
    numbers.buffer,
    numbers.byteOffset + at * numbers.BYTES_PER_ELEMENT,
    (count * numbers.BYTES_PER_ELEMENT) / 4,
  );

/** Words of a number. */
export const wordsPer = (numbers: Numbers): number => numbers.BYTES_PER_ELEMENT / 4;

/**
 * Copies `count` times `width` words, `fromStride` words apart, to places `toStride` apart.
 * Column by column: the inner loop is the long one.
 */
export function copyColumns(
  source: Int32Array,
  from: number,
  fromStride: number,
  target: Int32Array,
  to: number,
  toStride: number,
  width: number,
  count: number,
): void {
  for (let c = 0; c < width; c++) {
    let i = from + c;
    let k = to + c;
    for (let t = 0; t < count; t++) {
      target[k] = source[i] as number;
      i += fromStride;
      k += toStride;
    }
  }
}

/**
 * Points of a lead and a lag, `width` words each, two at once: the lead at point k, `ahead` words
 * behind the lag's, and the lag at points k and k + 1.
 */
export function copyPairs(
  source: Int32Array,
  ahead: number,
  target: Int32Array,
  leads: number,
  lags: number,
  width: number,
  count: number,
): void {
  const [nextLeads, nextLags] = [leads + 2 * width, lags + 2 * width];
  for (let c = 0; c < width; c++) {
    let i = c;
    let k = c;
    let lag = source[i] as number;
    for (let p = 0; p < count; p++) {
      const lead = source[i + ahead] as number;
      target[k + leads] = lead;
      target[k + lags] = lag;
      i += width;
      lag = source[i] as number;
      target[k + nextLeads] = lead;
      target[k + nextLags] = lag;
      k += 4 * width;
    }
  }
}
