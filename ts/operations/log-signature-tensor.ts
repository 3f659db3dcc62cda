// The result of `logSignature`: numbers with a shape, and views by level and by label. Computes
// nothing.

import type { ArrayOf, DType, DTypeIndex } from "../input/arrays.ts";
import { FLOAT32 } from "../input/arrays.ts";
import { describe, rangeError } from "../input/errors.ts";
import { type Coefficients, type LevelView, levelView, type ResultOfPaths, valuesAt } from "../input/tensor.ts";
import {
  type Bracket,
  countCoordinates,
  type LogSignatureBasis,
  type LogSignatureLabel,
  labelsOf,
  textOf,
} from "./log-signature-labels.ts";

/**
 * Log-signatures of a path or of a batch of paths, truncated at `depth`.
 *
 * `data` is row-major. The last dimension holds the coordinates of one log-signature, in the order
 * of `labels`: level by level from the first.
 *
 * @typeParam T - number type of `data`.
 * @typeParam Stream - whether it holds the log-signature of every prefix of a path.
 * @typeParam Batched - whether it holds more than a single path (`boolean` if the types cannot
 *   know).
 */
export interface LogSignature<
  T extends DType = DType,
  Stream extends boolean = boolean,
  Batched extends boolean = boolean,
> extends ResultOfPaths<T, Stream> {
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
  /**
   * The coordinate of a word or bracket, letters from 0 on, or of the text of a label. A number for
   * a single log-signature, else a new typed array with one number for each entry of the leading
   * dimensions.
   * @throws PathSignatureRangeError WORD_INVALID
   */
  at(label: Bracket | readonly number[] | string): Coefficients<T, Stream, Batched>;
}

/** The result of a call. Only the library constructs it. */
export class LogSignatureTensor<T extends DType, Stream extends boolean, Batched extends boolean>
  implements LogSignature<T, Stream, Batched>
{
  readonly data: ArrayOf[T];
  readonly shape: readonly number[];
  readonly dtype: T;
  readonly channels: number;
  readonly depth: number;
  readonly basis: LogSignatureBasis;
  readonly stream: Stream;
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
    this.stream = stream as Stream;
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

  at(label: Bracket | readonly number[] | string): Coefficients<T, Stream, Batched> {
    const { basis, labels } = this;
    this.#indices ??= new Map(labels.map(({ text }, i) => [text, i]));
    const isBracket = basis === "lyndon" || basis === "hall";
    const isText = typeof label === "string";
    const text = isText ? label : Array.isArray(label) || isBracket ? textOf(label as Bracket, isBracket) : "";
    const index = this.#indices.get(text);
    if (index === undefined) {
      const example = labels[labels.length - 1] as LogSignatureLabel;
      const accepted = `a label of the basis "${basis}", such as ${JSON.stringify(example.bracket ?? example.word)}`;
      throw rangeError("WORD_INVALID", "label", isText ? describe(label) : text || describe(label), accepted);
    }
    return valuesAt(this, index) as Coefficients<T, Stream, Batched>;
  }
}
