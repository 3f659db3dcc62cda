// The signature of a path that grows at its end, one for each path of a batch. The state is
// float64, whatever the number type of results: errors of ten million steps stay below float32's.

import { FLOAT64 } from "../input/arrays.ts";
import { region, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { type KeptRegion, KeptTask } from "./kept-task.ts";

/** Bytes of points that one run reads, if that is more than one point. */
const stagedBytes = 32 * 1024;

/** Positions of the regions in the task. */
const [POINTS, LAST, STATE, NEXT] = [0, 1, 2, 3];

export class Growing {
  readonly #task: KeptTask;
  readonly #channels: number;
  readonly #batch: number;
  readonly #size: number;
  /** Points of each path that one run appends at most. */
  readonly #most: number;

  constructor(instance: Instance, operation: number, channels: number, depth: number, size: number, batch: number) {
    const most = batch === 1 ? Math.max(1, Math.floor(stagedBytes / (8 * channels))) : 1;
    const rows = (index: number, stride: number): KeptRegion => ({ region: index, stride, numbers: batch * stride });
    this.#channels = channels;
    this.#batch = batch;
    this.#size = size;
    this.#most = most;
    this.#task = new KeptTask(instance, { operation, dtype: FLOAT64, channels, depth, options: 0, batch, points: 1 }, [
      { region: region.PATHS, stride: channels, numbers: batch * most * channels },
      rows(region.BASEPOINT, channels),
      rows(region.INITIAL, size),
      rows(region.OUT, size),
    ]);
  }

  /** Starts again at a point of each path: with the identity, or with signatures that are known. */
  start(points: Float64Array, known?: Float64Array): void {
    const { heap } = this.#task;
    heap.set(points, this.#task.at(LAST));
    const state = this.#task.at(STATE);
    if (known) heap.set(known, state);
    else heap.fill(0, state, state + this.#batch * this.#size);
  }

  /** Appends finite points: `count` to the only path, or one to each path of a batch. */
  append(points: Float64Array, count: number): void {
    const task = this.#task;
    const d = this.#channels;
    for (let from = 0; from < count; from += this.#most) {
      const n = Math.min(this.#most, count - from);
      const numbers = n * d * this.#batch;
      const { heap } = task;
      const at = task.at(POINTS);
      const begin = from * d;
      if (numbers <= 16) for (let i = 0; i < numbers; i++) heap[at + i] = points[begin + i] as number;
      else heap.set(from === 0 && points.length === numbers ? points : points.subarray(begin, begin + numbers), at);
      task.set(word.POINTS, n);
      // Finite input: the code says at most that a sum overflowed.
      task.run();
      task.swap(STATE, NEXT);
      if (this.#batch > 1) {
        // The points of all paths are what the next ones start from.
        task.swap(POINTS, LAST);
        continue;
      }
      const { heap: after } = task;
      const last = task.at(LAST);
      const end = task.at(POINTS) + numbers - d;
      for (let i = 0; i < d; i++) after[last + i] = after[end + i] as number;
    }
  }

  /** The signatures so far: a view that is valid until the next call of the library. */
  get state(): Float64Array {
    const at = this.#task.at(STATE);
    return this.#task.heap.subarray(at, at + this.#batch * this.#size) as Float64Array;
  }

  /** The last points: a view like {@link state}. */
  get last(): Float64Array {
    const at = this.#task.at(LAST);
    return this.#task.heap.subarray(at, at + this.#batch * this.#channels) as Float64Array;
  }

  /** Copies the signatures so far. */
  read(to: Float32Array | Float64Array, at = 0): void {
    const { heap } = this.#task;
    const from = this.#task.at(STATE);
    const count = this.#batch * this.#size;
    if (count <= 64) for (let i = 0; i < count; i++) to[at + i] = heap[from + i] as number;
    else to.set(heap.subarray(from, from + count), at);
  }

  release(): void {
    this.#task.release();
  }
}
