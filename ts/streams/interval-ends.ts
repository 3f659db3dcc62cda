// Signatures of intervals of a path that depend on no point but the ends: of one channel, or of one
// level.

import { allocateNumbers, copyIn, type DTypeIndex, type Numbers } from "../input/arrays.ts";
import type { ReadPaths } from "../input/read-paths.ts";

export class IntervalEnds {
  readonly #points: Numbers;
  readonly #channels: number;
  readonly #size: number;

  /** @throws PathSignatureError OUT_OF_MEMORY */
  constructor({ points, channels, view, kind }: ReadPaths, dtype: DTypeIndex, size: number) {
    const numbers = points * channels;
    this.#channels = channels;
    this.#size = size;
    this.#points = allocateNumbers(dtype, numbers, "path");
    copyIn(view, kind, 0, numbers, this.#points, 0);
  }

  query(bounds: Float64Array, out: Numbers): void {
    const [d, size, points] = [this.#channels, this.#size, this.#points];
    for (let i = 0, at = 0; at < out.length; i += 2, at += size) {
      const from = (bounds[i] as number) * d;
      const last = ((bounds[i + 1] as number) - 1) * d;
      for (let c = 0; c < d; c++) out[at + c] = (points[last + c] as number) - (points[from + c] as number);
      // Further levels of one channel: powers of its difference.
      let x = out[at] as number;
      for (let k = d; k < size; k++) out[at + k] = x *= (out[at] as number) / (k + 1);
    }
  }
}
