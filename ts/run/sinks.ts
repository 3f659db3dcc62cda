// Where outputs go: an array with all rows, or the sum of rows where all paths share what the
// gradient is of.

import { allocateNumbers, copyOut, type DTypeIndex, type Numbers } from "../input/arrays.ts";
import type { Sink } from "./operation.ts";

/** A result of at most so many numbers is made when it comes, by `slice`, which is faster than allocation and copy. */
export const mostSliced = 1024;

/** Rows of `width` numbers, one after the other. */
export class ArraySink implements Sink {
  readonly #dtype: DTypeIndex;
  readonly #width: number;
  readonly #rows: number;
  /** The first row that it holds. */
  readonly #first: number;
  /** Whether every number will be written. */
  readonly #isFilled: boolean;
  #data: Numbers | undefined;

  constructor(dtype: DTypeIndex, width: number, rows: number, isFilled: boolean, data?: Numbers, first = 0) {
    this.#dtype = dtype;
    this.#width = width;
    this.#rows = rows;
    this.#isFilled = isFilled;
    this.#data = data;
    this.#first = first;
  }

  /** Allocated when it is first asked for: results may stay on a device. */
  get data(): Numbers {
    this.#data ??= allocateNumbers(this.#dtype, this.#rows * this.#width, "paths", this.#isFilled);
    return this.#data;
  }

  take(heap: Numbers, at: number, row: number, count: number): void {
    const numbers = count * this.#width;
    if (this.#data === undefined && count === this.#rows && numbers <= mostSliced && isOf(heap, this.#dtype))
      this.#data = heap.slice(at, at + numbers);
    else copyOut(heap, at, numbers, this.data, (row - this.#first) * this.#width);
  }
}

const isOf = (heap: Numbers, dtype: DTypeIndex): boolean => heap.BYTES_PER_ELEMENT === 4 << dtype;

/**
 * The sum of the rows of all paths, in float64 and in the order of the paths whatever the order in
 * which rows come, so that no bit depends on threads.
 */
export class SumSink implements Sink {
  readonly #width: number;
  readonly #sum: Float64Array;
  /** The path whose row is added next, and rows that came before their turn, by their first path. */
  #next = 0;
  readonly #early = new Map<number, Numbers>();

  constructor(width: number) {
    this.#width = width;
    this.#sum = new Float64Array(width);
  }

  take(heap: Numbers, at: number, row: number, count: number): void {
    const rows = heap.subarray(at, at + count * this.#width);
    if (row !== this.#next) {
      this.#early.set(row, rows.slice());
      return;
    }
    this.#add(rows);
    for (let early = this.#early.get(this.#next); early !== undefined; early = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#add(early);
    }
  }

  #add(rows: Numbers): void {
    const width = this.#width;
    for (let from = 0; from < rows.length; from += width) {
      for (let j = 0; j < width; j++) (this.#sum[j] as number) += rows[from + j] as number;
    }
    this.#next += rows.length / width;
  }

  /** The sum as numbers of a type. */
  as(dtype: DTypeIndex): Numbers {
    return dtype === 0 ? Float32Array.from(this.#sum) : this.#sum;
  }
}
