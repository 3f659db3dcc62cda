// One of the two sets of paths of a call of signature kernels.

import { allocateNumbers, copyIn, type DTypeIndex, firstNonFinite, type Numbers } from "../input/arrays.ts";
import { notFinite } from "../input/finite.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import type { ReadStaticKernel } from "./signature-kernel-static.ts";

/** One of the two sets of paths. */
export class Side {
  readonly name: "x" | "y";
  readonly paths: ReadPaths;
  readonly lengths: Uint32Array | undefined;
  readonly #dtype: DTypeIndex;
  /** A path with its augmentations. */
  #made: Numbers | undefined;
  #order: Uint32Array | undefined;
  #bounds: { readonly of: ReadStaticKernel; readonly each: Float64Array; readonly most: number } | undefined;

  constructor(name: "x" | "y", paths: ReadPaths, lengths: Uint32Array | undefined, dtype: DTypeIndex) {
    this.name = name;
    this.paths = paths;
    this.lengths = lengths;
    this.#dtype = dtype;
  }

  get count(): number {
    return this.paths.batch;
  }

  /** Points of a path. */
  lengthOf(i: number): number {
    return this.lengths === undefined ? this.paths.points : (this.lengths[i] as number);
  }

  /** Index of the first number of a path that is not augmented. */
  #startOf(i: number): number {
    const { starts, points, channels } = this.paths;
    return (starts === undefined ? i * points : (starts[i] as number)) * channels;
  }

  /** Writes the points of a path to `out[at…]`. */
  write(i: number, out: Numbers, at: number): void {
    const { view, kind, channels, augmented } = this.paths;
    const length = this.lengthOf(i);
    if (augmented === undefined) copyIn(view, kind, this.#startOf(i), length * channels, out, at);
    else augmented.write(i, 0, length, out, at);
  }

  /** The numbers of a path, and the index of its first. Those of an augmented one are made. */
  #numbersOf(i: number): readonly [numbers: ArrayLike<number>, first: number] {
    const { view, channels, augmented } = this.paths;
    if (augmented === undefined) return [view as ArrayLike<number>, this.#startOf(i)];
    const count = this.lengthOf(i) * channels;
    if (this.#made === undefined || this.#made.length < count)
      this.#made = allocateNumbers(this.#dtype, count, this.name);
    this.write(i, this.#made, 0);
    return [this.#made, 0];
  }

  /** Points that are there on average. */
  get meanLength(): number {
    const { lengths } = this;
    if (lengths === undefined || lengths.length === 0) return this.paths.points;
    return lengths.reduce((sum, n) => sum + n, 0) / lengths.length;
  }

  /** The paths in the order of their lengths, so that those in lanes are alike. */
  get order(): Uint32Array | undefined {
    const { lengths } = this;
    if (lengths === undefined) return undefined;
    this.#order ??= Uint32Array.from(lengths.keys()).sort(
      (a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b,
    );
    return this.#order;
  }

  /**
   * The largest step of each path in the space of a static kernel; |v| of a cell is at most the
   * product of two. And the largest of all.
   */
  bounds(kernel: ReadStaticKernel): { readonly each: Float64Array; readonly most: number } {
    if (this.#bounds?.of === kernel) return this.#bounds;
    const each = new Float64Array(this.count);
    let most = 0;
    const isThere = this.paths.view.length > 0;
    for (let i = 0; isThere && i < each.length; i++) {
      const bound = Math.sqrt(this.#largestStep(i, kernel));
      // Other numbers are an error, which is found by their kernel.
      if (Number.isFinite(bound)) each[i] = bound;
      if ((each[i] as number) > most) most = each[i] as number;
    }
    this.#bounds = { of: kernel, each, most };
    return this.#bounds;
  }

  /** The largest k(p, p) − 2 k(p, q) + k(q, q) of consecutive points p and q of a path. */
  #largestStep(i: number, kernel: ReadStaticKernel): number {
    const { channels } = this.paths;
    const [view, first] = this.#numbersOf(i);
    const end = first + (this.lengthOf(i) - 1) * channels;
    const { isLinear, isRadial, value } = kernel;
    let largest = 0;
    for (let at = first; at < end; at += channels) {
      let [pp, pq, qq, rr] = [0, 0, 0, 0];
      for (let c = at; c < at + channels; c++) {
        const [p, q] = [Number(view[c]), Number(view[c + channels])];
        rr += (q - p) * (q - p);
        if (isLinear || isRadial) continue;
        pp += p * p;
        pq += p * q;
        qq += q * q;
      }
      const step = isLinear ? rr : isRadial ? 2 * (value(0) - value(rr)) : value(pp) - 2 * value(pq) + value(qq);
      // NaN, too.
      if (!(step <= largest)) largest = step;
    }
    return isLinear ? value(largest) : largest;
  }

  /** Checks whether all numbers that were given are finite, in parts of `numbers`. */
  *checks(dtype: DTypeIndex, numbers: number): Generator<void> {
    const { augmented } = this.paths;
    const source = augmented?.source;
    const { view, kind, channels } = source?.raw.paths ?? this.paths;
    for (let i = 0, left = numbers; i < this.count; i++) {
      const [start, end] = source
        ? source.bounds(i).map((point) => point * channels)
        : [this.#startOf(i), this.#startOf(i) + this.lengthOf(i) * channels];
      for (let at = start as number; at < (end as number); ) {
        const part = source?.isMasked ? 1 : Math.min((end as number) - at, left);
        const found = source?.isUsed(at) === false ? -1 : firstNonFinite(view, kind, dtype, at, part);
        if (found >= 0) {
          const point = Math.floor((found - (start as number)) / channels);
          const channel = (found - (start as number)) % channels;
          throw notFinite(this.name, Number(view[found]), { path: i, point, channel });
        }
        at += part;
        left -= part;
        if (left > 0) continue;
        yield;
        left = numbers;
      }
    }
  }
}
