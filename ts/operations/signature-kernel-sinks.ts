// Where the tiles of signature kernels go: a matrix, a sum, or gradients.

import { allocateNumbers, FLOAT32, type Numbers } from "../input/arrays.ts";
import type { KernelCall } from "./signature-kernel-call.ts";
import type { Side } from "./signature-kernel-side.ts";
import type { Tile, TileSink } from "./signature-kernel-tiles.ts";

/** A sink of tiles only. */
abstract class OfTiles implements TileSink {
  abstract put(tile: Tile, heap: Numbers, at: number, second: number): void;
  take(): never {
    throw new Error("kernels come in tiles");
  }
}

/** The kernels as an array: (x, y), or one a pair. */
export class KernelSink extends OfTiles {
  readonly data: Numbers;
  readonly #columns: number;

  constructor(data: Numbers, columns: number) {
    super();
    this.data = data;
    this.#columns = columns;
  }

  put({ part, xs, ys, triangle }: Tile, heap: Numbers, at: number, _second: number): void {
    const { data } = this;
    const columns = this.#columns;
    for (let a = 0; a < xs.length; a++) {
      const i = xs[a] as number;
      if (part.pairs) {
        data[i] = heap[at + a] as number;
        continue;
      }
      for (let b = triangle ? a : 0; b < ys.length; b++) {
        const j = ys[b] as number;
        const value = heap[at + a * ys.length + b] as number;
        data[i * columns + j] = value;
        if (part.triangle) data[j * columns + i] = value;
      }
    }
  }
}

/** Logarithms of kernels, which come as numbers times powers of two: exponents from `second` on. */
export class LogSink extends KernelSink {
  override put(tile: Tile, heap: Numbers, at: number, second: number): void {
    for (let i = 0; at + i < second; i++)
      heap[at + i] = Math.log(heap[at + i] as number) + (heap[second + i] as number) * Math.LN2;
    super.put(tile, heap, at, second);
  }
}

/** Takes tiles in their order; those that arrive early wait. */
abstract class InOrder extends OfTiles {
  #next: number;
  readonly #early = new Map<number, () => void>();

  /** @param first - index of the first tile */
  constructor(first: number) {
    super();
    this.#next = first;
  }

  protected inOrder(index: number, now: () => void, later: () => () => void): void {
    if (index !== this.#next) {
      this.#early.set(index, later());
      return;
    }
    now();
    this.#next += 1;
    for (let early = this.#early.get(this.#next); early; early = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      early();
      this.#next += 1;
    }
  }
}

/** The sum of weighted kernels, in float64. */
export class WeightedSink extends InOrder {
  sum = 0;
  readonly #weight: (tile: Tile, i: number, j: number) => number;

  constructor(weight: (tile: Tile, i: number, j: number) => number) {
    super(0);
    this.#weight = weight;
  }

  put(tile: Tile, heap: Numbers, at: number): void {
    const { part, xs, ys, triangle } = tile;
    let sum = 0;
    for (let a = 0; a < xs.length; a++) {
      for (let b = part.pairs ? a : triangle ? a : 0; b < (part.pairs ? a + 1 : ys.length); b++) {
        const value = heap[at + (part.pairs ? a : a * ys.length + b)] as number;
        sum += this.#weight(tile, xs[a] as number, ys[b] as number) * value;
      }
    }
    const add = () => {
      this.sum += sum;
    };
    this.inOrder(tile.index, add, () => add);
  }
}

/** Gradients of x and of y, added up in float64 where paths occur in several tiles. */
export class KernelGradients extends InOrder {
  readonly #call: KernelCall;
  readonly #sums: ReadonlyMap<Side, Numbers>;

  constructor(call: KernelCall, sides: readonly Side[]) {
    super(0);
    this.#call = call;
    const numbers = ({ paths }: Side) => paths.batch * paths.points * paths.channels;
    const isSingle = call.pairs && !call.isSymmetric && call.dtype === FLOAT32;
    this.#sums = new Map(
      sides.map((side) => [side, isSingle ? new Float32Array(numbers(side)) : new Float64Array(numbers(side))]),
    );
  }

  put({ part, index, xs, ys, points }: Tile, heap: Numbers, at: number, second: number): void {
    const { channels } = this.#call;
    const [x, y] = part.wanted ?? [false, false];
    const add = (first: Numbers, at: number, other: Numbers, second: number) => {
      if (x) this.#add(part.x, xs, points[0], first, at);
      if (y) this.#add(part.y, ys, points[1], other, second);
    };
    const later = () => {
      const first = heap.slice(at, at + xs.length * points[0] * channels);
      const other = heap.slice(second, second + ys.length * points[1] * channels);
      return () => add(first, 0, other, 0);
    };
    this.inOrder(index, () => add(heap, at, heap, second), later);
  }

  #add(side: Side, paths: ArrayLike<number>, points: number, heap: Numbers, at: number): void {
    const to = this.#sums.get(side) as Numbers;
    const { channels } = this.#call;
    for (let k = 0; k < paths.length; k++) {
      const path = paths[k] as number;
      const [start, count] = [path * side.paths.points * channels, side.lengthOf(path) * channels];
      for (let i = 0, read = at + k * points * channels; i < count; i++)
        (to[start + i] as number) += heap[read + i] as number;
    }
  }

  /** The gradient of the points that were given of one side, in the call's number type. */
  of(side: Side): Numbers {
    const sum = this.#sums.get(side) as Numbers;
    const { augmented, points } = side.paths;
    if (augmented !== undefined) {
      const { channels } = this.#call;
      const { raw } = augmented.source;
      const pitch = raw.points * raw.channels;
      const given = allocateNumbers(this.#call.dtype, side.count * pitch, side.name);
      for (let i = 0; i < side.count; i++) {
        const first = i * points * channels;
        augmented.adjoint(i, sum.subarray(first, first + side.lengthOf(i) * channels), given, i * pitch);
      }
      return given;
    }
    return this.#call.dtype === FLOAT32 && sum instanceof Float64Array ? Float32Array.from(sum) : sum;
  }
}
