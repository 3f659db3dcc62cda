// Reads shapes and the numbers of tensors, in any order of their strides. Getters of the caller run
// here.

import {
  allocateNumbers,
  checkAttached,
  copyNumbers,
  dtypeOfKind,
  FLOAT64,
  KIND_BIGINTS,
  type Kind,
  kindOf,
  type Numbers,
  type NumericView,
} from "./arrays.ts";
import { clip, countOf, describe, failure, rangeError, typeError } from "./errors.ts";
import { lengthOfView } from "./views.ts";

/** Codes of errors about an argument's type. */
export type TypeCode =
  | "PATHS_TYPE"
  | "COTANGENT_TYPE"
  | "BASEPOINT_TYPE"
  | "INITIAL_TYPE"
  | "ROWS_TYPE"
  | "AUGMENT_TYPE";

export const describeShape = (sizes: readonly number[]): string => `(${clip(sizes.join(", "))})`;

/** A longer list is rejected: most likely data was passed as a shape. */
const mostDimensions = 64;

/**
 * Number of elements of an array or a typed array, -1 for all else. Read it once: a proxy of an
 * array may answer anything, so what is no whole number is no length.
 */
export function lengthOfList(value: unknown): number {
  if (!Array.isArray(value)) return kindOf(value) === -1 ? -1 : lengthOfView(value as NumericView);
  const { length } = value;
  return Number.isInteger(length) ? length : -1;
}

/** Copies a shape; `name` is appended to the argument's name in errors. */
export function readShape(shape: unknown, argument: string, code: TypeCode, name = ""): number[] {
  const rank = kindOf(shape) === KIND_BIGINTS ? -1 : lengthOfList(shape);
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

/**
 * The shape of a tensor, `shape` or `dims`; `undefined` if it has neither.
 * @throws PathSignatureError `code`, SHAPE_INVALID, SHAPE_MISMATCH
 */
export function shapeOfTensor(value: object, argument: string, code: TypeCode): number[] | undefined {
  const { shape, dims } = ownTensor(value);
  if (shape === undefined) return dims === undefined ? undefined : readShape(dims, argument, code, ".dims");
  const sizes = readShape(shape, argument, code, ".shape");
  if (dims !== undefined) {
    const others = readShape(dims, argument, code, ".dims");
    if (others.join() !== sizes.join()) {
      const wanted = `${describeShape(sizes)}, as shape says`;
      throw rangeError("SHAPE_MISMATCH", `${argument}.dims`, describeShape(others), wanted);
    }
  }
  return sizes;
}

/** The shape of a tensor. @throws as {@link shapeOfTensor}, and `code` if there is none */
export function readTensorShape(value: object, argument: string, code: TypeCode, forms: string): number[] {
  const sizes = shapeOfTensor(value, argument, code);
  if (sizes === undefined) throw typeError(code, argument, describe(value), forms);
  return sizes;
}

/** A tensor's properties. */
interface TensorParts {
  readonly shape?: unknown;
  readonly dims?: unknown;
  readonly data?: unknown;
  readonly strides?: unknown;
  /** As ndarray names strides. */
  readonly stride?: unknown;
  readonly offset?: unknown;
  /** Of tensors of TensorFlow.js, whose `data` is a function, and whose strides are of no use. */
  readonly dataSync?: () => unknown;
}

const every = Object.prototype as TensorParts;

/** A tensor without what it only has because every object has it. */
function ownTensor(value: object): TensorParts {
  const { shape, dims, strides, stride, offset, data } = every;
  if ((shape ?? dims ?? strides ?? stride ?? offset ?? data) === undefined) return value;
  const names = ["shape", "dims", "strides", "stride", "offset", "data"] as const;
  return Object.fromEntries(names.map((name) => [name, ownProperty(value, name)]));
}

/** A property of an object or of its class. */
function ownProperty(value: object, name: keyof TensorParts): unknown {
  for (let at: object | null = value; at !== null && at !== every; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, name)) return (value as TensorParts)[name];
  return undefined;
}

/**
 * The `count` numbers of a tensor, row-major: the typed array itself if they are contiguous in it,
 * else a copy.
 */
export function readNumbers(
  tensor: object,
  argument: string,
  code: TypeCode,
  count: number,
  sizes: readonly number[],
): NumericView {
  const parts = ownTensor(tensor);
  let { data } = parts;
  const isFunction = typeof data === "function";
  if (isFunction && "dataSync" in tensor) data = numbersOfTfjs(tensor as TensorParts, argument);
  const kind = kindOf(data);
  const name = `${argument}.data`;
  const length = lengthOfList(data);
  if (length < 0) throw typeError(code, name, describe(data), "a typed array or an array of numbers");
  const list = data as NumericView | readonly unknown[];
  if (kind === -1 && isRow(list[0]))
    throw typeError(code, name, "nested arrays", "flat, as there is a shape (or give nested arrays alone)");
  const order = isFunction ? undefined : readOrder(parts, argument, count, sizes, length);
  if (order === undefined && (length !== count || count === 0)) {
    if (kind !== -1) checkAttached(list as NumericView, name);
    checkLength(name, length, count, sizes);
  }
  let view = list as NumericView;
  if (kind === -1) {
    view = allocateNumbers(FLOAT64, length, name);
    copyNumbers(list as readonly unknown[], length, view as Float64Array, 0, name);
  }
  return order === undefined ? view : gather(view, sizes, order.strides, order.offset, name);
}

function numbersOfTfjs(tensor: TensorParts, argument: string): unknown {
  try {
    return tensor.dataSync?.();
  } catch (error) {
    const accepted = "one whose numbers are in memory (path-signature/tfjs computes on the GPU)";
    throw failure(
      "TENSOR_ON_GPU",
      argument,
      "a TensorFlow.js tensor that cannot be read now",
      accepted,
      undefined,
      error,
    );
  }
}

/** Where a tensor's numbers are in `length` numbers; `undefined` if they are these, in order. */
function readOrder(
  { strides, stride, offset = 0 }: TensorParts,
  argument: string,
  count: number,
  sizes: readonly number[],
  length: number,
): { readonly strides: readonly number[]; readonly offset: number } | undefined {
  const given = strides ?? stride;
  if (given === undefined && offset === 0) return undefined;
  const contiguous = rowMajor(sizes);
  const list =
    given === undefined ? contiguous : isRow(given) && given.length === sizes.length ? Array.from(given) : [];
  if (list.length !== sizes.length || !list.every(Number.isSafeInteger))
    throw typeError("STRIDED", `${argument}.strides`, describe(given), "whole numbers, one for each dimension");
  if (!Number.isSafeInteger(offset))
    throw typeError("STRIDED", `${argument}.offset`, describe(offset), "a whole number from 0 on");
  const steps = list as readonly number[];
  let first = offset as number;
  let last = first;
  let isInOrder = first === 0 && length === count;
  sizes.forEach((size, i) => {
    const step = steps[i] as number;
    if (step < 0) first += (size - 1) * step;
    else last += (size - 1) * step;
    if (size > 1 && step !== contiguous[i]) isInOrder = false;
  });
  if (isInOrder) return undefined;
  if (count > 0 && (first < 0 || last >= length)) {
    const reach = first < 0 ? `such that it begins ${-first} earlier` : `${countOf(last + 1, "number")} or more`;
    const accepted = `${reach}, as shape, strides and offset say`;
    throw rangeError("SHAPE_MISMATCH", `${argument}.data`, countOf(length, "number"), accepted);
  }
  return { strides: steps, offset: offset as number };
}

/**
 * The numbers at strides of a view, row-major: float32 of a Float32Array, else float64. The
 * innermost loop runs along the last dimension but one, of the points of a path.
 */
function gather(
  view: NumericView,
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
  argument: string,
): Numbers {
  let count = 1;
  for (const size of sizes) count *= size;
  const to = allocateNumbers(dtypeOfKind(kindOf(view) as Kind), count, argument, true);
  const last = sizes.length - 1;
  const columns = sizes[last] as number;
  const matrix = (sizes[last - 1] ?? 1) * columns;
  const step = strides[last - 1] ?? 0;
  let begin = 0;
  const walk = (axis: number, from: number): void => {
    const stride = strides[axis] as number;
    if (axis < last - 1) {
      for (let i = sizes[axis] as number; i > 0; i--, from += stride) walk(axis + 1, from);
      return;
    }
    const inner = strides[last] as number;
    for (let c = 0; c < columns; c++) {
      let at = from + c * inner;
      for (let i = begin + c; i < begin + matrix; i += columns, at += step) to[i] = Number(view[at]);
    }
    begin += matrix;
  };
  if (count > 0) walk(0, offset);
  return to;
}

/** `count` matrices of (rows, columns), transposed: (columns, rows). */
export const transpose = (view: NumericView, count: number, rows: number, columns: number): Numbers =>
  gather(view, [count, columns, rows], [rows * columns, 1, columns], 0, "paths");

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
