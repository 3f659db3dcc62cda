// The points of a batch of paths, one by one and as batches of some of the paths.

import { type DType, FLOAT32, FLOAT64, firstNonFinite, KIND_FLOAT32, KIND_FLOAT64, kindOf } from "../input/arrays.ts";
import type { PointsInput } from "../input/containers.ts";
import { countOf, describe, rangeError, typeError } from "../input/errors.ts";
import { notFinite } from "../input/finite.ts";
import { readLengths } from "../input/lengths.ts";
import { readPaths } from "../input/paths.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import type { FeatureRunOptions } from "./options.ts";
import type { Scales } from "./scales.ts";

/** Numbers that are read before the event loop may run: some milliseconds. */
const numbersAtOnce = 2 ** 20;

/** What is added to a time to have a later one. */
const paddingOf = (time: number): number => Math.max(1, Math.abs(time) * 2 ** -50);

/**
 * Checks that times increase along every path.
 * @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE
 */
function readTimes(times: unknown, points: Points): ((path: number) => ArrayLike<number>) | undefined {
  if (times === undefined) return undefined;
  const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || kindOf(value) !== -1;
  const all = "an array of increasing numbers, or one for each path";
  if (!isList(times)) throw typeError("WINDOWS_TYPE", "options.times", describe(times), all);
  const isShared = !isList(times[0]);
  const of = (path: number) => (isShared ? times : times[path]) as ArrayLike<number>;
  for (let path = 0; path < points.batch; path++) {
    const name = isShared ? "options.times" : `options.times[${path}]`;
    const own = of(path);
    if (!isList(own)) throw typeError("WINDOWS_TYPE", name, describe(own), all);
    const length = points.lengthOf(path);
    if (own.length < length)
      throw rangeError("WINDOWS_RANGE", name, countOf(own.length, "time"), `${length}, one for each point`);
    for (let i = 0; i < length; i++) {
      const [time, before] = [own[i] as number, i === 0 ? Number.NEGATIVE_INFINITY : (own[i - 1] as number)];
      if (!(time > before) || time === Number.POSITIVE_INFINITY)
        throw rangeError("WINDOWS_RANGE", `${name}[${i}]`, describe(time), "a finite number, more than the one before");
    }
    if (isShared && length === points.longest) break;
  }
  return of;
}

export class Points {
  readonly channels: number;
  /** Number of paths. */
  readonly batch: number;
  /** Names of the channels, where the paths have them. */
  readonly names: readonly string[] | undefined;
  /** Points of the longest path. */
  readonly longest: number;
  /** Points of all paths. */
  readonly count: number;
  readonly dtype: DType;
  readonly #paths: ReadPaths;
  readonly #lengths: Uint32Array | undefined;
  /** The times of a path. */
  readonly #times: ((path: number) => ArrayLike<number>) | undefined;

  /**
   * @throws PathSignatureError as `signature` for its paths and their lengths; WINDOWS_TYPE,
   *   WINDOWS_RANGE for times
   */
  constructor(paths: unknown, { layout, lengths, times }: FeatureRunOptions, dtype: DType | null) {
    const read = readPaths(paths, layout);
    this.#paths = read;
    this.#lengths = readLengths(lengths, read);
    this.channels = read.channels;
    this.batch = read.batch;
    this.names = read.names;
    this.dtype = dtype ?? (read.dtype === FLOAT32 ? "float32" : "float64");
    let [longest, count] = [0, 0];
    for (let path = 0; path < read.batch; path++) {
      longest = Math.max(longest, this.lengthOf(path));
      count += this.lengthOf(path);
    }
    this.longest = longest;
    this.count = count;
    this.#times = readTimes(times, this);
  }

  lengthOf(path: number): number {
    return this.#lengths?.[path] ?? this.#paths.points;
  }

  /** Calls `visit` for each number. @throws PathSignatureRangeError NOT_FINITE */
  *each(visit: (x: number, channel: number) => void): Generator<void> {
    let budget = numbersAtOnce;
    for (let path = 0; path < this.batch; path++) {
      const end = this.lengthOf(path) * this.channels;
      const first = this.#startOf(path);
      for (let i = 0, channel = 0; i < end; i++) {
        visit(this.#at(first, path, i), channel);
        channel = channel + 1 === this.channels ? 0 : channel + 1;
        if (--budget > 0) continue;
        yield;
        budget = numbersAtOnce;
      }
    }
  }

  /**
   * Scaled points of paths [from, to), one path after the other: a view of what was given where
   * that is the same.
   */
  scaled(from: number, to: number, { centers, sizes }: Scales): PointsInput {
    const { channels } = this;
    const offsets = new Float64Array(to - from + 1);
    for (let path = from; path < to; path++)
      offsets[path - from + 1] = (offsets[path - from] as number) + this.lengthOf(path);
    if (centers.every((center) => center === 0) && sizes.every((size) => size === 1)) {
      const data = this.#given(from, to, offsets[to - from] as number);
      if (data !== undefined) return { data, offsets, channels: this.names ?? channels };
    }
    const Type = this.dtype === "float32" ? Float32Array : Float64Array;
    const data = new Type((offsets[to - from] as number) * channels);
    for (let path = from, at = 0; path < to; path++) {
      const end = this.lengthOf(path) * channels;
      const first = this.#startOf(path);
      for (let i = 0, channel = 0; i < end; i++, at++) {
        const x = (this.#at(first, path, i) - (centers[channel] as number)) / (sizes[channel] as number);
        data[at] = x;
        if (!Number.isFinite(data[at])) throw notFinite("paths", x, this.#position(path, i));
        channel = channel + 1 === channels ? 0 : channel + 1;
      }
    }
    return { data, offsets, channels: this.names ?? channels };
  }

  /**
   * The points of paths [from, to) as they were given; `undefined` if they are of another type, or
   * have gaps between them.
   */
  #given(from: number, to: number, points: number): Float32Array | Float64Array | undefined {
    const { view, kind } = this.#paths;
    const isSingle = this.dtype === "float32";
    const [own, dtype] = isSingle ? ([KIND_FLOAT32, FLOAT32] as const) : ([KIND_FLOAT64, FLOAT64] as const);
    if (kind !== own || from === to) return undefined;
    const first = this.#startOf(from);
    const count = points * this.channels;
    if (this.#startOf(to - 1) + this.lengthOf(to - 1) * this.channels !== first + count) return undefined;
    const found = firstNonFinite(view, kind, dtype, first, count);
    // With the place of the number in its path, by the general way.
    return found < 0 ? (view as Float32Array | Float64Array).subarray(first, first + count) : undefined;
  }

  /** The times of the same points; `undefined` if none are given. */
  timesOf(from: number, to: number): Float64Array | undefined {
    const times = this.#times;
    if (times === undefined) return undefined;
    let count = 0;
    for (let path = from; path < to; path++) count += this.lengthOf(path);
    const all = new Float64Array(count);
    for (let path = from, at = 0; path < to; path++)
      for (let own = times(path), i = 0; i < this.lengthOf(path); i++) all[at++] = own[i] as number;
    return all;
  }

  /** Times of paths [from, to), flat, padded by later ones; `undefined` if none are given. */
  paddedTimesOf(from: number, to: number, points: number): Float64Array | undefined {
    if (this.#times === undefined) return undefined;
    const all = new Float64Array((to - from) * points);
    for (let path = from; path < to; path++) {
      const own = this.#times(path);
      const length = this.lengthOf(path);
      const last = own[length - 1] as number;
      for (let i = 0; i < points; i++)
        all[(path - from) * points + i] = i < length ? (own[i] as number) : last + (i + 1 - length) * paddingOf(last);
    }
    return all;
  }

  /** Number i of a path whose numbers begin at `first`. */
  #at(first: number, path: number, i: number): number {
    const x = Number(this.#paths.view[first + i]);
    if (x - x !== 0) throw notFinite("paths", x, this.#position(path, i));
    return x;
  }

  #startOf(path: number): number {
    return (this.#paths.starts?.[path] ?? path * this.#paths.points) * this.channels;
  }

  #position(path: number, i: number) {
    return { path, point: Math.floor(i / this.channels), channel: i % this.channels };
  }
}
