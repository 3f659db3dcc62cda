// Streams that are cut in time: segments of some paths, one after the other, each continuing the last rows of the one before. The
// bits are those of an uncut path, wherever it is cut. Stages segments and takes their rows; kernels are called elsewhere.

import { allocateNumbers, copyOut } from "../input/arrays.ts";
import { type Call, lengthOf } from "../input/call.ts";
import { heapOf, stagePoints, stageRows } from "./arena.ts";
import { type Budget, streamSteps } from "./blocks.ts";
import type { Cut } from "./cut.ts";
import { Layout, type Memory } from "./stage.ts";
import type { Staged } from "./task.ts";

/** Whether a call is a stream whose paths are cut in time. */
export const isChained = (call: Call, budget: Budget): boolean =>
  call.stream && streamSteps(call, budget) < Math.max(1, call.rows);

/** Some paths of a stream, and how far they have come. */
export class Chain {
  readonly cut: Cut;
  readonly first: number;
  readonly count: number;
  readonly layout: Layout;
  readonly segments: number;
  readonly #steps: number;
  /** The last rows of the segments taken, which the next one continues. */
  readonly #state: Float32Array | Float64Array;
  #segment = 0;

  constructor(cut: Cut, first: number, count: number, budget: Budget) {
    const { call } = cut;
    this.cut = cut;
    this.first = first;
    this.count = count;
    this.#steps = streamSteps(call, budget);
    this.segments = Math.ceil(call.rows / this.#steps);
    this.#state = allocateNumbers(call.dtype, count * call.size, "paths");
    this.layout = new Layout(call, {
      items: count,
      points: this.#steps + 1,
      lengths: true,
      basepoints: 0,
      initials: count,
      list: 0,
      output: count * this.#steps * call.row,
    });
  }

  get isDone(): boolean {
    return this.#segment === this.segments;
  }

  /** Rows of each path in the next segment. */
  get #rows(): number {
    return Math.min(this.#steps, this.cut.call.rows - this.#segment * this.#steps);
  }

  /** Copies the next segment to where it begins, byte `at`. */
  stage(memory: Memory, at: number): Staged {
    const { cut, first, count, layout } = this;
    const { call } = cut;
    const { channels, bytes, size } = call;
    const { u32 } = memory;
    const heap = heapOf(memory, call.dtype);
    const points = this.#rows + 1;
    const input = (at + layout.input) / bytes;
    const lengths = (at + layout.lengths) / 4;
    for (let i = 0; i < count; i++) u32[lengths + i] = this.#stagePath(first + i, heap, input + i * points * channels);
    const continues = this.#segment > 0;
    let initialStride = size;
    const initial = (at + layout.initial) / bytes;
    if (continues) heap.set(this.#state, initial);
    else if (call.initial !== undefined)
      initialStride = stageRows(call.initial, size, cut, first, count, heap, initial, false);
    return {
      paths: layout.input,
      batch: count,
      points,
      lengths: layout.lengths,
      basepoint: 0,
      basepointStride: 0,
      initial: continues || call.initial !== undefined ? layout.initial : 0,
      initialStride,
      options: call.bits,
      output: layout.output,
    };
  }

  /** Copies the segment's part of a path; returns its points. */
  #stagePath(item: number, heap: Float32Array | Float64Array, to: number): number {
    const { call } = this.cut;
    const path = this.cut.pathOf(item);
    // A basepoint is staged as a first point, so that it falls into its own segment.
    const steps = lengthOf(call, path) + call.ahead - 1;
    const begin = this.#segment * this.#steps;
    // Points of the path with its basepoint; one run backwards is cut from its own end on. A path that is over repeats its last point.
    const from = call.inverse ? Math.max(0, steps - begin - this.#steps) : Math.min(begin, steps);
    const end = call.inverse ? Math.max(0, steps - begin) : Math.min(begin + this.#steps, steps);
    const points = end - from + 1;
    stagePoints(call, path, from - call.ahead, points, heap, to);
    return points;
  }

  /** Takes the rows of the segment at byte `at` to their places in the call's result, and goes on to the next one. */
  take(memory: Memory, at: number, result: Float32Array | Float64Array): void {
    const { cut, first, count } = this;
    const { row, rows, size, bytes, dtype } = cut.call;
    const heap = heapOf(memory, dtype);
    const numbers = this.#rows * row;
    const output = (at + this.layout.output) / bytes;
    for (let i = 0; i < count; i++) {
      const from = output + i * numbers;
      copyOut(heap, from, numbers, result, (cut.pathOf(first + i) * rows + this.#segment * this.#steps) * row);
      copyOut(heap, from + numbers - size, size, this.#state, i * size);
    }
    this.#segment += 1;
  }
}
