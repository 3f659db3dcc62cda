// Typed arrays and the two number types: which kinds of array are read, how a part of one gets into WebAssembly memory.
// Shapes are not known here.

import { describe, rangeError, typeError } from "./errors.ts";
import { move } from "./move.ts";

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
 * Any typed array, on an `ArrayBuffer` or a `SharedArrayBuffer`: integers, floats (Float16Array too), and 64-bit integers,
 * which are rounded to the number type of the computation.
 */
export interface NumericView extends ArrayBufferView {
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  readonly [index: number]: number | bigint;
}

/** float32 and float64 as the kernels number them: the base-two logarithm of their bytes is this plus 2. */
export const FLOAT32 = 0;
export const FLOAT64 = 1;
export type DTypeIndex = typeof FLOAT32 | typeof FLOAT64;
/** Numbers of a computation and of its result. */
export type Numbers = Float32Array | Float64Array;

/** What an array is read as. The first two equal the number type that it suggests. */
export const KIND_FLOAT32 = 0;
export const KIND_FLOAT64 = 1;
export const KIND_NUMBERS = 2;
export const KIND_BIGINTS = 3;
export type Kind = typeof KIND_FLOAT32 | typeof KIND_FLOAT64 | typeof KIND_NUMBERS | typeof KIND_BIGINTS;

/** The kind of a value, or -1 where it is no typed array. */
export function kindOf(value: unknown): Kind | -1 {
  if (value instanceof Float32Array) return KIND_FLOAT32;
  if (value instanceof Float64Array) return KIND_FLOAT64;
  if (!ArrayBuffer.isView(value)) return -1;
  // The tag is read by a getter of the engine's own, so arrays of other realms (frames, vm contexts) are known too.
  switch ((value as NumericView & { readonly [Symbol.toStringTag]: string })[Symbol.toStringTag]) {
    case "DataView":
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

/** The number type that an array suggests: its own where it is a Float32Array, else float64, which holds every other kind's values. */
export const dtypeOfKind = (kind: Kind): DTypeIndex => (kind === KIND_FLOAT32 ? FLOAT32 : FLOAT64);

/** Whether an empty typed array is empty because its buffer is gone. */
export function isDetached(view: NumericView): boolean {
  if (view.length > 0) return false;
  try {
    // A view whose buffer was only shrunk below it passes here: no engine tells it from one that was made empty.
    new Uint8Array(view.buffer as ArrayBuffer, 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Throws if a typed array that should hold numbers is empty because its buffer is gone. */
export function checkAttached(view: NumericView, argument: string): void {
  if (isDetached(view)) {
    throw typeError("DETACHED_BUFFER", argument, "a typed array whose buffer is detached", "one that is attached");
  }
}

/**
 * Numbers of a plain array appended to `to` from `at` on.
 * @throws PathSignatureTypeError ELEMENT_TYPE for the first that is no number.
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
  /** Node's and Bun's. */
  readonly Buffer?: { allocUnsafeSlow(bytes: number): { readonly buffer: ArrayBuffer } };
}

/**
 * Memory for numbers on the JavaScript side; a typed error where there is none.
 * @param isFilled - that every number will be written before anybody sees one: where the host has memory that it need not clear first, as Node and Bun do, this takes it. (Numbers that are given
 * back by one call are in the cache for the next, but clearing them costs as much as writing them.)
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
    const buffer = unfilled || new ArrayBuffer(bytes);
    return dtype === FLOAT32 ? new Float32Array(buffer) : new Float64Array(buffer);
  } catch {
    throw rangeError("SIZE_TOO_LARGE", argument, `${count} numbers`, "what the engine has room for");
  }
}

interface PlainArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, at: number, count: number): ArrayLike<number>;
}

/** Part of a typed array as a view of the same kind. A plain one: subclasses and their species play no part. */
function part(view: NumericView, from: number, count: number): ArrayLike<number> {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: bytes } = view;
  const { [Symbol.toStringTag]: kind } = view as NumericView & { readonly [Symbol.toStringTag]: string };
  const plain = (globalThis as unknown as Record<string, PlainArray | undefined>)[kind];
  if (plain?.BYTES_PER_ELEMENT === bytes) return new plain(buffer, byteOffset + from * bytes, count);
  // A subclass that calls itself something else: element by element is right for each.
  const copy = new Float64Array(count);
  for (let i = 0; i < count; i++) copy[i] = Number(view[from + i]);
  return copy;
}

/** Below this count a loop is faster than making a view for `set`. */
const loopCount = 32;

/** Copies `count` numbers of `view` from index `from` on to index `at` of `heap`, rounding to its number type. */
export function copyIn(
  view: NumericView,
  kind: Kind,
  from: number,
  count: number,
  heap: Float32Array | Float64Array,
  at: number,
): void {
  if (kind === KIND_BIGINTS || count < loopCount) {
    for (let i = 0; i < count; i++) heap[at + i] = Number(view[from + i]);
  } else if (kind === KIND_FLOAT32 && heap instanceof Float32Array) {
    move(view as Float32Array, from, count, heap, at);
  } else if (kind === KIND_FLOAT64 && heap instanceof Float64Array) {
    move(view as Float64Array, from, count, heap, at);
  } else if (from === 0 && count === view.length) {
    heap.set(view as ArrayLike<number>, at);
  } else {
    heap.set(part(view, from, count), at);
  }
}

/** Copies `count` numbers of `heap` from index `at` on to index `to` of `out`, rounding to its number type. */
export function copyOut(
  heap: Float32Array | Float64Array,
  at: number,
  count: number,
  out: Float32Array | Float64Array,
  to: number,
): void {
  if (count < loopCount) {
    for (let i = 0; i < count; i++) out[to + i] = heap[at + i] as number;
  } else if (heap.BYTES_PER_ELEMENT !== out.BYTES_PER_ELEMENT) {
    out.set(heap.subarray(at, at + count), to);
  } else {
    move(heap, at, count, out, to);
  }
}

/** Where four numbers stand that are not all finite, or fewer than four are left: one branch for four numbers is three times as fast as four. */
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

/** The first index in [from, from + count) whose number is NaN or infinite once it has the number type, or -1. */
export function firstNonFinite(view: NumericView, kind: Kind, dtype: DTypeIndex, from: number, count: number): number {
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
