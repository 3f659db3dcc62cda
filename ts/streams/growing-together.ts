// The signatures of many paths that get a point each at a time. They stay in lanes of float64
// between calls (crates/kernels/src/ops/growing.rs) and become rows when they are read.

import { FLOAT64 } from "../input/arrays.ts";
import { region } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { type KeptShape, KeptTask } from "./kept-task.ts";

/** The operation's code. */
const GROWING = 13;
/** Paths that share vectors. */
const width = 2;

/** Positions of the regions in the task. */
const [POINTS, LAST, STATES] = [0, 1, 2];

/**
 * As `Growing` of a batch, with the same bits. For two channels and three levels on: a signature of
 * less is computed in another way, path by path.
 */
export class GrowingTogether {
  readonly #task: KeptTask;
  readonly #batch: number;
  readonly #channels: number;
  readonly #size: number;

  constructor(instance: Instance, channels: number, depth: number, size: number, batch: number) {
    this.#batch = batch;
    this.#channels = channels;
    this.#size = size;
    const shape: KeptShape = { operation: GROWING, dtype: FLOAT64, channels, depth, options: 0, batch, points: 1 };
    this.#task = new KeptTask(instance, shape, [
      { region: region.PATHS, stride: channels, numbers: batch * channels },
      { region: region.BASEPOINT, stride: channels, numbers: batch * channels },
      { region: region.OUT, stride: size, numbers: this.#numbers },
    ]);
  }

  get #numbers(): number {
    return Math.ceil(this.#batch / width) * width * this.#size;
  }

  /** Starts again at a point of each path: with the identity, or with states that are known. */
  start(points: Float64Array, known?: Float64Array): void {
    const { heap } = this.#task;
    heap.set(points, this.#task.at(LAST));
    const states = this.#task.at(STATES);
    if (known) heap.set(known, states);
    else heap.fill(0, states, states + this.#numbers);
  }

  /** Appends a finite point to each path. */
  append(points: Float64Array): void {
    const task = this.#task;
    task.heap.set(points, task.at(POINTS));
    // Finite input: the code says at most that a sum overflowed.
    task.run();
    task.swap(POINTS, LAST);
  }

  /** The states so far, for `start`: a view that is valid until the next call of the library. */
  get state(): Float64Array {
    const at = this.#task.at(STATES);
    return this.#task.heap.subarray(at, at + this.#numbers) as Float64Array;
  }

  /** The last points: a view like {@link state}. */
  get last(): Float64Array {
    const at = this.#task.at(LAST);
    return this.#task.heap.subarray(at, at + this.#batch * this.#channels) as Float64Array;
  }

  /** Copies the signatures so far, a row a path. */
  read(to: Float32Array | Float64Array): void {
    const size = this.#size;
    const { heap } = this.#task;
    const end = this.#batch * size;
    // Both paths of a vector at once; the last one may have one path.
    for (let row = 0, from = this.#task.at(STATES); row < end; row += width * size) {
      const next = row + size;
      for (let i = 0; i < size; i++, from += width) {
        to[row + i] = heap[from] as number;
        if (next < end) to[next + i] = heap[from + 1] as number;
      }
    }
  }

  release(): void {
    this.#task.release();
  }
}
