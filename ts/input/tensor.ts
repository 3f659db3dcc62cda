// The result of a call: numbers with a shape, and views by level and by word. Computes nothing.

import { type ArrayOf, type DType, type DTypeIndex, FLOAT32 } from "./arrays.ts";
import { countOf, describe, rangeError } from "./errors.ts";
import { rowMajor } from "./shape.ts";
import { words } from "./words.ts";

/**
 * A view of one level. `strides` and `offset` count numbers of `data`: the element at index (i, j,
 * …) is `data[offset + i * strides[0] + j * strides[1] + …]`. It shares memory with the signature.
 */
export interface LevelView<T extends DType = DType> {
  /** The numbers of the signature; only those of the level where they are contiguous. */
  readonly data: ArrayOf[T];
  /** (…lead, d, …, d) with k trailing dimensions of d channels for level k. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly dtype: T;
  /**
   * The number at an index, which has one entry per dimension. @throws PathSignatureRangeError
   * LEVEL_INVALID for an index out of bounds.
   */
  get(...index: readonly number[]): number;
  /** A copy of the numbers of the level, row-major and contiguous. */
  toArray(): ArrayOf[T];
}

/** Numbers with a shape, row-major. */
export interface GradientTensor<T extends DType = DType> {
  readonly data: ArrayOf[T];
  readonly shape: readonly number[];
  readonly dtype: T;
}

/**
 * The type of a result: that of one row or of many. Many are the results of batches, of windows and
 * of streams; with `boolean`, where the types cannot know, it is either.
 */
export type OneOrMany<One, Many, Stream extends boolean, Batched extends boolean> = Stream extends true
  ? Many
  : Batched extends true
    ? Many
    : One;

/** What the results of operations on paths have in common. */
export interface ResultOfPaths<T extends DType> {
  /** The numbers; the array `out` if it was given. */
  readonly data: ArrayOf[T];
  /**
   * (…batch, row), or with `stream` (…batch, length − 1, row); with a basepoint also (…batch,
   * length, row). With `windows` they are the last axis of the batch.
   */
  readonly shape: readonly number[];
  readonly dtype: T;
  /** d, the dimension of the path's space. */
  readonly channels: number;
  /** N, the level at which it is truncated. */
  readonly depth: number;
  /** Whether it holds the row of every prefix of a path. */
  readonly stream: boolean;
  /**
   * With `windows`: the number of windows of each path of the flattened batch. Rows behind them are
   * the identity.
   */
  readonly counts: Uint32Array | undefined;
}

/**
 * What one signature and many have in common.
 *
 * @typeParam T - number type of `data`.
 */
export interface SignatureRows<T extends DType = DType> extends ResultOfPaths<T> {
  /** Whether each signature includes the leading 1 of the empty word. */
  readonly scalarTerm: boolean;
  /**
   * Level k as a tensor of shape (…lead, d, …, d), sharing memory with `data`.
   * @param k - 1 … depth, and 0 with `scalarTerm`.
   * @throws PathSignatureRangeError LEVEL_INVALID
   */
  level(k: number): LevelView<T>;
  /** The rows one after the other, as views of `data`: one signature each. */
  rows(): IterableIterator<ArrayOf[T]>;
  /** A copy as nested arrays of the dimensions of `shape`: `number[]` for a single signature. */
  toNested(): Nested;
  /**
   * Names of the coefficients of a row: the channels of each word, joined by dots (`"x"`, `"x.y"`);
   * `"()"` for the empty word.
   * @param names - one for each channel. Default: those of the paths, else the channels' numbers.
   * @throws PathSignatureRangeError CHANNELS_INVALID; SIZE_TOO_LARGE as `words`
   */
  labels(names?: readonly string[]): string[];
}

/**
 * The signature of one path, truncated at `depth`: `data` holds it level by level from the first,
 * each level in lexicographic order of its words. With `scalarTerm`, a leading 1 (the coefficient
 * of the empty word) precedes the first level.
 *
 * @typeParam T - number type of `data`.
 */
export interface Signature<T extends DType = DType> extends SignatureRows<T> {
  /**
   * Coefficient of a word, given by its letters: `at([0, 1])` is the iterated integral ∫∫ dx⁰ dx¹,
   * where the first letter is first in time.
   * @param word - 1 … depth letters from 0 to channels − 1; the empty word with `scalarTerm`.
   * @throws PathSignatureRangeError WORD_INVALID
   */
  at(word: ArrayLike<number>): number;
}

/**
 * Signatures of a batch of paths, of windows, or of every prefix (`stream`), truncated at `depth`.
 * `data` is row-major; each row is laid out as a {@link Signature}.
 *
 * @typeParam T - number type of `data`.
 */
export interface Signatures<T extends DType = DType> extends SignatureRows<T> {
  /**
   * Coefficients of a word, given by its letters, as {@link Signature.at}: a new typed array with
   * one number for each entry of the leading dimensions.
   * @param word - 1 … depth letters from 0 to channels − 1; the empty word with `scalarTerm`.
   * @throws PathSignatureRangeError WORD_INVALID
   */
  at(word: ArrayLike<number>): ArrayOf[T];
}

/** {@link Signature} or {@link Signatures}, by what options and the type of the paths say. */
export type SignatureOf<
  T extends DType = DType,
  Stream extends boolean = boolean,
  Batched extends boolean = boolean,
> = OneOrMany<Signature<T>, Signatures<T>, Stream, Batched>;

/** Numbers in nested arrays. */
export type Nested = (number | Nested)[];

const product = (numbers: readonly number[]): number => {
  let p = 1;
  for (const n of numbers) p *= n;
  return p;
};

const numbersOf = <T extends DType>(dtype: T, count: number): ArrayOf[T] =>
  (dtype === "float32" ? new Float32Array(count) : new Float64Array(count)) as ArrayOf[T];

/** Numbers `offset` and following of each row, as a tensor of shape (…lead, …inner). */
export function levelView<T extends DType>(
  data: ArrayOf[T],
  shape: readonly number[],
  inner: readonly number[],
  offset: number,
  dtype: T,
): LevelView<T> {
  const row = shape[shape.length - 1] as number;
  const lead = shape.slice(0, -1);
  const width = product(inner);
  const single = lead.length === 0;
  const strides = [...rowMajor(lead).map((s) => s * row), ...rowMajor(inner)];
  const own = single ? (data.subarray(offset, offset + width) as ArrayOf[T]) : data;
  return new StridedLevel(own, [...lead, ...inner], strides, single ? 0 : offset, dtype, width, row);
}

/** Number `index` of a single row, or of each row. */
export function valuesAt<T extends DType>(
  { data, shape, dtype }: { readonly data: ArrayOf[T]; readonly shape: readonly number[]; readonly dtype: T },
  index: number,
): number | ArrayOf[T] {
  if (shape.length === 1) return data[index] as number;
  const row = shape[shape.length - 1] as number;
  const count = product(shape.slice(0, -1));
  const found = numbersOf(dtype, count);
  for (let i = 0; i < count; i++) found[i] = data[i * row + index] as number;
  return found;
}

/** The result of a call. Only the library constructs it. */
export class SignatureTensor<T extends DType> implements SignatureRows<T> {
  readonly data: ArrayOf[T];
  readonly shape: readonly number[];
  readonly dtype: T;
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
  readonly stream: boolean;
  readonly counts: Uint32Array | undefined;
  readonly #names: readonly string[] | undefined;

  constructor(
    data: ArrayOf[T],
    shape: readonly number[],
    dtype: DTypeIndex,
    channels: number,
    depth: number,
    scalarTerm: boolean,
    stream: boolean,
    names: readonly string[] | undefined,
    counts?: Uint32Array,
  ) {
    this.data = data;
    this.shape = shape;
    this.dtype = (dtype === FLOAT32 ? "float32" : "float64") as T;
    this.channels = channels;
    this.depth = depth;
    this.scalarTerm = scalarTerm;
    this.stream = stream;
    this.counts = counts;
    this.#names = names;
  }

  level(k: number): LevelView<T> {
    const lowest = this.scalarTerm ? 0 : 1;
    if (!Number.isInteger(k) || k < lowest || k > this.depth) {
      throw rangeError("LEVEL_INVALID", "level", describe(k), `a whole number from ${lowest} to ${this.depth}`);
    }
    return levelView(this.data, this.shape, new Array(k).fill(this.channels), this.#offset(k), this.dtype);
  }

  /** A number for a single row. */
  at(word: ArrayLike<number>): number & ArrayOf[T] {
    return valuesAt(this, this.#indexOf(word)) as number & ArrayOf[T];
  }

  *rows(): IterableIterator<ArrayOf[T]> {
    const row = this.shape[this.shape.length - 1] as number;
    for (let at = 0; at < this.data.length; at += row) yield this.data.subarray(at, at + row) as ArrayOf[T];
  }

  toNested(): Nested {
    let nested: Nested = Array.from(this.rows(), (row) => [...row]);
    for (let axis = this.shape.length - 2; axis > 0; axis--) {
      const size = this.shape[axis] as number;
      const inner = nested;
      nested = Array.from({ length: inner.length / size }, (_, i) => inner.slice(i * size, (i + 1) * size));
    }
    return this.shape.length === 1 ? (nested[0] as Nested) : nested;
  }

  labels(names: readonly string[] = this.#names ?? Array.from({ length: this.channels }, (_, i) => `${i}`)): string[] {
    const { channels, depth, scalarTerm } = this;
    if (!Array.isArray(names) || names.length !== channels) {
      const accepted = `an array of ${countOf(channels, "name")}, one for each channel`;
      throw rangeError("CHANNELS_INVALID", "names", describe(names), accepted);
    }
    return words(channels, depth, { scalarTerm }).map((word) => word.map((i) => names[i]).join(".") || "()");
  }

  /** What Node prints: the shape and the first numbers. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    const { data, shape, dtype, channels, depth } = this;
    const first = Array.from(data.subarray(0, 6), (x) => +x.toPrecision(6)).join(", ");
    const what = `${dtype} (${shape.join(", ")}), depth ${depth} of ${countOf(channels, "channel")}`;
    return `Signature ${what} [${first}${data.length > 6 ? ", …" : ""}]`;
  }

  /** Index in a row where level k begins. */
  #offset(k: number): number {
    let offset = this.scalarTerm ? 1 : 0;
    if (k === 0) return 0;
    for (let j = 1, count = this.channels; j < k; j++, count *= this.channels) offset += count;
    return offset;
  }

  #indexOf(word: ArrayLike<number>): number {
    const refuse = (given: string) =>
      rangeError(
        "WORD_INVALID",
        "word",
        given,
        `an array of ${this.scalarTerm ? 0 : 1} to ${this.depth} letters, ` +
          `whole numbers from 0 to ${this.channels - 1}, ` +
          `such as [0${this.depth > 1 && this.channels > 1 ? ", 1" : ""}]`,
      );
    if (typeof word !== "object" || word === null || !Number.isInteger(word.length)) throw refuse(describe(word));
    const k = word.length;
    if (k > this.depth || (k === 0 && !this.scalarTerm)) throw refuse(countOf(k, "letter"));
    let index = 0;
    for (let i = 0; i < k; i++) {
      const letter = word[i] as number;
      if (!Number.isInteger(letter) || letter < 0 || letter >= this.channels)
        throw refuse(`the letter ${describe(letter)} at ${i}`);
      index = index * this.channels + letter;
    }
    return this.#offset(k) + index;
  }
}

class StridedLevel<T extends DType> implements LevelView<T> {
  readonly data: ArrayOf[T];
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly dtype: T;
  /** Count of the level's numbers in a signature, and distance between signatures. */
  readonly #width: number;
  readonly #row: number;

  constructor(
    data: ArrayOf[T],
    shape: readonly number[],
    strides: readonly number[],
    offset: number,
    dtype: T,
    width: number,
    row: number,
  ) {
    this.data = data;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.dtype = dtype;
    this.#width = width;
    this.#row = row;
  }

  get(...index: readonly number[]): number {
    const { shape, strides } = this;
    if (index.length !== shape.length) {
      throw rangeError(
        "LEVEL_INVALID",
        "index",
        countOf(index.length, "number"),
        `${countOf(shape.length, "number")}, one for each dimension`,
      );
    }
    let at = this.offset;
    for (let i = 0; i < shape.length; i++) {
      const n = index[i] as number;
      const end = shape[i] as number;
      if (!Number.isInteger(n) || n < 0 || n >= end) {
        throw rangeError("LEVEL_INVALID", `index[${i}]`, describe(n), `a whole number from 0 to ${end - 1}`);
      }
      at += n * (strides[i] as number);
    }
    return this.data[at] as number;
  }

  toArray(): ArrayOf[T] {
    const { data, dtype } = this;
    const count = product(this.shape);
    const copy = numbersOf(dtype, count);
    for (let to = 0, at = this.offset; to < count; to += this.#width, at += this.#row)
      copy.set(data.subarray(at, at + this.#width), to);
    return copy;
  }
}
