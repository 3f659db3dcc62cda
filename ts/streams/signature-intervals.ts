// `createSignatureIntervals`: the signature of any interval of a long path, without walking it.
//
// Not here: what is kept of the path (interval-table.ts, interval-ends.ts).

import { allocateNumbers, type DType, type DTypeIndex, firstNonFinite, type Numbers } from "../input/arrays.ts";
import { countOf, describe, failure, rangeError, typeError } from "../input/errors.ts";
import { notFinite } from "../input/finite.ts";
import { type OptionName, type ReadOptions, readOptions } from "../input/options.ts";
import { type Paths, readPaths } from "../input/paths.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import { describeShape, lengthOfList } from "../input/shape.ts";
import { sizeInRange } from "../input/size.ts";
import { type Signatures, SignatureTensor } from "../input/tensor.ts";
import type { DTypeOf } from "../input/types.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { IntervalEnds } from "./interval-ends.ts";
import { IntervalTable } from "./interval-table.ts";

/** Options of `createSignatureIntervals`. Unknown options are rejected. */
export interface SignatureIntervalsOptions<T extends DType = DType> {
  /**
   * N, the level at which signatures are truncated: a whole number, at least 1.
   *
   * @example depth: 3
   */
  readonly depth: number;
  /**
   * Number type of computation and results. Default: float32 if the path is, else float64.
   *
   * @example dtype: "float64"
   */
  readonly dtype?: T | undefined;
  /**
   * Whether channels precede points: "channels-first". Default "channels-last".
   *
   * @example layout: "channels-first"
   */
  readonly layout?: "channels-last" | "channels-first" | undefined;
}

/** Intervals [from, to) of points: pairs, or their numbers one after the other. */
export type Intervals = readonly (readonly [number, number])[] | Int32Array | Uint32Array | Float64Array;

/** Signatures of intervals of a path. Created by `createSignatureIntervals`. */
export interface SignatureIntervals<T extends DType = DType> {
  readonly channels: number;
  readonly depth: number;
  /** Number of points of the path. */
  readonly length: number;
  /**
   * The signatures of the points [from, to) of each interval, (intervals, size).
   * @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE, STREAM_CLOSED
   */
  query(intervals: Intervals): Signatures<T>;
  /** Frees the memory. Further calls throw STREAM_CLOSED. May be called again. */
  [Symbol.dispose](): void;
}

/** The type of `createSignatureIntervals`. */
export interface CreateSignatureIntervalsFunction {
  /**
   * Prepares a path for signatures of intervals of it, of shape (length, channels) to (intervals,
   * size): a query takes about as long as 128 steps and five products, however long its interval.
   * Preparing takes about three signatures of the path, and memory for one each 20 points.
   * Results differ from `signature` with `windows` by rounding. Synchronous, on the calling thread.
   *
   * @param path - one path, (length, channels), in any form that `signature` takes. It is copied.
   * @param options - `depth`, and the optional {@link SignatureIntervalsOptions}.
   * @throws PathSignatureError as `signature`; PATHS_RANK for a batch
   *
   * @example
   * using intervals = createSignatureIntervals(path, { depth: 3 });
   * intervals.query([[0, 1000], [250, 90_000]]).shape; // [2, 39] for 3 channels
   */
  <P extends Paths, T extends DType = DTypeOf<P>>(
    path: P,
    options: SignatureIntervalsOptions<T>,
  ): SignatureIntervals<T>;
}

/** A path that is prepared. */
interface Prepared {
  /** Writes the signatures of intervals from points a to points e, given as a, e + 1 of each. */
  query(bounds: Float64Array, out: Numbers): void;
  release?(): void;
}

class IntervalsOfPath implements SignatureIntervals {
  readonly channels: number;
  readonly depth: number;
  readonly length: number;
  readonly #dtype: DTypeIndex;
  readonly #size: number;
  readonly #prepared: Prepared;
  #isClosed = false;

  constructor(instance: Instance, path: ReadPaths, dtype: DTypeIndex, depth: number, size: number) {
    const { points, channels } = path;
    this.channels = channels;
    this.depth = depth;
    this.length = points;
    this.#dtype = dtype;
    this.#size = size;
    const check = () => checkFinite(path, dtype);
    if (channels > 1 && depth > 1) this.#prepared = new IntervalTable(instance, path, dtype, depth, size, check);
    else {
      check();
      this.#prepared = new IntervalEnds(path, dtype, size);
    }
  }

  query(intervals: Intervals): Signatures {
    if (this.#isClosed)
      throw failure("STREAM_CLOSED", "intervals", "signatures of intervals that were disposed of", "open ones");
    const bounds = readIntervals(intervals, this.length);
    const count = bounds.length / 2;
    const out = allocateNumbers(this.#dtype, count * this.#size, "intervals");
    this.#prepared.query(bounds, out);
    const { channels, depth } = this;
    return new SignatureTensor(out, [count, this.#size], this.#dtype, channels, depth, false, false, undefined);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#prepared.release?.();
  }
}

/** @throws PathSignatureError NOT_FINITE, NOT_REPRESENTABLE */
function checkFinite({ view, kind, points, channels }: ReadPaths, dtype: DTypeIndex): void {
  const found = firstNonFinite(view, kind, dtype, 0, points * channels);
  if (found < 0) return;
  const position = { point: Math.floor(found / channels), channel: found % channels };
  throw notFinite("path", Number(view[found]), position);
}

/** @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE */
function readIntervals(given: unknown, points: number): Float64Array {
  const length = lengthOfList(given);
  if (length < 0 || length === 0)
    throw typeError("WINDOWS_TYPE", "intervals", describe(given), "intervals [[from, to], …], one or more");
  const isFlat = ArrayBuffer.isView(given);
  if (isFlat && length % 2 !== 0)
    throw rangeError("WINDOWS_RANGE", "intervals", countOf(length, "number"), "two numbers for each interval");
  const bounds = new Float64Array(isFlat ? length : 2 * length);
  for (let i = 0; i < bounds.length / 2; i++) {
    const one = isFlat ? undefined : (given as readonly unknown[])[i];
    const isPair = isFlat || (Array.isArray(one) && one.length === 2);
    const [from, to] = (
      isFlat ? [(given as Float64Array)[2 * i], (given as Float64Array)[2 * i + 1]] : isPair ? one : []
    ) as [unknown, unknown];
    const isWhole = Number.isInteger(from) && Number.isInteger(to);
    if (!isWhole || (from as number) < 0 || (to as number) <= (from as number) || (to as number) > points) {
      const what = isPair ? `[${describe(from)}, ${describe(to)}]` : describe(one);
      const accepted = `[from, to] with 0 ≤ from < to ≤ ${points}, whole numbers`;
      throw rangeError("WINDOWS_RANGE", `intervals[${i}]`, what, accepted);
    }
    bounds[2 * i] = from as number;
    bounds[2 * i + 1] = to as number;
  }
  return bounds;
}

const names: readonly OptionName[] = ["depth", "dtype", "layout"];

/** Makes `createSignatureIntervals` for a runtime. Pure: nothing is loaded before a call. */
export const bindCreateSignatureIntervals = (runtime: Runtime): CreateSignatureIntervalsFunction =>
  ((given: unknown, options: unknown) => {
    const read: ReadOptions = readOptions(options, undefined, names);
    const path = readPaths(given, read.layout, "path");
    const { lead, channels } = path;
    if (lead.length > 0)
      throw typeError("PATHS_RANK", "path", `a batch of shape ${describeShape(lead)}`, "one path, (length, channels)");
    const dtype = read.dtype === -1 ? path.dtype : read.dtype;
    const size = sizeInRange(channels, read.depth, "options.depth");
    return new IntervalsOfPath(runtime.instance(), path, dtype, read.depth, size);
  }) as unknown as CreateSignatureIntervalsFunction;
