// Destinations of outputs: an array of all rows, or the sum of rows if all paths share the input of
// which it is the gradient.

import { allocateNumbers, copyOut, type DTypeIndex, type Numbers } from "../input/arrays.ts";
import type { Sink } from "./operation.ts";

/**
 * A result of at most this many numbers is created by `slice` when it arrives, which is faster than
 * allocation and copy.
 */
export const mostSliced = 1024;

/** Contiguous rows of `width` numbers. */
export class ArraySink implements Sink {
  readonly #dtype: DTypeIndex;
  readonly #width: number;
  readonly #rows: number;
  /** Index of its first row. */
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

  /** Allocated on first use: results may stay on a device. */
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
 * The sum of the rows of all paths, in float64. Rows are added in the order of the paths, so that
 * the bits do not depend on threads.
 */
export class SumSink implements Sink {
  readonly #width: number;
  readonly #sum: Float64Array;
  /** The next path to add, and rows that arrived early, by their first path. */
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

  /** The sum, converted to a number type. */
  as(dtype: DTypeIndex): Numbers {
    return dtype === 0 ? Float32Array.from(this.#sum) : this.#sum;
  }
}
