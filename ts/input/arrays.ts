// Typed arrays and the two number types: which arrays are accepted, and copies between them and
// WebAssembly memory. Shapes are not known here.

import { describe, rangeError, typeError } from "./errors.ts";
import { leastNumbers, move } from "./move.ts";
import { bufferOfView, lengthOfView, lost, offsetOfView, set, tagOfView } from "./views.ts";

/** The number type of a computation and of its result. */
export type DType = "float32" | "float64";

/** The typed array of each number type. */
export interface ArrayOf {
  /** 24 bits of precision, magnitudes up to 3.4e38. */
  float32: Float32Array;
  /** 53 bits of precision. */
  float64: Float64Array;
}

/**
 * Any typed array, on an `ArrayBuffer` or a `SharedArrayBuffer`: integers, floats (Float16Array
 * too), and 64-bit integers, which are rounded to the number type of the computation.
 */
export interface NumericView extends ArrayBufferView {
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  readonly [index: number]: number | bigint;
}

/**
 * float32 and float64 as numbered in the ABI. The base-two logarithm of the element size is this
 * plus 2.
 */
export const FLOAT32 = 0;
export const FLOAT64 = 1;
export type DTypeIndex = typeof FLOAT32 | typeof FLOAT64;
/** Numbers of a computation and of its result. */
export type Numbers = Float32Array | Float64Array;

/** How an array is read. The first two values equal the number type that the array suggests. */
export const KIND_FLOAT32 = 0;
export const KIND_FLOAT64 = 1;
export const KIND_NUMBERS = 2;
export const KIND_BIGINTS = 3;
export type Kind = typeof KIND_FLOAT32 | typeof KIND_FLOAT64 | typeof KIND_NUMBERS | typeof KIND_BIGINTS;

/** The kind of a value, or -1 if it is not a typed array. */
export function kindOf(value: unknown): Kind | -1 {
  switch (tagOfView(value)) {
    case undefined:
      return -1;
    case "Float32Array":
      return KIND_FLOAT32;
    case "Float64Array":
      return KIND_FLOAT64;
    case "BigInt64Array":
    case "BigUint64Array":
      return KIND_BIGINTS;
    default:
      return KIND_NUMBERS;
  }
}

/**
 * The number type that an array suggests: float32 for a Float32Array. All else is float64, which
 * can hold the values.
 */
export const dtypeOfKind = (kind: Kind): DTypeIndex => (kind === KIND_FLOAT32 ? FLOAT32 : FLOAT64);

/** Whether a typed array is empty because its buffer was detached. */
export function isDetached(view: NumericView): boolean {
  if (lengthOfView(view) > 0) return false;
  try {
    // A view whose buffer was resized below it passes here: it cannot be distinguished from an
    // empty one.
    new Uint8Array(bufferOfView(view), 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Throws if a typed array is empty because its buffer was detached. */
export function checkAttached(view: NumericView, argument: string): void {
  if (isDetached(view)) {
    throw typeError("DETACHED_BUFFER", argument, "a typed array whose buffer is detached", "one that is attached");
  }
}

/**
 * Appends numbers of a plain array to `to`, starting at index `at`.
 * @throws PathSignatureTypeError ELEMENT_TYPE for the first element that is not a number
 */
export function copyNumbers(
  from: readonly unknown[],
  count: number,
  to: Float64Array,
  at: number,
  argument: string,
): void {
  for (let i = 0; i < count; i++) {
    const value = from[i];
    if (typeof value !== "number") throw typeError("ELEMENT_TYPE", `${argument}[${i}]`, describe(value), "a number");
    to[at + i] = value;
  }
}

interface Host {
  /** In Node and Bun. */
  readonly Buffer?: { allocUnsafeSlow(bytes: number): { readonly buffer: ArrayBuffer } };
}

/**
 * Allocates an array of numbers in JavaScript; throws SIZE_TOO_LARGE if there is no memory for it.
 * @param isFilled - the caller writes every number before the array is read. Hosts with
 *   uninitialised memory (Node, Bun) then skip the clearing, which costs as much as writing the
 *   numbers.
 */
export function allocateNumbers(
  dtype: DTypeIndex,
  count: number,
  argument: string,
  isFilled?: boolean,
): Float32Array | Float64Array {
  try {
    const bytes = count * (dtype === FLOAT32 ? 4 : 8);
    const unfilled = isFilled && (globalThis as Host).Buffer?.allocUnsafeSlow(bytes).buffer;
    // Engines keep arrays of a few numbers beside the object, unless they are given a buffer.
    const given = (unfilled || count) as ArrayBuffer;
    return dtype === FLOAT32 ? new Float32Array(given) : new Float64Array(given);
  } catch {
    const accepted =
      "such that this JavaScript engine can allocate the numbers: fewer paths at once, or a smaller depth";
    throw rangeError("SIZE_TOO_LARGE", argument, `${count} numbers to allocate`, accepted);
  }
}

interface PlainArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, at: number, count: number): ArrayLike<number>;
}

/**
 * Part of a typed array as a view of the same kind. Subclasses and `Symbol.species` are ignored.
 */
function part(view: NumericView, from: number, count: number): ArrayLike<number> {
  const plain = (globalThis as unknown as Record<string, PlainArray>)[tagOfView(view) as string] as PlainArray;
  return new plain(bufferOfView(view), offsetOfView(view) + from * plain.BYTES_PER_ELEMENT, count);
}

/** Below this count a loop is faster than creating a view for `set`. */
const loopCount = 32;

/**
 * Copies `count` numbers of `view`, from index `from`, to `heap` at index `at`. Rounds to the
 * heap's type.
 * @throws RangeError if the view has fewer: its buffer was detached or has shrunk
 */
export function copyIn(
  view: NumericView,
  kind: Kind,
  from: number,
  count: number,
  heap: Float32Array | Float64Array,
  at: number,
): void {
  const length = lengthOfView(view);
  if (length < from + count) throw lost();
  if (kind === KIND_BIGINTS || count < loopCount) {
    for (let i = 0; i < count; i++) heap[at + i] = Number(view[from + i]);
  } else if (from === 0 && count === length && count < leastNumbers) {
    heap.set(view as ArrayLike<number>, at);
  } else if (kind === (heap instanceof Float32Array ? KIND_FLOAT32 : KIND_FLOAT64)) {
    move(view as Numbers, from, count, heap, at);
  } else {
    heap.set(part(view, from, count), at);
  }
}

/**
 * Copies `count` numbers of `heap`, from index `at`, to `out` at index `to`. Rounds to the type of
 * `out`.
 * @throws RangeError if `out` ends before: its buffer was detached or has shrunk
 */
export function copyOut(
  heap: Float32Array | Float64Array,
  at: number,
  count: number,
  out: Float32Array | Float64Array,
  to: number,
): void {
  if (lengthOfView(out) < to + count) throw lost();
  if (count < loopCount) {
    for (let i = 0; i < count; i++) out[to + i] = heap[at + i] as number;
  } else if (tagOfView(heap) !== tagOfView(out)) {
    set.call(out, heap.subarray(at, at + count), to);
  } else {
    move(heap, at, count, out, to);
  }
}

/**
 * Index of the first group of four numbers that are not all finite, or of the last incomplete
 * group. One branch for four numbers is three times as fast as four branches.
 */
function finiteFours(numbers: ArrayLike<number>, from: number, end: number): number {
  let i = from;
  for (; i + 4 <= end; i += 4) {
    const a = numbers[i] as number;
    const b = numbers[i + 1] as number;
    const c = numbers[i + 2] as number;
    const d = numbers[i + 3] as number;
    if (a - a + (b - b) + (c - c) + (d - d) !== 0) break;
  }
  return i;
}

/**
 * The first index in [from, from + count) whose number, rounded to the number type, is NaN or
 * infinite; -1 if there is none.
 * @throws RangeError as {@link copyIn}
 */
export function firstNonFinite(view: NumericView, kind: Kind, dtype: DTypeIndex, from: number, count: number): number {
  if (lengthOfView(view) < from + count) throw lost();
  if (kind === KIND_BIGINTS) return -1;
  const numbers = view as unknown as ArrayLike<number>;
  const end = from + count;
  const round = dtype === FLOAT32 && kind !== KIND_FLOAT32;
  let i = round ? from : finiteFours(numbers, from, end);
  for (; i < end; i++) {
    const x = round ? Math.fround(numbers[i] as number) : (numbers[i] as number);
    if (x - x !== 0) return i;
  }
  return -1;
}
