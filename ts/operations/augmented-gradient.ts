// Gradients of augmented points, on their way to those of the points that were given. Those of a
// path that is cut in time are collected until all of them are there.

import type { Numbers } from "../input/arrays.ts";
import type { Augmented } from "../input/augment/augmented.ts";
import { type Call, lengthOf } from "../input/call.ts";
import type { Sink } from "../run/operation.ts";
import { ArraySink } from "../run/sinks.ts";

/** Gradients of a path of which some have arrived. */
interface Arrived {
  readonly numbers: Float64Array;
  /** Points that are to come. */
  missing: number;
}

export class AugmentedSink implements Sink {
  readonly #call: Call;
  readonly #augmented: Augmented;
  readonly #sink: ArraySink;
  readonly #arrived = new Map<number, Arrived>();

  constructor(call: Call, augmented: Augmented) {
    const { batch, points, channels } = augmented.source.raw;
    this.#call = call;
    this.#augmented = augmented;
    this.#sink = new ArraySink(call.dtype, channels, batch * points, false);
  }

  /** The gradients of the points that were given. */
  get data(): Numbers {
    return this.#sink.data;
  }

  take(heap: Numbers, at: number, row: number, count: number): void {
    const { points, channels } = this.#call;
    for (let end = row + count; row < end; ) {
      const path = Math.floor(row / points);
      const n = lengthOf(this.#call, path);
      const own = Math.min(end, (path + 1) * points) - row;
      const piece = heap.subarray(at, at + own * channels);
      const whole = own === n ? piece : this.#collect(path, n, (row - path * points) * channels, own, piece);
      if (whole !== undefined) {
        const { raw } = this.#augmented.source;
        this.#augmented.adjoint(path, whole, this.data, path * raw.points * raw.channels);
      }
      row += own;
      at += own * channels;
    }
  }

  /** Keeps a piece of a path of n points; gives all of it once it is there. */
  #collect(path: number, n: number, at: number, points: number, piece: Numbers): Numbers | undefined {
    const { channels } = this.#call;
    const arrived = this.#arrived.get(path) ?? { numbers: new Float64Array(n * channels), missing: n };
    arrived.numbers.set(piece, at);
    arrived.missing -= points;
    if (arrived.missing === 0) this.#arrived.delete(path);
    else this.#arrived.set(path, arrived);
    return arrived.missing === 0 ? arrived.numbers : undefined;
  }
}
