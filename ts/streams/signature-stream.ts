// `createSignatureStream`: the signature of data that keeps arriving, of all of it or of a window.

import { allocateNumbers, type DType, type DTypeIndex } from "../input/arrays.ts";
import { describe, failure, rangeError } from "../input/errors.ts";
import { checkedSize } from "../input/size.ts";
import { type Signature, SignatureTensor } from "../input/tensor.ts";
import { SIGNATURE } from "../operations/signature.ts";
import { COMBINE } from "../run/product.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { Growing } from "./growing.ts";
import { LiveAugment } from "./live-augment.ts";
import { type ReadStreamOptions, readStreamOptions, type SignatureStreamOptions } from "./options.ts";
import { PointReader, type StreamPoints } from "./points.ts";
import { read, write } from "./snapshot.ts";
import { WindowQueue } from "./window-queue.ts";

/**
 * The signature of points that arrive one after the other. The segment that joins two calls of
 * `push` is never lost. Created by `createSignatureStream`.
 *
 * @typeParam T - number type of the results.
 */
export interface SignatureStream<T extends DType = DType> {
  /** d, the number of channels of a point that is pushed. */
  readonly channels: number;
  /** N, the level at which signatures are truncated. */
  readonly depth: number;
  /** Number of points that were pushed; with a window of those in it. */
  readonly length: number;
  /**
   * Appends a point, or several: the numbers of one, a typed array of several one after the other,
   * or an array of points. All are appended, or after an error none.
   * @throws PathSignatureError PATHS_TYPE, SHAPE_MISMATCH, RAGGED_ROW, ELEMENT_TYPE, NOT_FINITE,
   *   STREAM_CLOSED
   */
  push(points: StreamPoints): this;
  /**
   * Drops the first points, `count` of them (default 1). Only with a `window`, which may be
   * `Infinity`.
   * @throws PathSignatureError POP_RANGE, STREAM_CLOSED
   */
  popFront(count?: number): this;
  /**
   * The signature of the points, of shape (size). Its numbers are valid until the next call of
   * `value`. Fewer than two points (one with a basepoint) have the identity: zeros.
   * @throws PathSignatureError STREAM_CLOSED
   */
  value(): Signature<T>;
  /** The same with numbers of its own. */
  copy(): Signature<T>;
  /**
   * The state as bytes, from which `restoreSignatureStream` continues with the same results, to the
   * bit.
   */
  snapshot(): Uint8Array;
  /** Frees the stream's memory. Further calls throw STREAM_CLOSED. May be called again. */
  [Symbol.dispose](): void;
}

/** The type of `createSignatureStream`. */
export interface CreateSignatureStreamFunction {
  /**
   * Creates a stream: the signature of data that keeps arriving, of all of it or of the last
   * points. It takes points of shape (channels) and gives signatures of shape (size). Synchronous,
   * on the calling thread.
   *
   * A point costs one step of Horner's scheme. With a window also, in the mean, another step and a
   * product: signatures from each point to the middle of the window are computed once for each pass
   * of the window, those after it grow, and the two are multiplied. No inverse is taken, so no
   * error outlives a window.
   *
   * @param options - `channels` and `depth`, and the optional {@link SignatureStreamOptions}.
   * @returns An open stream. Its memory is freed by `[Symbol.dispose]`, or some time after the last
   *   reference to it is gone.
   * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, CHANNELS_INVALID, DEPTH_INVALID,
   *   SIZE_TOO_LARGE, BASEPOINT_TYPE, BASEPOINT_SHAPE, NOT_FINITE, DTYPE_INVALID, WINDOW_INVALID,
   *   AUGMENT_TYPE, AUGMENT_RANGE, OUT_OF_MEMORY
   *
   * @example
   * using stream = createSignatureStream({ channels: 2, depth: 3, window: 100 });
   * for await (const [x, y] of sensor) model.predict(stream.push([x, y]).value().data);
   */
  <T extends DType = "float64">(options: SignatureStreamOptions<T>): SignatureStream<T>;
}

/** The type of `restoreSignatureStream`. */
export interface RestoreSignatureStreamFunction {
  /**
   * Continues a stream from the bytes that `snapshot` returned, here or on another machine: it
   * takes the next points, of shape (channels).
   *
   * @param bytes - a snapshot, complete and unchanged.
   * @throws PathSignatureError SNAPSHOT_TYPE, SNAPSHOT_INVALID, OUT_OF_MEMORY
   *
   * @example
   * const stream = restoreSignatureStream(await readFile("stream.bin"));
   */
  (bytes: Uint8Array | ArrayBuffer): SignatureStream;
}

/** The error for a stream that was disposed of. */
export const streamClosed = (): Error =>
  failure("STREAM_CLOSED", "stream", "a stream that was disposed of", "an open stream");

/** Signature of the straight line from `from` to `to`: v^⊗k / k! on level k. */
function lineSignature(from: Float64Array, to: Float64Array, depth: number, size: number): Float64Array {
  const d = from.length;
  const v = from.map((x, i) => (to[i] as number) - x);
  const line = new Float64Array(size);
  line.set(v);
  for (let k = 2, before = 0, at = d; k <= depth; k++) {
    const count = at - before;
    for (let i = 0; i < count; i++)
      for (let j = 0; j < d; j++) line[at + i * d + j] = ((line[before + i] as number) * (v[j] as number)) / k;
    before = at;
    at += count * d;
  }
  return line;
}

class Stream implements SignatureStream {
  readonly channels: number;
  readonly depth: number;
  readonly #options: ReadStreamOptions;
  readonly #reader: PointReader;
  /** One of the two. */
  readonly #growing: Growing | undefined;
  readonly #queue: WindowQueue | undefined;
  readonly #value: SignatureTensor<DType>;
  /** The path so far and the end that it would have now, where augmentations add one. */
  readonly #ended: Growing | undefined;
  #length = 0;
  /** Points after augmentations that `#growing` has. */
  #grown = 0;
  #isClosed = false;

  constructor(runtime: Runtime, options: ReadStreamOptions) {
    const { given, channels, depth, size, window, basepoint, augment } = options;
    this.#options = options;
    this.channels = given;
    this.depth = depth;
    this.#reader = new PointReader(given);
    const instance = runtime.instance();
    if (augment?.hasTail && window === 0) this.#ended = new Growing(instance, SIGNATURE, channels, depth, size, 1);
    if (window === 0) {
      this.#growing = new Growing(instance, SIGNATURE, channels, depth, size, 1);
      if (basepoint) this.#growing.start(basepoint);
    } else this.#queue = new WindowQueue(instance, { signature: SIGNATURE, combine: COMBINE }, channels, depth, size);
    this.#value = this.#tensor();
  }

  get length(): number {
    return this.#length;
  }

  push(points: StreamPoints): this {
    this.#check();
    const count = this.#reader.read(points);
    const { augment, channels } = this.#options;
    const numbers = augment ? augment.push(this.#reader.numbers, count) : this.#reader.numbers;
    const made = augment ? numbers.length / channels : count;
    if (this.#growing) this.#grow(this.#growing, numbers, made, count);
    else this.#slide(this.#queue as WindowQueue, numbers, made, count);
    return this;
  }

  #grow(growing: Growing, numbers: Float64Array, count: number, given: number): void {
    const { channels: d, basepoint } = this.#options;
    const isFirst = this.#grown === 0 && !basepoint && count > 0;
    if (isFirst) growing.start(numbers.subarray(0, d));
    if (count > (isFirst ? 1 : 0)) growing.append(isFirst ? numbers.subarray(d) : numbers, count - (isFirst ? 1 : 0));
    this.#grown += count;
    this.#length += given;
  }

  /** Appends `count` points, which `given` ones have become, and drops those before the window. */
  #slide(queue: WindowQueue, numbers: Float64Array, count: number, given: number): void {
    const { window, channels } = this.#options;
    if (given >= window) {
      const last = this.#pointsOf(window);
      queue.pop(queue.length);
      if (last > 0) queue.push(numbers.subarray((count - last) * channels), last);
      this.#length = window;
      return;
    }
    if (count > 0) queue.push(numbers, count);
    this.#length += given;
    this.#pop(queue, Math.max(0, this.#length - window));
  }

  /** Points that n given ones have become. */
  #pointsOf(n: number): number {
    return this.#options.augment?.pointsOf(n) ?? n;
  }

  /** Drops given points, and what they have become. */
  #pop(queue: WindowQueue, count: number): void {
    const left = this.#length - count;
    const excess = queue.length - (left === 0 ? 0 : this.#pointsOf(left));
    if (excess > 0) queue.pop(excess);
    this.#length = left;
    if (left === 0) this.#options.augment?.reset();
  }

  popFront(count = 1): this {
    this.#check();
    const { length } = this;
    const most = this.#queue ? length : 0;
    if (!Number.isInteger(count) || count < 0 || count > most) {
      const hint = this.#queue ? "" : ": a stream keeps its points if it has a `window`, which may be Infinity";
      throw rangeError("POP_RANGE", "count", describe(count), `a whole number from 0 to ${most}${hint}`);
    }
    if (this.#queue) this.#pop(this.#queue, count);
    return this;
  }

  value(): Signature {
    this.#check();
    this.#read(this.#value.data);
    return this.#value;
  }

  copy(): Signature {
    this.#check();
    const tensor = this.#tensor();
    this.#read(tensor.data);
    return tensor;
  }

  #read(to: Float32Array | Float64Array): void {
    if (this.#growing) {
      (this.#ended ? this.#end(this.#ended, this.#growing) : this.#growing).read(to);
      return;
    }
    const { basepoint, depth, size, channels } = this.#options;
    const queue = this.#queue as WindowQueue;
    const start =
      basepoint && queue.length > 0
        ? lineSignature(basepoint, queue.points.subarray(0, channels), depth, size)
        : undefined;
    queue.read(to, start);
  }

  /** Goes on from the path so far to the end that it would have now. */
  #end(ended: Growing, growing: Growing): Growing {
    const { augment, channels: d } = this.#options;
    const tail = this.#length === 0 ? new Float64Array(0) : (augment as LiveAugment).tail();
    if (tail.length === 0) return growing;
    const isFirst = this.#grown === 0;
    if (isFirst) ended.start(tail.subarray(0, d));
    else ended.start(growing.last, growing.state);
    const rest = isFirst ? tail.subarray(d) : tail;
    if (rest.length > 0) ended.append(rest, rest.length / d);
    return ended;
  }

  #tensor(): SignatureTensor<DType> {
    const { dtype, size, channels, depth, augment } = this.#options;
    return new SignatureTensor(
      allocateNumbers(dtype, size, "options.depth"),
      [size],
      dtype,
      channels,
      depth,
      false,
      false,
      augment?.names,
    );
  }

  snapshot(): Uint8Array {
    this.#check();
    const { given, channels, depth, dtype, window, basepoint, augment } = this.#options;
    const queue = this.#queue;
    const back = (this.#growing ?? queue?.back) as Growing;
    const isEmpty = (queue?.length ?? this.#grown) === 0;
    return write({
      ...{ given, channels, depth, dtype, window, basepoint, length: this.length },
      augment: augment && { list: augment.list, state: augment.state },
      middle: queue && !isEmpty ? queue.middle : 0,
      points: isEmpty ? new Float64Array(0) : (queue?.points ?? back.last),
      state: isEmpty ? new Float64Array(this.#options.size) : back.state,
    });
  }

  /** Takes over the state of a snapshot. */
  restore(length: number, points: Float64Array, middle: number, state: Float64Array): void {
    this.#length = length;
    if (points.length === 0) return;
    this.#grown = this.#pointsOf(length);
    if (this.#growing) this.#growing.start(points, state);
    else this.#queue?.restore(points, middle, state);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#growing?.release();
    this.#ended?.release();
    this.#queue?.release();
  }

  #check(): void {
    if (this.#isClosed) throw streamClosed();
  }
}

/** Makes `createSignatureStream` for a runtime. Pure: nothing is loaded before the first call. */
export const bindCreateSignatureStream = (runtime: Runtime): CreateSignatureStreamFunction =>
  ((options: unknown) => new Stream(runtime, readStreamOptions(options, true, 1))) as CreateSignatureStreamFunction;

/** Makes `restoreSignatureStream` for a runtime. */
export const bindRestoreSignatureStream =
  (runtime: Runtime): RestoreSignatureStreamFunction =>
  (bytes) => {
    const { given, channels, depth, dtype, window, basepoint, augment, length, points, middle, state } = read(
      bytes,
      checkedSize,
    );
    const live = augment && new LiveAugment(augment.list, given, 1, window > 0);
    if (live && (live.channels !== channels || !live.restore(augment.state)))
      throw failure("SNAPSHOT_INVALID", "bytes", "augmentations of another state", "a complete snapshot of a stream");
    const size = checkedSize(channels, depth);
    const options = { given, channels, depth, size, window, basepoint, augment: live, dtype: dtype as DTypeIndex };
    const stream = new Stream(runtime, options);
    stream.restore(length, points, middle, state);
    return stream;
  };
