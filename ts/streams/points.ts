// Reads the points that are given to a stream.

import type { NumericView } from "../input/arrays.ts";
import { countOf, describe, rangeError, typeError } from "../input/errors.ts";
import { lengthOfList } from "../input/shape.ts";

/** Points: the numbers of one or more, or an array of points. */
export type StreamPoints = ArrayLike<number> | readonly ArrayLike<number>[];

/** Numbers that were read, and how many points they are. Reused from call to call. */
export class PointReader {
  readonly #channels: number;
  /** Exactly those of the points that were read, in place where they were given as float64. */
  numbers: Float64Array;
  /** Numbers of this reader. */
  #own: Float64Array;

  constructor(channels: number) {
    this.#channels = channels;
    this.#own = new Float64Array(channels);
    this.numbers = this.#own;
  }

  /**
   * Reads points into `numbers`. @returns their count
   * @throws PathSignatureError PATHS_TYPE, SHAPE_MISMATCH, RAGGED_ROW, ELEMENT_TYPE, NOT_FINITE
   */
  read(given: unknown): number {
    const d = this.#channels;
    const length = lengthOfList(given);
    if (length < 0) {
      const accepted = `a point of ${countOf(d, "number")}, an array of points, or a typed array of their numbers`;
      throw typeError("PATHS_TYPE", "points", describe(given), accepted);
    }
    if (given instanceof Float64Array && length % d === 0 && length > 0) {
      // Zero, or NaN if a number is not finite.
      let zero = 0;
      for (let i = 0; i < length; i++) zero += (given[i] as number) - (given[i] as number);
      if (zero === 0) {
        this.numbers = given;
        return length / d;
      }
    }
    const list = given as readonly unknown[] | NumericView;
    if (typeof list[0] === "object") {
      this.#reserve(length);
      for (let i = 0; i < length; i++) this.#readPoint(list[i], i);
      return length;
    }
    if (length % d !== 0 || length === 0)
      throw rangeError("SHAPE_MISMATCH", "points", countOf(length, "number"), `a multiple of the ${d} channels`);
    this.#reserve(length / d);
    this.#copy(list as ArrayLike<unknown>, length, 0, "points");
    return length / d;
  }

  #reserve(count: number): void {
    if (this.#own.length !== count * this.#channels) this.#own = new Float64Array(count * this.#channels);
    this.numbers = this.#own;
  }

  #readPoint(point: unknown, i: number): void {
    const d = this.#channels;
    const argument = `points[${i}]`;
    const length = lengthOfList(point);
    if (length < 0) throw typeError("PATHS_TYPE", argument, describe(point), `a point of ${countOf(d, "number")}`);
    if (length !== d) throw rangeError("RAGGED_ROW", argument, countOf(length, "number"), `${countOf(d, "number")}`);
    this.#copy(point as ArrayLike<unknown>, d, i * d, argument);
  }

  #copy(from: ArrayLike<unknown>, count: number, at: number, argument: string): void {
    const { numbers } = this;
    for (let i = 0; i < count; i++) {
      const value = from[i];
      const x = typeof value === "bigint" ? Number(value) : value;
      if (typeof x !== "number") throw typeError("ELEMENT_TYPE", `${argument}[${i}]`, describe(value), "a number");
      if (x - x !== 0) throw this.#notFinite(x, at + i);
      numbers[at + i] = x;
    }
  }

  #notFinite(x: number, index: number): Error {
    const d = this.#channels;
    const position = { point: Math.floor(index / d), channel: index % d };
    const given = `${x} at point ${position.point}, channel ${position.channel}`;
    return rangeError("NOT_FINITE", "points", given, "finite numbers", position);
  }
}
