// The signature of the points between two ends that both move: points are appended at the end and
// dropped from the front. Two stacks of products, as for any associative product without inverses
// (the "two-stack queue"; Tangwongsan, Hirzel & Schneider 2017, "Low-Latency Sliding-Window
// Aggregation in Worst-Case Constant Time", section 2): the points up to a middle point have the
// signatures from each of them to the middle, those after it have one signature that grows. When
// the front is used up, the middle moves to the end. Each point takes two steps and a product in
// all, and no error outlives a window.

import { FLOAT64 } from "../input/arrays.ts";
import { INVERSE, region, STREAM, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { Growing } from "./growing.ts";
import { KeptTask } from "./kept-task.ts";
import { reversedWords } from "./reversed-words.ts";

/** Bytes of rows that are computed at once when the middle moves, if that is more than 16 rows. */
const streamBytes = 256 * 1024;

/** Codes of the operations: signatures, and products of rows. */
export interface Operations {
  readonly signature: number;
  readonly combine: number;
}

export class WindowQueue {
  readonly #channels: number;
  readonly #size: number;
  readonly #back: Growing;
  readonly #product: KeptTask;
  /** Computes signatures of the prefixes of a reversed path, so many at once. */
  readonly #rows: KeptTask;
  readonly #mostRows: number;
  readonly #reversed: Int32Array;
  /** The points that are held: `#count` from point `#first` on. */
  #points: Float64Array;
  #first = 0;
  #count = 0;
  /** Number of held points before the middle, and signatures of the reversed path from there. */
  #ahead = 0;
  #front: Float64Array = new Float64Array(0);

  constructor(instance: Instance, operations: Operations, channels: number, depth: number, size: number) {
    this.#channels = channels;
    this.#size = size;
    this.#back = new Growing(instance, operations.signature, channels, depth, size, 1);
    this.#product = new KeptTask(
      instance,
      { operation: operations.combine, dtype: FLOAT64, channels, depth, options: 0, batch: 2, points: 0 },
      [
        { region: region.PATHS, stride: size, numbers: 2 * size },
        { region: region.INITIAL, stride: 0, numbers: size },
      ],
    );
    // The product overwrites the first row.
    this.#product.set(word.REGIONS + 2 * region.OUT, this.#product.offset(0));
    const most = Math.max(16, Math.floor(streamBytes / (8 * size)));
    this.#mostRows = most;
    this.#rows = new KeptTask(
      instance,
      {
        ...{ operation: operations.signature, dtype: FLOAT64, channels, depth },
        ...{ options: STREAM | INVERSE, batch: 1, points: most + 1 },
      },
      [
        { region: region.PATHS, stride: (most + 1) * channels, numbers: (most + 1) * channels },
        { region: region.INITIAL, stride: size, numbers: size },
        { region: region.OUT, stride: most * size, numbers: most * size },
      ],
    );
    this.#reversed = reversedWords(channels, depth, size);
    this.#points = new Float64Array(16 * channels);
  }

  get length(): number {
    return this.#count;
  }

  /** The points that are held, in order: a view. */
  get points(): Float64Array {
    const d = this.#channels;
    return this.#points.subarray(this.#first * d, (this.#first + this.#count) * d);
  }

  /** Number of points before the middle, and the signature after it: what a snapshot needs. */
  get middle(): number {
    return this.#ahead;
  }

  get back(): Growing {
    return this.#back;
  }

  /** Appends `count` finite points. */
  push(points: Float64Array, count: number): void {
    const d = this.#channels;
    this.#hold(points, count);
    if (this.#count > count) this.#back.append(points, count);
    else {
      this.#ahead = 0;
      this.#back.start(points.subarray(0, d));
      this.#back.append(points.subarray(d), count - 1);
    }
  }

  /** Drops points from the front, at most as many as there are. */
  pop(count: number): void {
    this.#first += count;
    this.#count -= count;
    if (count <= this.#ahead) this.#ahead -= count;
    else if (this.#count > 0) this.#moveMiddle(this.#count - 1);
  }

  /** Continues with points, the place of the middle, and the signature after it. */
  restore(points: Float64Array, middle: number, back: Float64Array): void {
    const d = this.#channels;
    const count = points.length / d;
    this.#hold(points, count);
    this.#fill(middle);
    this.#back.start(points.subarray((count - 1) * d), back);
  }

  #hold(points: Float64Array, count: number): void {
    const d = this.#channels;
    const end = this.#first + this.#count;
    if ((end + count) * d > this.#points.length) {
      const capacity = Math.max(this.#points.length, 2 * (this.#count + count) * d);
      const held = this.points;
      const next = capacity > this.#points.length ? new Float64Array(capacity) : this.#points;
      next.set(held);
      this.#points = next;
      this.#first = 0;
    }
    this.#points.set(
      count * d === points.length ? points : points.subarray(0, count * d),
      (this.#first + this.#count) * d,
    );
    this.#count += count;
  }

  /** Makes held point `middle` the middle: the signatures from all before it, and none after. */
  #moveMiddle(middle: number): void {
    const d = this.#channels;
    this.#fill(middle);
    this.#back.start(this.points.subarray(middle * d, (middle + 1) * d));
  }

  /**
   * Signatures from each of the first points to held point `middle`, as those of reversed paths.
   */
  #fill(middle: number): void {
    this.#ahead = middle;
    if (middle === 0) return;
    const d = this.#channels;
    const size = this.#size;
    if (this.#front.length < middle * size) this.#front = new Float64Array(middle * size);
    const task = this.#rows;
    const most = this.#mostRows;
    // From the middle to the first point; each piece of time continues the last row.
    for (let done = 0; done < middle; ) {
      const count = Math.min(most, middle - done);
      const end = middle - done;
      const { heap } = task;
      const at = task.at(2);
      heap.set(this.points.subarray((end - count) * d, (end + 1) * d), task.at(0));
      if (done > 0) heap.copyWithin(task.at(1), at + (most - 1) * size, at + most * size);
      task.set(word.POINTS, count + 1);
      task.set(word.REGIONS + 2 * region.INITIAL, done > 0 ? task.offset(1) : 0);
      task.run();
      const { heap: after } = task;
      this.#front.set(after.subarray(at, at + count * size), done * size);
      done += count;
    }
  }

  /**
   * Copies the signature of the points that are held, after `start`, a path that precedes them.
   * @param start - a signature; `undefined`: the identity
   */
  read(to: Float32Array | Float64Array, start: Float64Array | undefined): void {
    const size = this.#size;
    if (this.#count === 0) {
      to.fill(0);
      return;
    }
    if (this.#ahead === 0 && start === undefined) {
      this.#back.read(to);
      return;
    }
    const product = this.#product;
    const { heap } = product;
    let at = product.at(0);
    let rows = 1;
    if (this.#ahead > 0) {
      const row = (this.#ahead - 1) * size;
      const places = this.#reversed;
      const front = this.#front;
      for (let i = 0; i < size; i++) {
        const place = places[i] as number;
        heap[at + i] = place < 0 ? -(front[row + ~place] as number) : (front[row + place] as number);
      }
      at += size;
      rows = 2;
    }
    this.#back.read(heap, at);
    if (start !== undefined) heap.set(start, product.at(1));
    product.set(word.BATCH, rows);
    product.set(word.REGIONS + 2 * region.INITIAL, start === undefined ? 0 : product.offset(1));
    product.run();
    const from = product.at(0);
    const after = product.heap;
    for (let i = 0; i < size; i++) to[i] = after[from + i] as number;
  }

  release(): void {
    this.#back.release();
    this.#product.release();
    this.#rows.release();
  }
}
