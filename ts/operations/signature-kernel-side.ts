// One of the two sets of paths of a call of signature kernels.

import { type DTypeIndex, firstNonFinite } from "../input/arrays.ts";
import { notFinite } from "../input/finite.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import type { ReadStaticKernel } from "./signature-kernel-static.ts";

/** One of the two sets of paths. */
export class Side {
  readonly name: "x" | "y";
  readonly paths: ReadPaths;
  readonly lengths: Uint32Array | undefined;
  #order: Uint32Array | undefined;
  #bounds: { readonly of: ReadStaticKernel; readonly each: Float64Array; readonly most: number } | undefined;

  constructor(name: "x" | "y", paths: ReadPaths, lengths: Uint32Array | undefined) {
    this.name = name;
    this.paths = paths;
    this.lengths = lengths;
  }

  get count(): number {
    return this.paths.batch;
  }

  /** Points of a path, and the index of its first number. */
  lengthOf(i: number): number {
    return this.lengths === undefined ? this.paths.points : (this.lengths[i] as number);
  }
  startOf(i: number): number {
    const { starts, points, channels } = this.paths;
    return (starts === undefined ? i * points : (starts[i] as number)) * channels;
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
    const view = this.paths.view as ArrayLike<number>;
    const [first, end] = [this.startOf(i), this.startOf(i) + (this.lengthOf(i) - 1) * channels];
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

  /** Checks whether all numbers are finite, in parts of `numbers`. */
  *checks(dtype: DTypeIndex, numbers: number): Generator<void> {
    const { paths } = this;
    for (let i = 0, left = numbers; i < this.count; i++) {
      const [start, end] = [this.startOf(i), this.startOf(i) + this.lengthOf(i) * paths.channels];
      for (let at = start; at < end; ) {
        const part = Math.min(end - at, left);
        const found = firstNonFinite(paths.view, paths.kind, dtype, at, part);
        if (found >= 0) {
          const point = Math.floor((found - start) / paths.channels);
          const channel = (found - start) % paths.channels;
          throw notFinite(this.name, Number(paths.view[found]), { path: i, point, channel });
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
