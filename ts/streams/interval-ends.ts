// Signatures of intervals of a path that depend on no point but the ends: of one channel, or of one
// level.

import { allocateNumbers, copyIn, type DTypeIndex, type Numbers } from "../input/arrays.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import { SIGNATURE } from "../operations/signature.ts";
import { region, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { KeptTask } from "./kept-task.ts";

/** Intervals of a run. */
const most = 512;

export class IntervalEnds {
  readonly #task: KeptTask;
  readonly #channels: number;
  readonly #size: number;
  readonly #points: Numbers;

  /**
   * @param check - throws if a number is not finite
   * @throws PathSignatureError OUT_OF_MEMORY, and what `check` throws
   */
  constructor(instance: Instance, path: ReadPaths, dtype: DTypeIndex, depth: number, size: number, check: () => void) {
    const { points, channels, view, kind } = path;
    check();
    this.#channels = channels;
    this.#size = size;
    this.#points = allocateNumbers(dtype, points * channels, "path");
    copyIn(view, kind, 0, points * channels, this.#points, 0);
    const shape = { operation: SIGNATURE, dtype, channels, depth, options: 0, batch: most, points: 2 };
    this.#task = new KeptTask(instance, shape, [
      { region: region.PATHS, stride: 2 * channels, numbers: most * 2 * channels },
      { region: region.OUT, stride: size, numbers: most * size },
    ]);
  }

  query(bounds: Float64Array, out: Float32Array | Float64Array): void {
    const [task, d, size] = [this.#task, this.#channels, this.#size];
    for (let first = 0; first < bounds.length; first += 2 * most) {
      const count = Math.min(most, (bounds.length - first) / 2);
      const points = task.at(0);
      for (let i = 0; i < 2 * count; i++) {
        const point = (bounds[first + i] as number) - (i % 2);
        for (let c = 0; c < d; c++) task.heap[points + i * d + c] = this.#points[point * d + c] as number;
      }
      task.set(word.BATCH, count);
      task.run();
      const from = task.at(1);
      out.set(task.heap.subarray(from, from + count * size), (first / 2) * size);
    }
  }

  release(): void {
    this.#task.release();
  }
}
