// The words that label the coefficients of a signature, in their order: level by level, each level
// in lexicographic order.

import { rangeError } from "./errors.ts";
import { checkedSize, type LayoutOptions, scalarTermOf } from "./size.ts";

/** Limit of the list: each word is an array, and four million of them fill half a gigabyte. */
const mostWords = 2 ** 22;

/**
 * Words over the letters 0 … channels − 1 of length 1 … depth, in the order of a signature's
 * coefficients.
 *
 * @param channels - Number of letters, at least 1.
 * @param depth - Maximum length, at least 1.
 * @param options - `scalarTerm: true` puts the empty word first.
 * @returns As many words as `signatureSize(channels, depth, options)`.
 * @throws PathSignatureRangeError CHANNELS_INVALID, DEPTH_INVALID, SIZE_TOO_LARGE (above 4 194 304
 *   words, or as many letters in all).
 *
 * @example words(2, 2) // [[0], [1], [0, 0], [0, 1], [1, 0], [1, 1]]
 */
export function words(channels: number, depth: number, options?: LayoutOptions): number[][] {
  const size = checkedSize(channels, depth);
  const scalarTerm = scalarTermOf(options);
  // With one channel, words are as long as their level, so the letters fill the memory.
  const weight = channels === 1 ? (size * (size + 1)) / 8 : size;
  if (weight > mostWords) {
    throw rangeError(
      "SIZE_TOO_LARGE",
      "depth",
      `depth ${depth} of ${channels} channels, ${size} words`,
      `such that there are at most ${mostWords} words`,
    );
  }
  const all: number[][] = [[]];
  let previous = 0;
  for (let k = 1; k <= depth; k++) {
    const end = all.length;
    for (; previous < end; previous++) {
      const prefix = all[previous] as number[];
      for (let letter = 0; letter < channels; letter++) all.push([...prefix, letter]);
    }
  }
  return scalarTerm ? all : all.slice(1);
}
