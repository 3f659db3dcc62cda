// Paths with their augmentations: how many points they have, and any piece of them, computed where
// a task is staged; and gradients back to the points that were given. Holds a piece of a path for
// each augmentation, never a whole batch.

import { EXPAND_LEAD_LAG, EXPAND_TIME } from "../../wasm/abi.ts";
import type { Numbers } from "../arrays.ts";
import type { Layer } from "./layers.ts";
import type { PointSource } from "./source.ts";

/** Points that are summed at once on the way to a piece. */
const atOnce = 4096;

export class Augmented {
  readonly source: PointSource;
  /** Option bits of the last layers, those that the thread of the kernel can do; 0 for none. */
  expansions: number;
  readonly #layers: readonly Layer[];
  /** Layers before these. */
  #staged: number;
  /** Points behind each number of layers, where all items have as many. */
  #common: readonly number[] | undefined;
  /** Gradients of what goes into each layer. */
  readonly #sums: Float64Array[] = [];
  /** What goes into each layer, of either number type. */
  readonly #pieces: readonly Numbers[][] = [[], []];

  constructor(source: PointSource, layers: readonly Layer[]) {
    this.source = source;
    this.#layers = layers;
    // Lead-lag, or time, or time and then lead-lag.
    const [last = 0, before = 0] = layers
      .slice(-2)
      .reverse()
      .map(({ bits = 0 }) => bits);
    const both = (last & EXPAND_LEAD_LAG) !== 0 && (before & EXPAND_TIME) !== 0;
    this.expansions = both ? last | before : last;
    this.#staged = layers.length - (both ? 2 : last === 0 ? 0 : 1);
  }

  /** Leaves nothing to the thread of the kernel. */
  stageAll(): void {
    this.expansions = 0;
    this.#staged = this.#layers.length;
  }

  get channels(): number {
    return this.#layers.at(-1)?.to ?? this.source.raw.channels;
  }

  /** Points of an item. Windows that a path does not have are one point, whatever is added. */
  pointsOf(item: number): number {
    const { windows } = this.source.raw.paths;
    if (windows !== undefined) {
      const path = Math.floor(item / windows.perPath);
      if (item - path * windows.perPath >= (windows.counts[path] as number)) return 1;
    }
    return this.#points(this.#layers.length, item);
  }

  /** Points where n were given and none is skipped. */
  pointsOfLength(n: number): number {
    return this.#layers.reduce((count, layer) => layer.points(count), n);
  }

  /** Points of an item behind the first `level` layers. */
  #points(level: number, item: number): number {
    const { pointsOfAll } = this.source;
    if (pointsOfAll !== undefined) {
      if (this.#common === undefined) {
        const all = [pointsOfAll];
        for (const layer of this.#layers) all.push(layer.points(all.at(-1) as number));
        this.#common = all;
      }
      return this.#common[level] as number;
    }
    let n = this.source.pointsOf(item);
    for (let k = 0; k < level; k++) n = (this.#layers[k] as Layer).points(n);
    return n;
  }

  /** Writes points [from, end) of an item to `out[at…]`. */
  write(item: number, from: number, end: number, out: Numbers, at: number): void {
    this.#write(this.#layers.length, item, from, end, out, at);
  }

  /**
   * Writes what the first `points` points of an item are expanded from, before the number `end` of
   * `out`.
   */
  writeStaged(item: number, points: number, out: Numbers, end: number): void {
    const n = (this.expansions & EXPAND_LEAD_LAG) === 0 ? points : (points + 1) / 2;
    const channels = this.#layers[this.#staged]?.from ?? 0;
    this.#write(this.#staged, item, 0, n, out, end - n * channels);
  }

  #write(level: number, item: number, from: number, end: number, out: Numbers, at: number): void {
    if (level === 0) {
      this.source.copy(item, from, end, out, at);
      return;
    }
    const layer = this.#layers[level - 1] as Layer;
    const n = this.#points(level - 1, item);
    let first = layer.first(from, n, item);
    const piece = (last: number): Numbers => {
      const given = level === 1 && last > first ? this.source.view(item, first, last, out) : undefined;
      if (given !== undefined) return given;
      const input = this.#piece(level - 1, Math.max(0, last - first) * layer.from, out);
      if (last > first) this.#write(level - 1, item, first, last, input, 0);
      return input;
    };
    // Sums go along the path.
    while (layer.goesOn && from - first > atOnce) {
      const last = first + atOnce;
      layer.write(piece(last), first, n, last, last, out, at, item);
      first = last;
    }
    layer.write(piece(layer.end(end, n)), first, n, from, end, out, at, item);
  }

  #piece(level: number, count: number, like: Numbers): Numbers {
    const isFloat32 = like.BYTES_PER_ELEMENT === 4;
    const pieces = this.#pieces[isFloat32 ? 0 : 1] as Numbers[];
    let piece = pieces[level];
    if (piece === undefined || piece.length < count) {
      piece = isFloat32 ? new Float32Array(count) : new Float64Array(count);
      pieces[level] = piece;
    }
    return piece;
  }

  /**
   * Writes the gradient of the points that were given of an item to `out[at…]`, which is zero. A
   * window that a path does not have has none.
   * @param gradient - that of all points of the augmented item
   */
  adjoint(item: number, gradient: Numbers, out: Numbers, at: number): void {
    const { length } = this.#layers;
    if (gradient.length < this.#points(length, item) * this.channels) return;
    let of = gradient;
    for (let k = length - 1; k >= 0; k--) {
      const layer = this.#layers[k] as Layer;
      const n = this.#points(k, item);
      if (k === 0 && this.source.isPlain && (layer.once || out instanceof Float64Array)) {
        layer.adjoint(of, n, out, at);
        return;
      }
      const count = n * layer.from;
      let sums = this.#sums[k];
      if (sums === undefined || sums.length < count) {
        sums = new Float64Array(count);
        this.#sums[k] = sums;
      } else sums.fill(0, 0, count);
      layer.adjoint(of, n, sums, 0);
      of = sums.subarray(0, count);
    }
    this.source.adjoint(item, of, out, at);
  }
}
