// The result of `logSignature`: numbers with a shape, and views by level and by label. Computes
// nothing.

import type { ArrayOf, DType, DTypeIndex } from "../input/arrays.ts";
import { FLOAT32 } from "../input/arrays.ts";
import { clip, describe, rangeError } from "../input/errors.ts";
import { type LevelView, levelView, type OneOrMany, type ResultOfPaths, valuesAt } from "../input/tensor.ts";
import {
  type Bracket,
  countCoordinates,
  type LogSignatureBasis,
  type LogSignatureLabel,
  labelsOf,
  textOf,
} from "./log-signature-labels.ts";

/**
 * What one log-signature and many have in common.
 *
 * @typeParam T - number type of `data`.
 */
export interface LogSignatureRows<T extends DType = DType> extends ResultOfPaths<T> {
  readonly basis: LogSignatureBasis;
  /** What the coordinates belong to: `logSignatureLabels(channels, depth, basis)`. */
  readonly labels: readonly LogSignatureLabel[];
  /**
   * The coordinates of level k, as a tensor of shape (…lead, coordinates), in the basis "expanded"
   * (…lead, d, …, d), sharing memory with `data`.
   * @param k - 1 … depth.
   * @throws PathSignatureRangeError LEVEL_INVALID
   */
  level(k: number): LevelView<T>;
}

/**
 * The log-signature of one path, truncated at `depth`: `data` holds its coordinates in the order of
 * `labels`, level by level from the first.
 *
 * @typeParam T - number type of `data`.
 */
export interface LogSignature<T extends DType = DType> extends LogSignatureRows<T> {
  /**
   * The coordinate of a word or bracket, letters from 0 on, or of the text of a label.
   * @throws PathSignatureRangeError WORD_INVALID
   */
  at(label: Bracket | readonly number[] | string): number;
}

/**
 * Log-signatures of a batch of paths, of windows, or of every prefix (`stream`), truncated at
 * `depth`. `data` is row-major; each row is laid out as a {@link LogSignature}.
 *
 * @typeParam T - number type of `data`.
 */
export interface LogSignatures<T extends DType = DType> extends LogSignatureRows<T> {
  /**
   * The coordinates of a word or bracket, letters from 0 on, or of the text of a label: a new typed
   * array with one number for each entry of the leading dimensions.
   * @throws PathSignatureRangeError WORD_INVALID
   */
  at(label: Bracket | readonly number[] | string): ArrayOf[T];
}

/** {@link LogSignature} or {@link LogSignatures}, by what options and the paths' type say. */
export type LogSignatureOf<
  T extends DType = DType,
  Stream extends boolean = boolean,
  Batched extends boolean = boolean,
> = OneOrMany<LogSignature<T>, LogSignatures<T>, Stream, Batched>;

/** The result of a call. Only the library constructs it. */
export class LogSignatureTensor<T extends DType> implements LogSignatureRows<T> {
  readonly data: ArrayOf[T];
  readonly shape: readonly number[];
  readonly dtype: T;
  readonly channels: number;
  readonly depth: number;
  readonly basis: LogSignatureBasis;
  readonly stream: boolean;
  readonly counts: Uint32Array | undefined;
  #labels: readonly LogSignatureLabel[] | undefined;
  /** Index of each label by its text. */
  #indices: Map<string, number> | undefined;

  constructor(
    data: ArrayOf[T],
    shape: readonly number[],
    dtype: DTypeIndex,
    channels: number,
    depth: number,
    basis: LogSignatureBasis,
    stream: boolean,
    counts?: Uint32Array,
  ) {
    this.data = data;
    this.shape = shape;
    this.dtype = (dtype === FLOAT32 ? "float32" : "float64") as T;
    this.channels = channels;
    this.depth = depth;
    this.basis = basis;
    this.stream = stream;
    this.counts = counts;
  }

  get labels(): readonly LogSignatureLabel[] {
    this.#labels ??= labelsOf(this.channels, this.depth, this.basis);
    return this.#labels;
  }

  level(k: number): LevelView<T> {
    const { data, shape, dtype, channels, depth, basis } = this;
    if (!Number.isInteger(k) || k < 1 || k > depth)
      throw rangeError("LEVEL_INVALID", "level", describe(k), `a whole number from 1 to ${depth}`);
    const offset = k === 1 ? 0 : countCoordinates(channels, k - 1, basis);
    const count = countCoordinates(channels, k, basis) - offset;
    return levelView(data, shape, basis === "expanded" ? new Array(k).fill(channels) : [count], offset, dtype);
  }

  /** A number for a single row. */
  at(label: Bracket | readonly number[] | string): number & ArrayOf[T] {
    const { basis, labels } = this;
    this.#indices ??= new Map(labels.map(({ text }, i) => [text, i]));
    const isBracket = basis === "lyndon" || basis === "hall";
    const isText = typeof label === "string";
    const text = isText ? label : Array.isArray(label) || isBracket ? textOf(label as Bracket, isBracket) : "";
    const index = this.#indices.get(text);
    if (index === undefined) {
      const example = labels[labels.length - 1] as LogSignatureLabel;
      const such = isText ? example.text : (example.bracket ?? example.word);
      const accepted = `a label of the basis "${basis}", such as ${JSON.stringify(such)}`;
      throw rangeError("WORD_INVALID", "label", text === "" ? describe(label) : clip(JSON.stringify(label)), accepted);
    }
    return valuesAt(this, index) as number & ArrayOf[T];
  }
}
