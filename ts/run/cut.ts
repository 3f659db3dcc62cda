// The items of a call and their order in blocks. An item is a path, or a stretch of a path that is
// too long for one block. Items of similar length are adjacent, so that the lanes of a vector end
// together and a block stages little padding. Selects paths and points only; copies and computes
// nothing.

import { type Call, lengthOf } from "../input/call.ts";
import {
  type Budget,
  capacityFor,
  lanes,
  longestStretch,
  pathsOfBlock,
  streamSteps,
  stretchesOf,
  stretchStart,
} from "./blocks.ts";
import { orderByKey } from "./order.ts";

/**
 * Number of paths that are sorted together: enough for similar lengths, few enough that sorting
 * takes little time.
 */
const sectionPaths = 16384;

/** Position of a stretch in its path. */
export interface Stretch {
  /**
   * Index of the stretch in the order of the product: forward in time, or backward for a reversed
   * path.
   */
  readonly index: number;
  /** The first point. A basepoint is point −1. */
  readonly from: number;
}

/** How the items of a section are made; see {@link Cut}. */
export type Order = "stretches" | "lengths" | "batch";

/** The items of a section of a call's paths. */
export class Cut {
  readonly call: Call;
  /** First path of the section, and the path after its last. */
  readonly first: number;
  readonly end: number;
  /** Number of items: paths, or more if some are cut. */
  readonly count: number;
  /** Number of items that are whole paths; the items after them are stretches. */
  readonly wholes: number;
  /** The path of each item, as index in the batch; `undefined`: in the order of the batch. */
  readonly paths: Uint32Array | undefined;
  /** For each item from `wholes` on, the index of its stretch. */
  readonly #indices: Uint32Array | undefined;

  /**
   * @param end - upper bound of the section's end
   * @param order - "stretches": cut long paths and sort items by length; "lengths": only sort;
   *   "batch": paths in the order of the batch
   */
  constructor(call: Call, first: number, end = call.batch, order: Order = "stretches") {
    this.call = call;
    this.first = first;
    this.end = Math.min(end, first + sectionPaths);
    const { paths, wholes, indices } = itemsOf(call, first, this.end, order);
    this.paths = paths;
    this.#indices = indices;
    this.count = paths?.length ?? this.end - first;
    this.wholes = wholes;
  }

  /**
   * Whether the items are the section's paths in order, each with all points of the shape,
   * contiguous in the input.
   */
  get inOrder(): boolean {
    return this.paths === undefined && this.call.paths.starts === undefined && this.call.lengths === undefined;
  }

  /** The path of an item, as index in the batch. */
  pathOf(item: number): number {
    return this.paths === undefined ? this.first + item : (this.paths[item] as number);
  }

  /**
   * Number of points that an item stages: for a path without its basepoint, for a stretch with it.
   */
  pointsOf(item: number): number {
    const path = this.pathOf(item);
    if (item < this.wholes) return lengthOf(this.call, path);
    const [from, to] = this.#ends(item, path);
    return to - from + 1;
  }

  /** Capacity, in points, that an item needs in a block. Items are in ascending order of it. */
  capacityOf(item: number): number {
    const { call } = this;
    // A stream has the same number of rows for every path.
    if (call.stream) return call.points;
    if (this.paths === undefined) return call.points;
    const path = this.pathOf(item);
    const points =
      item < this.wholes ? lengthOf(call, path) : Math.ceil(stepsOf(call, path) / stretchesIn(call, path)) + 1;
    return capacityFor(points);
  }

  /** Position in its path of an item from `wholes` on. */
  stretchOf(item: number): Stretch {
    const from = this.#ends(item, this.pathOf(item))[0] - this.call.ahead;
    return { index: this.#indexOf(item), from };
  }

  #indexOf(item: number): number {
    return (this.#indices as Uint32Array)[item - this.wholes] as number;
  }

  /** First and last point of a stretch, where a basepoint counts as point 0. */
  #ends(item: number, path: number): readonly [number, number] {
    const { call } = this;
    const steps = stepsOf(call, path);
    const n = stretchesIn(call, path);
    const k = this.#indexOf(item);
    const from = stretchStart(k, n, steps);
    const to = stretchStart(k + 1, n, steps);
    return call.inverse ? [steps - to, steps - from] : [from, to];
  }

  /** Number of items from `first` on that make a block. Whole paths and stretches are not mixed. */
  blockAt(first: number, budget: Budget): number {
    const { call } = this;
    const { channels, bytes, row, rows, size, stream } = call;
    const steps = stream ? streamSteps(call, budget) : 1;
    const end = first < this.wholes ? this.wholes : this.count;
    const rest = end - first;
    const output = (first < this.wholes ? (stream ? Math.min(rows, steps) : 1) * row : size) * bytes;
    // A stream that is cut in time stages the points of a segment and its starting point.
    const most = stream && steps < rows ? steps + 1 : Number.POSITIVE_INFINITY;
    const fitting = (capacity: number) =>
      pathsOfBlock(budget, Math.min(capacity, most) * channels * bytes, output, rest);
    if (this.paths === undefined) return fitting(call.points);
    // Ascending order: the last item determines how much each item of the block stages.
    if (fitting(this.capacityOf(end - 1)) === rest) return rest;
    let count = Math.min(lanes, rest);
    while (count + lanes <= rest && fitting(this.capacityOf(first + count + lanes - 1)) >= count + lanes)
      count += lanes;
    return count;
  }
}

/** Number of steps of a path, with the one from its basepoint. */
export const stepsOf = (call: Call, path: number): number => lengthOf(call, path) - 1 + call.ahead;

/**
 * Number of stretches of a path. The step from a basepoint does not count, so it never changes
 * whether a path is cut.
 */
export function stretchesIn(call: Call, path: number): number {
  if (call.stream) return 1;
  const longest = longestStretch(call.channels);
  return lengthOf(call, path) - 1 <= longest ? 1 : stretchesOf(stepsOf(call, path), longest);
}

/** Whether any path of a call is cut into stretches. */
export const hasStretches = (call: Call): boolean => !call.stream && call.points - 1 > longestStretch(call.channels);

/** Limit on the number of distinct sort keys. */
const mostKeys = 65536;

/** Maps lengths to keys of a table of bounded size. */
function roughly(lengths: Uint32Array, longest: number): Uint32Array {
  const step = Math.ceil(longest / mostKeys);
  return step === 1 ? lengths : lengths.map((length) => Math.floor(length / step));
}

interface Items {
  readonly paths: Uint32Array | undefined;
  readonly wholes: number;
  readonly indices: Uint32Array | undefined;
}

function itemsOf(call: Call, first: number, end: number, kind: Order): Items {
  const count = end - first;
  let keys = kind === "batch" ? undefined : call.lengths?.subarray(first, end);
  let items = count;
  let wholes = count;
  const isCut = kind === "stretches" && hasStretches(call);
  if (isCut) {
    // Uncut paths by length, then cut ones by the length of their stretches. The stretches of a
    // path stay adjacent and in order.
    const most = longestStretch(call.channels) + 2;
    keys = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const n = stretchesIn(call, first + i);
      items += n - 1;
      if (n > 1) wholes -= 1;
      keys[i] = n === 1 ? lengthOf(call, first + i) : most + Math.ceil(stepsOf(call, first + i) / n);
    }
  }
  if (keys === undefined) return { paths: undefined, wholes, indices: undefined };
  const order = orderByKey(isCut ? keys : roughly(keys, call.points));
  const paths = new Uint32Array(items);
  const indices = new Uint32Array(items - wholes);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const path = (order[i] as number) + first;
    const n = isCut ? stretchesIn(call, path) : 1;
    for (let k = 0; k < n; k++, at++) {
      paths[at] = path;
      if (n > 1) indices[at - wholes] = k;
    }
  }
  return { paths, wholes, indices };
}
