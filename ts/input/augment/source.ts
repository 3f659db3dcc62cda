// The points that augmentations begin with: those of paths or windows, as a mask leaves them.

import { copyIn, KIND_FLOAT32, KIND_FLOAT64, type Numbers } from "../arrays.ts";
import type { Call } from "../call.ts";
import { describe, rangeError, typeError } from "../errors.ts";
import type { ReadPaths } from "../read-paths.ts";
import { lengthOfView, lost } from "../views.ts";
import { readPointNumbers } from "./per-point.ts";

/** A mask as read. Points are counted among those of all paths. */
interface ReadMask {
  /** The points that are not skipped, in order; absent: all. */
  readonly kept?: Uint32Array;
  /** Whether number i of the paths is missing; absent: none is. */
  readonly isMissing?: (i: number) => boolean;
}

const countPoints = ({ starts, batch, points }: ReadPaths): number =>
  starts === undefined ? batch * points : (starts[batch] as number);

/** Flags of all points, or numbers of points, from what is given for each path or for all. */
function readFlags(value: unknown, argument: string, width: number, paths: ReadPaths): Uint8Array {
  const { numbers, isShared } = readPointNumbers(value, argument, width, paths);
  const flags = new Uint8Array(countPoints(paths) * width);
  for (let path = 0; path < paths.batch; path++) {
    const first = (paths.starts?.[path] ?? path * paths.points) * width;
    const end = (paths.starts?.[path + 1] ?? (path + 1) * paths.points) * width;
    for (let i = first; i < end; i++) flags[i] = numbers[isShared ? i - first : i] === 0 ? 0 : 1;
  }
  return flags;
}

function readMask(given: unknown, name: string, paths: ReadPaths): ReadMask {
  const forms = '{ skip } or { missing }, each a number or flag for each point, or "nan"';
  const keys = typeof given === "object" && given !== null ? Object.keys(given) : [];
  const [key] = keys;
  if (keys.length !== 1 || (key !== "skip" && key !== "missing"))
    throw typeError("AUGMENT_TYPE", name, describe(given), forms);
  const value = (given as Record<string, unknown>)[key];
  const argument = `${name}.${key}`;
  if (typeof value === "string" && value !== "nan") throw typeError("AUGMENT_TYPE", argument, describe(value), forms);
  const { view, channels } = paths;
  const isNumberless = (i: number): boolean => Number.isNaN(Number(view[i]));
  if (key === "missing") {
    if (value === "nan") return { isMissing: isNumberless };
    const flags = readFlags(value, argument, channels, paths);
    return { isMissing: (i) => flags[i] !== 0 };
  }
  const flags = value === "nan" ? undefined : readFlags(value, argument, 1, paths);
  const isSkipped = (point: number): boolean => {
    if (flags !== undefined) return flags[point] !== 0;
    for (let c = 0; c < channels; c++) if (isNumberless(point * channels + c)) return true;
    return false;
  };
  const all = countPoints(paths);
  const kept = new Uint32Array(all);
  let count = 0;
  for (let point = 0; point < all; point++) if (!isSkipped(point)) kept[count++] = point;
  return { kept: kept.subarray(0, count) };
}

/** The number of entries of an ascending list that are less than a value. */
function countLess(list: Uint32Array, value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class PointSource {
  /** The call for the points that were given: its items are paths, or windows. */
  readonly raw: Call;
  readonly #mask: ReadMask;

  /**
   * @param name - the mask's, in errors
   * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE
   */
  constructor(raw: Call, mask: unknown, name: string) {
    this.raw = raw;
    // A shape without numbers, of `explain`, is taken as if nothing were missing.
    const isImagined = raw.paths.view.length === 0;
    this.#mask = mask === undefined || isImagined ? {} : readMask(mask, name, raw.paths.windows?.of ?? raw.paths);
    if (this.#mask.kept === undefined) return;
    for (let path = 0; path < raw.batch; path++) {
      if (this.pointsOf(path) > 0) continue;
      const item = raw.paths.windows ? "window" : "path";
      throw rangeError("AUGMENT_RANGE", `${name}.skip`, `all points of ${item} ${path}`, "such that a point is left");
    }
  }

  /** Whether numbers of the paths may be absent. */
  get isMasked(): boolean {
    return this.#mask.kept !== undefined || this.#mask.isMissing !== undefined;
  }

  /** Whether missing numbers are filled. */
  get isFilled(): boolean {
    return this.#mask.isMissing !== undefined;
  }

  /** Whether a number of the paths is used. */
  isUsed(i: number): boolean {
    const { kept, isMissing } = this.#mask;
    if (isMissing !== undefined) return !isMissing(i);
    if (kept === undefined) return true;
    const point = Math.floor(i / this.raw.channels);
    return kept[countLess(kept, point)] === point;
  }

  /** Whether all numbers of a point, among those of all paths, were observed. */
  isObserved(point: number): boolean {
    const { channels } = this.raw;
    for (let c = 0; c < channels; c++) if (!this.isUsed(point * channels + c)) return false;
    return true;
  }

  /** Whether all points of an item are there as they were given. */
  get isPlain(): boolean {
    return this.#mask.kept === undefined && this.#mask.isMissing === undefined;
  }

  /** Points of each item, if all have as many for certain. */
  get pointsOfAll(): number | undefined {
    return this.isPlain && this.raw.lengths === undefined ? this.raw.points : undefined;
  }

  /** Points [from, end) of an item in place, if they are numbers of the type of `like`. */
  view(item: number, from: number, end: number, like: Numbers): Numbers | undefined {
    const { channels, paths } = this.raw;
    const { view, kind } = paths;
    if (!this.isPlain || kind !== (like.BYTES_PER_ELEMENT === 4 ? KIND_FLOAT32 : KIND_FLOAT64)) return undefined;
    const first = this.bounds(item)[0];
    if (lengthOfView(view) < (first + end) * channels) throw lost();
    return (view as Numbers).subarray((first + from) * channels, (first + end) * channels);
  }

  /** The first point of an item and the end of its points, among the points of all paths. */
  bounds(item: number): readonly [first: number, end: number] {
    const { paths, points, lengths } = this.raw;
    const first = paths.starts?.[item] ?? item * points;
    return [first, first + (lengths?.[item] ?? points)];
  }

  /** Points of an item. */
  pointsOf(item: number): number {
    const [first, end] = this.bounds(item);
    const { kept } = this.#mask;
    return kept === undefined ? end - first : countLess(kept, end) - countLess(kept, first);
  }

  /** Where point t of an item stands among the points of all paths. */
  indexOf(item: number, t: number): number {
    const [first] = this.bounds(item);
    const { kept } = this.#mask;
    return kept === undefined ? first + t : (kept[countLess(kept, first) + t] as number);
  }

  /** The first point, among those of all paths, of the path that an item is, or is a window of. */
  startOfPath(item: number): number {
    const { windows } = this.raw.paths;
    if (windows === undefined) return this.bounds(item)[0];
    const path = Math.floor(item / windows.perPath);
    return windows.of.starts?.[path] ?? path * windows.of.points;
  }

  /** Copies points [from, end) of an item to `out[at…]`. */
  copy(item: number, from: number, end: number, out: Numbers, at: number): void {
    const { channels, paths } = this.raw;
    const { view, kind } = paths;
    const { kept, isMissing } = this.#mask;
    if (isMissing !== undefined) {
      if (lengthOfView(view) < this.bounds(item)[1] * channels) throw lost();
      this.#visit(item, from, end, (to, i) => {
        out[at + to - from * channels] = i < 0 ? 0 : Number(view[i]);
      });
      return;
    }
    if (kept === undefined) {
      copyIn(view, kind, (this.bounds(item)[0] + from) * channels, (end - from) * channels, out, at);
      return;
    }
    const first = countLess(kept, this.bounds(item)[0]);
    for (let t = from; t < end; ) {
      // Points that stand one behind the other.
      const begin = kept[first + t] as number;
      let count = 1;
      while (t + count < end && kept[first + t + count] === begin + count) count += 1;
      copyIn(view, kind, begin * channels, count * channels, out, at);
      t += count;
      at += count * channels;
    }
  }

  /** Writes the gradient of the points that were given of an item to `out[at…]`, which is zero. */
  adjoint(item: number, gradient: Numbers, out: Numbers, at: number): void {
    const { channels } = this.raw;
    const [first] = this.bounds(item);
    const n = this.pointsOf(item);
    if (this.isFilled) {
      const sums = new Float64Array(n * channels);
      this.#visit(item, 0, n, (to, i) => {
        if (i >= 0) sums[i - first * channels]! += gradient[to] as number;
      });
      out.set(sums, at);
      return;
    }
    const { kept } = this.#mask;
    if (kept === undefined) {
      out.set(gradient, at);
      return;
    }
    for (let t = 0, k = countLess(kept, first); t < n; t++, k++) {
      const to = at + ((kept[k] as number) - first) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = gradient[t * channels + c] as number;
    }
  }

  /**
   * Calls `each` for the numbers of points [from, end) of an item, with the index of the number in
   * the item and that of the one, among all, that stands in its place; −1 for none.
   */
  #visit(item: number, from: number, end: number, each: (to: number, i: number) => void): void {
    const { channels } = this.raw;
    const isMissing = this.#mask.isMissing as (i: number) => boolean;
    const [first, last] = this.bounds(item);
    for (let c = 0; c < channels; c++) {
      const at = (t: number): number => (first + t) * channels + c;
      let t = from;
      while (t >= 0 && isMissing(at(t))) t -= 1;
      // Ahead of the channel's first number, that number.
      if (t < 0) for (t = from; t < last - first && isMissing(at(t)); ) t += 1;
      let found = t < last - first ? at(t) : -1;
      for (let k = from; k < end; k++) {
        if (!isMissing(at(k))) found = at(k);
        each(k * channels + c, found);
      }
    }
  }
}
