// Reads shapes and the numbers of tensors. Getters of the caller run here.

import {
  allocateNumbers,
  checkAttached,
  copyNumbers,
  FLOAT64,
  KIND_BIGINTS,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { clip, countOf, describe, rangeError, typeError } from "./errors.ts";

/** Codes of errors about an argument's type. */
export type TypeCode = "PATHS_TYPE" | "COTANGENT_TYPE" | "BASEPOINT_TYPE" | "INITIAL_TYPE" | "ROWS_TYPE";

export const describeShape = (sizes: readonly number[]): string => `(${clip(sizes.join(", "))})`;

/** A longer list is rejected: most likely data was passed as a shape. */
const mostDimensions = 64;

/** Copies a shape; `name` is appended to the argument's name in errors. */
export function readShape(shape: unknown, argument: string, code: TypeCode, name = ""): number[] {
  const kind = kindOf(shape);
  const isList = Array.isArray(shape) || (kind !== -1 && kind !== KIND_BIGINTS);
  const rank = isList ? (shape as ArrayLike<unknown>).length : -1;
  if (rank < 0 || rank > mostDimensions) {
    throw typeError(code, argument + name, describe(shape), `an array of at most ${mostDimensions} whole numbers`);
  }
  // Allocated at full length: a growing array reserves sixteen elements, which is measurable for
  // thousands of small calls.
  const sizes: number[] = new Array(rank);
  for (let i = 0; i < rank; i++) {
    const size = (shape as ArrayLike<unknown>)[i];
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw rangeError("SHAPE_INVALID", `${argument}${name}[${i}]`, describe(size), "a whole number from 0 on");
    }
    sizes[i] = size;
  }
  return sizes;
}

/** The shape of a tensor that must be contiguous. */
export function readTensorShape(value: object, argument: string, code: TypeCode, forms: string): number[] {
  const { shape, dims } = value as { shape?: unknown; dims?: unknown };
  const given = shape === undefined ? dims : shape;
  if (given === undefined) throw typeError(code, argument, describe(value), forms);
  const sizes = readShape(given, argument, code, shape === undefined ? ".dims" : ".shape");
  checkContiguous(value, sizes, argument);
  return sizes;
}

/** The `count` numbers of a tensor: a typed array itself, or a copy of a plain array. */
export function readNumbers(
  tensor: object,
  argument: string,
  code: TypeCode,
  count: number,
  sizes: readonly number[],
): NumericView {
  const { data } = tensor as { data?: unknown };
  const name = `${argument}.data`;
  if (kindOf(data) !== -1) {
    const view = data as NumericView;
    if (view.length !== count || count === 0) {
      checkAttached(view, name);
      checkLength(name, view.length, count, sizes);
    }
    return view;
  }
  if (!Array.isArray(data)) throw typeError(code, name, describe(data), "a typed array or an array of numbers");
  checkLength(name, data.length, count, sizes);
  const flat = allocateNumbers(FLOAT64, count, name) as Float64Array;
  copyNumbers(data, count, flat, 0, name);
  return flat;
}

function checkLength(argument: string, length: number, count: number, sizes: readonly number[]): void {
  if (length === count) return;
  throw rangeError(
    "SHAPE_MISMATCH",
    argument,
    countOf(length, "number"),
    `${countOf(count, "number")}, as shape ${describeShape(sizes)} says`,
  );
}

export type Row = readonly unknown[] | NumericView;
export const isRow = (value: unknown): value is Row => Array.isArray(value) || kindOf(value) !== -1;

/** Strides of a contiguous row-major tensor. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = new Array(shape.length);
  for (let i = shape.length - 1, s = 1; i >= 0; i--) {
    strides[i] = s;
    s *= shape[i] as number;
  }
  return strides;
}

/** Throws unless the data of an input tensor is contiguous. */
export function checkContiguous(tensor: object, shape: readonly number[], argument: string): void {
  const { strides, stride, offset } = tensor as { strides?: unknown; stride?: unknown; offset?: unknown };
  const given = strides ?? stride;
  if (given === undefined && (offset === undefined || offset === 0)) return;
  const wanted = rowMajor(shape);
  const list = given === undefined ? wanted : (given as ArrayLike<unknown>);
  const contiguous =
    list !== null && list.length === wanted.length && wanted.every((s, i) => list[i] === s || shape[i] === 1);
  if (!contiguous || (offset !== undefined && offset !== 0)) {
    throw typeError(
      "STRIDED",
      argument,
      "a tensor with strides or an offset",
      "contiguous in row-major order, as `level(k).toArray()` is",
    );
  }
}
