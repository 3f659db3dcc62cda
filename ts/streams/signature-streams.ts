// `createSignatureStreams`: many streams that get their points together, in the lanes of vectors.

import { allocateNumbers, type DType } from "../input/arrays.ts";
import { countOf, describe, rangeError } from "../input/errors.ts";
import { type Signatures, SignatureTensor } from "../input/tensor.ts";
import { SIGNATURE } from "../operations/signature.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { Growing } from "./growing.ts";
import { GrowingTogether } from "./growing-together.ts";
import type { LiveAugment } from "./live-augment.ts";
import { type ReadStreamOptions, readStreamOptions, type SignatureStreamsOptions } from "./options.ts";
import { PointReader, type StreamPoints } from "./points.ts";
import { streamClosed } from "./signature-stream.ts";

/**
 * Signatures of many paths that grow together, a point each at a time. Created by
 * `createSignatureStreams`.
 */
export interface SignatureStreams<T extends DType = DType> {
  /** Number of streams. */
  readonly count: number;
  readonly channels: number;
  readonly depth: number;
  /** Number of points that each stream has got. */
  readonly length: number;
  /**
   * Appends a point to each stream: (count, channels) numbers, flat or nested. All are appended, or
   * after an error none.
   * @throws PathSignatureError PATHS_TYPE, SHAPE_MISMATCH, RAGGED_ROW, ELEMENT_TYPE, NOT_FINITE,
   *   STREAM_CLOSED
   */
  push(points: StreamPoints): this;
  /** The signatures (count, size). The numbers are valid until the next call of `value`. */
  value(): Signatures<T>;
  /** The same with numbers of its own. */
  copy(): Signatures<T>;
  /** Frees the memory. Further calls throw STREAM_CLOSED. May be called again. */
  [Symbol.dispose](): void;
}

/** The type of `createSignatureStreams`. */
export interface CreateSignatureStreamsFunction {
  /**
   * Creates `count` streams that get their points together: one call takes points of shape (count,
   * channels) and appends one to each. Synchronous, on the calling thread.
   *
   * @param count - number of streams, at least 1.
   * @param options - `channels` and `depth`, and the optional {@link SignatureStreamsOptions}.
   * @throws PathSignatureError as `createSignatureStream`, and COUNT_INVALID
   *
   * @example
   * using streams = createSignatureStreams(10_000, { channels: 3, depth: 3 });
   * streams.push(points); // Float64Array of 30 000 numbers
   * streams.value().shape; // [10000, 39]
   */
  <T extends DType = "float64">(count: number, options: SignatureStreamsOptions<T>): SignatureStreams<T>;
}

/** The paths, in lanes or one after the other. */
type Paths = Growing | GrowingTogether;

class Streams implements SignatureStreams {
  readonly count: number;
  readonly channels: number;
  readonly depth: number;
  readonly #options: ReadStreamOptions;
  readonly #reader: PointReader;
  readonly #growing: Paths;
  #value: SignatureTensor<DType> | undefined;
  /** The paths so far and the ends that they would have now, where augmentations add any. */
  readonly #ended: Paths | undefined;
  #length = 0;
  /** Points of each path after augmentations. */
  #grown = 0;
  #isClosed = false;

  constructor(runtime: Runtime, count: number, options: ReadStreamOptions) {
    const { given, channels, depth, size, basepoint, augment } = options;
    this.#options = options;
    this.count = count;
    this.channels = given;
    this.depth = depth;
    this.#reader = new PointReader(given);
    const instance = runtime.instance();
    const growing = () =>
      channels > 1 && depth > 2
        ? new GrowingTogether(instance, channels, depth, size, count)
        : new Growing(instance, SIGNATURE, channels, depth, size, count);
    this.#growing = growing();
    if (augment?.hasTail) this.#ended = growing();
    if (basepoint)
      this.#growing.start(Float64Array.from({ length: count * channels }, (_, i) => basepoint[i % channels] as number));
  }

  get length(): number {
    return this.#length;
  }

  push(points: StreamPoints): this {
    if (this.#isClosed) throw streamClosed();
    const count = this.#reader.read(points);
    const { numbers } = this.#reader;
    if (count !== this.count)
      throw rangeError("SHAPE_MISMATCH", "points", countOf(count, "point"), `${this.count}, one for each stream`);
    const { augment } = this.#options;
    const grown = this.#grown;
    const state = augment?.state;
    try {
      if (augment === undefined) this.#append(this.#growing, numbers);
      else for (const row of this.#rowsOf(augment.push(numbers, 1))) this.#append(this.#growing, row);
    } catch (error) {
      // A fault of the library. The kernel has written nothing.
      if (state) augment?.restore(state);
      this.#grown = grown;
      throw error;
    }
    this.#length += 1;
    return this;
  }

  /** Points of all streams, one after the other. */
  *#rowsOf(points: Float64Array): Generator<Float64Array> {
    const width = this.count * this.#options.channels;
    for (let at = 0; at < points.length; at += width) yield points.subarray(at, at + width);
  }

  #append(growing: Paths, numbers: Float64Array): void {
    if (this.#grown === 0 && !this.#options.basepoint) growing.start(numbers);
    else growing.append(numbers, 1);
    this.#grown += 1;
  }

  value(): Signatures {
    this.#value ??= this.#tensor();
    return this.#read(this.#value);
  }

  copy(): Signatures {
    return this.#read(this.#tensor());
  }

  #read(tensor: SignatureTensor<DType>): SignatureTensor<DType> {
    if (this.#isClosed) throw streamClosed();
    (this.#ended ? this.#end(this.#ended) : this.#growing).read(tensor.data);
    return tensor;
  }

  /** Goes on from the paths so far to the ends that they would have now. */
  #end(ended: Paths): Paths {
    const { augment } = this.#options;
    const tail = this.#length === 0 ? new Float64Array(0) : (augment as LiveAugment).tail();
    if (tail.length === 0) return this.#growing;
    const grown = this.#grown;
    if (grown > 0) ended.start(this.#growing.last, this.#growing.state);
    try {
      for (const row of this.#rowsOf(tail)) this.#append(ended, row);
    } finally {
      this.#grown = grown;
    }
    return ended;
  }

  #tensor(): SignatureTensor<DType> {
    const { dtype, size, channels, depth, augment } = this.#options;
    const numbers = allocateNumbers(dtype, this.count * size, "count");
    return new SignatureTensor(numbers, [this.count, size], dtype, channels, depth, false, false, augment?.names);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#growing.release();
    this.#ended?.release();
  }
}

/** Makes `createSignatureStreams` for a runtime. Pure: nothing is loaded before the first call. */
export const bindCreateSignatureStreams = (runtime: Runtime): CreateSignatureStreamsFunction =>
  ((count: unknown, options: unknown) => {
    if (!Number.isInteger(count) || (count as number) < 1)
      throw rangeError("COUNT_INVALID", "count", describe(count), "a whole number from 1 on");
    return new Streams(runtime, count as number, readStreamOptions(options, false, count as number));
  }) as CreateSignatureStreamsFunction;
