// The items of a call: what is computed on its own, in the order in which blocks take it. An item is a path, or a stretch of a
// path that is too long for one piece. Items of similar length stand together, so that the lanes of a vector end together and a
// block stages little padding. Says which paths and points; copies and computes nothing.

import { type Call, lengthOf } from "../input/call.ts";
import {
  type Budget,
  lanes,
  longestStretch,
  pathsOfBlock,
  roomFor,
  streamSteps,
  stretchesOf,
  stretchStart,
} from "./blocks.ts";
import { orderByKey } from "./order.ts";

/** Paths that are brought into order together: enough that lengths lie close, few enough that it takes no time to speak of. */
const windowPaths = 16384;

/** Where a stretch of a path lies. */
export interface Stretch {
  /** Which of the path's stretches, in the order of the product: in time, or against it for a path run backwards. */
  readonly index: number;
  /** The first point. A basepoint is point −1. */
  readonly from: number;
}

/** How the items of a window are made; see {@link Cut}. */
export type Order = "stretches" | "lengths" | "batch";

/** The items of a window of a call's paths. */
export class Cut {
  readonly call: Call;
  /** The window's first path, and the path after its last. */
  readonly first: number;
  readonly end: number;
  /** Items: paths, or more where some are cut. */
  readonly count: number;
  /** Items that are whole paths; from here on they are stretches. */
  readonly wholes: number;
  /** The path of each item, counted in the batch; `undefined`: in the order of the batch. */
  readonly paths: Uint32Array | undefined;
  /** Of the items from `wholes` on: which stretch of its path each is. */
  readonly #indices: Uint32Array | undefined;

  /**
   * @param end - where the window ends at the latest
   * @param order - "stretches": long paths are cut, items of similar length stand together; "lengths":
   *   the latter alone; "batch": paths as they stand in the batch
   */
  constructor(call: Call, first: number, end = call.batch, order: Order = "stretches") {
    this.call = call;
    this.first = first;
    this.end = Math.min(end, first + windowPaths);
    const { paths, wholes, indices } = itemsOf(call, first, this.end, order);
    this.paths = paths;
    this.#indices = indices;
    this.count = paths?.length ?? this.end - first;
    this.wholes = wholes;
  }

  /** Whether items are the window's paths in their own order, each with all points of the shape, side by side in the input. */
  get inOrder(): boolean {
    return this.paths === undefined && this.call.paths.starts === undefined && this.call.lengths === undefined;
  }

  /** Path of an item, counted in the batch. */
  pathOf(item: number): number {
    return this.paths === undefined ? this.first + item : (this.paths[item] as number);
  }

  /** Points that an item stages: of a path without its basepoint, of a stretch with it. */
  pointsOf(item: number): number {
    const path = this.pathOf(item);
    if (item < this.wholes) return lengthOf(this.call, path);
    const [from, to] = this.#ends(item, path);
    return to - from + 1;
  }

  /** Points that an item needs room for in a block. Never fewer than an item's before it. */
  roomOf(item: number): number {
    const { call } = this;
    // A stream has as many rows for every path.
    if (call.stream) return call.points;
    if (this.paths === undefined) return call.points;
    const path = this.pathOf(item);
    const points =
      item < this.wholes ? lengthOf(call, path) : Math.ceil(stepsOf(call, path) / stretchesIn(call, path)) + 1;
    return roomFor(points);
  }

  /** Where an item from `wholes` on lies in its path. */
  stretchOf(item: number): Stretch {
    const from = this.#ends(item, this.pathOf(item))[0] - this.call.ahead;
    return { index: this.#indexOf(item), from };
  }

  #indexOf(item: number): number {
    return (this.#indices as Uint32Array)[item - this.wholes] as number;
  }

  /** First and last point of a stretch, the basepoint counted as point 0 where there is one. */
  #ends(item: number, path: number): readonly [number, number] {
    const { call } = this;
    const steps = stepsOf(call, path);
    const n = stretchesIn(call, path);
    const k = this.#indexOf(item);
    const from = stretchStart(k, n, steps);
    const to = stretchStart(k + 1, n, steps);
    return call.inverse ? [steps - to, steps - from] : [from, to];
  }

  /** How many items from `first` on make a block. Whole paths and stretches share none. */
  blockAt(first: number, budget: Budget): number {
    const { call } = this;
    const { channels, bytes, row, rows, size, stream } = call;
    const steps = stream ? streamSteps(call, budget) : 1;
    const end = first < this.wholes ? this.wholes : this.count;
    const rest = end - first;
    const output = (first < this.wholes ? (stream ? Math.min(rows, steps) : 1) * row : size) * bytes;
    // A stream that is cut in time stages a segment's points, and one more for where it starts.
    const most = stream && steps < rows ? steps + 1 : Number.POSITIVE_INFINITY;
    const fitting = (room: number) => pathsOfBlock(budget, Math.min(room, most) * channels * bytes, output, rest);
    if (this.paths === undefined) return fitting(call.points);
    // Ascending: the last item decides what each of the block stages.
    if (fitting(this.roomOf(end - 1)) === rest) return rest;
    let count = Math.min(lanes, rest);
    while (count + lanes <= rest && fitting(this.roomOf(first + count + lanes - 1)) >= count + lanes) count += lanes;
    return count;
  }
}

/** Steps of a path, the basepoint's included. */
export const stepsOf = (call: Call, path: number): number => lengthOf(call, path) - 1 + call.ahead;

/** Stretches that a path is cut into. The basepoint's step does not decide whether it is cut, so that it never changes a short path's way. */
export function stretchesIn(call: Call, path: number): number {
  if (call.stream) return 1;
  const longest = longestStretch(call.channels);
  return lengthOf(call, path) - 1 <= longest ? 1 : stretchesOf(stepsOf(call, path), longest);
}

/** Whether some path of a call is cut into stretches. */
export const hasStretches = (call: Call): boolean => !call.stream && call.points - 1 > longestStretch(call.channels);

/** More different lengths than this are not told apart. */
const mostKeys = 65536;

/** Lengths as keys of a table of bounded size. */
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
    // Uncut paths by their lengths, then cut ones by those of their stretches; a path's stretches stay side by side, in order.
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
