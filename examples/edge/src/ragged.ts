// Converts concatenated paths to the library's input: unchanged if all have the same length, else
// padded to the longest.

import type { Paths } from "path-signature";
import { limits } from "./limits.ts";
import { Problem } from "./problem.ts";

/** The contents of a body. */
export interface Body {
  readonly paths: Paths;
  /** For tensors of paths that differ in length. */
  readonly lengths?: readonly number[];
  /** Ids of the paths and names of the channels, where the body has them. */
  readonly ids?: readonly string[];
  readonly names?: readonly string[];
}

/** How often a character occurs: a bound on the numbers of a text. */
export function occurrences(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/**
 * @param values - the paths' numbers, (points, channels) each, one after the other.
 * @param lengths - points of each path.
 * @param single - whether this is one path rather than a batch of one.
 * @throws Problem 413
 */
export function fromRow(
  values: Float32Array | Float64Array,
  lengths: readonly number[],
  channels: number,
  single: boolean,
): Body {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const lead = single ? [] : [lengths.length];
  const shape = [...lead, longest, channels];
  if (lengths.every((length) => length === longest)) return { paths: { data: values, shape } };
  const count = lengths.length * longest * channels;
  if (count > limits.padded)
    throw new Problem(
      413,
      "body",
      `${lengths.length} paths of up to ${longest} points are too uneven for one request.`,
    );
  const data = values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
  let from = 0;
  lengths.forEach((length, i) => {
    data.set(values.subarray(from, from + length * channels), i * longest * channels);
    from += length * channels;
  });
  return { paths: { data, shape }, lengths };
}
