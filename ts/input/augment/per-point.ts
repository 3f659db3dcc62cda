// Numbers that are given for each point of paths: times, pens and masks.

import { kindOf, type Numbers, type NumericView } from "../arrays.ts";
import { countOf, describe, rangeError, typeError } from "../errors.ts";
import type { ReadPaths } from "../read-paths.ts";
import { lengthOfList, readNumbers, readTensorShape } from "../shape.ts";

/** Appends the numbers and flags of nested lists. */
function flatten(value: unknown, argument: string, to: number[]): void {
  const length = lengthOfList(value);
  for (let i = 0; i < length; i++) {
    const one = (value as ArrayLike<unknown>)[i];
    if (typeof one === "number" || typeof one === "boolean") to.push(Number(one));
    else if (lengthOfList(one) >= 0) flatten(one, argument, to);
    else throw typeError("AUGMENT_TYPE", argument, `${describe(one)} in a list`, "numbers, one for each point");
  }
}

/** The numbers of an argument, flat: a copy, or the typed array of a tensor. */
function flat(value: unknown, argument: string): ArrayLike<number | bigint> {
  if (kindOf(value) !== -1) return value as NumericView;
  if (Array.isArray(value)) {
    const list: number[] = [];
    flatten(value, argument, list);
    return list;
  }
  const forms = "a list of numbers, one for each point, or a tensor { data, shape }";
  if (typeof value !== "object" || value === null) throw typeError("AUGMENT_TYPE", argument, describe(value), forms);
  const sizes = readTensorShape(value, argument, "AUGMENT_TYPE", forms);
  const count = sizes.reduce((product, size) => product * size, 1);
  return readNumbers(value, argument, "AUGMENT_TYPE", count, sizes) as Numbers;
}

/** Numbers of points, by the index of the point among those of all paths. */
export interface PointNumbers {
  readonly numbers: ArrayLike<number>;
  /** Whether all paths have the same: the index is then that of the point in its path. */
  readonly isShared: boolean;
}

/**
 * Reads `width` numbers for each point of paths that are no windows.
 * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE
 */
export function readPointNumbers(value: unknown, argument: string, width: number, paths: ReadPaths): PointNumbers {
  const { batch, points, starts } = paths;
  const list = flat(value, argument);
  const all = starts === undefined ? batch * points : (starts[batch] as number);
  const isShared = list.length !== all * width;
  if (isShared && list.length !== points * width) {
    const each = width === 1 ? "each point" : `each of the ${width} channels of each point`;
    const accepted = `${points * width}, one for ${each}${batch > 1 ? `, or ${all * width} for all paths` : ""}`;
    throw rangeError("AUGMENT_RANGE", argument, countOf(list.length, "number"), accepted);
  }
  return { numbers: Float64Array.from(list as ArrayLike<number>, Number), isShared };
}
