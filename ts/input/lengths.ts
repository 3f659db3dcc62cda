// Reads the length of each path.

import { checkAttached, type NumericView } from "./arrays.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import { pointsOf, type ReadPaths } from "./read-paths.ts";
import { lengthOfList } from "./shape.ts";

/**
 * Lengths of the paths in the form of the ABI, or `undefined` if every path has all points.
 * @throws PathSignatureError LENGTHS_TYPE, LENGTHS_COUNT, LENGTHS_RANGE
 */
export function readLengths(lengths: unknown, paths: ReadPaths): Uint32Array | undefined {
  const { batch, points, starts } = paths;
  if (lengths === undefined) {
    if (starts === undefined) return undefined;
    const own = new Uint32Array(batch);
    for (let i = 0; i < batch; i++) own[i] = pointsOf(starts, i);
    return own;
  }
  const list = typeof lengths === "number" ? [lengths] : lengths;
  const count = lengthOfList(list);
  if (count < 0)
    throw typeError("LENGTHS_TYPE", "options.lengths", describe(lengths), "an array or a typed array of whole numbers");
  if (count !== batch) {
    if (!Array.isArray(list)) checkAttached(list as NumericView, "options.lengths");
    throw rangeError("LENGTHS_COUNT", "options.lengths", countOf(count, "length"), `one for each path, ${batch}`);
  }
  const read = new Uint32Array(batch);
  let short = false;
  for (let i = 0; i < batch; i++) {
    const given = (list as ArrayLike<unknown>)[i];
    const length = typeof given === "bigint" ? Number(given) : given;
    const most = starts === undefined ? points : pointsOf(starts, i);
    if (typeof length !== "number" || !Number.isInteger(length) || length < 1 || length > most) {
      throw rangeError("LENGTHS_RANGE", `options.lengths[${i}]`, describe(given), `a whole number from 1 to ${most}`);
    }
    read[i] = length;
    if (length < points) short = true;
  }
  return short ? read : undefined;
}
