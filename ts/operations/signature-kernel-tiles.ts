// How calls of signature kernels are cut: tiles of a Gram matrix, or runs of pairs. The tiles of a
// call depend on its paths alone, so sums over tiles, taken in their order, are the same on any
// number of threads. A tile as a task: signature-kernel-task.ts.

import type { Numbers } from "../input/arrays.ts";
import { type Checks, numbersAtOnce } from "../input/finite.ts";
import { Job } from "../run/job.ts";
import type { Sink } from "../run/operation.ts";
import type { Task } from "../run/task.ts";
import { code } from "../wasm/abi.ts";
import { beyondThread, inspectKernels, type KernelCall } from "./signature-kernel-call.ts";
import type { ReadOrders } from "./signature-kernel-options.ts";
import type { Side } from "./signature-kernel-side.ts";
import { TileTask } from "./signature-kernel-task.ts";

/** The widest vectors hold four paths. */
const lanes = 4;
/** Cells of a tile: a millisecond or two. */
const tileCells = 2 ** 22;
/** Bytes of a tile's paths, unless four of x and of y need more. */
const tileBytes = 2 ** 19;
/** Paths of x and of y in a tile: at most; and at most where there would be few tiles. */
const mostPaths = 128;
const fewPaths = 16;
/** Fewer tiles do not keep threads busy. */
const leastTiles = 8;

/** Kernels that a call needs: of all of x with all of y, or of pairs. */
export interface Part {
  readonly x: Side;
  readonly y: Side;
  readonly pairs: boolean;
  /** Only those with i ≤ j: x and y are the same paths. */
  readonly triangle: boolean;
  readonly orders: ReadOrders;
  /** Absent: the kernels. Else the cotangent of one, whose gradients are wanted. */
  readonly cotangent?: (i: number, j: number) => number;
  /** Gradients that are wanted. */
  readonly wanted?: readonly [x: boolean, y: boolean];
  readonly sink: TileSink;
}

/** A tile: paths of x and of y. Of pairs: the same ones. */
export interface Tile {
  readonly part: Part;
  /** Place in the order of all tiles. */
  readonly index: number;
  readonly xs: ArrayLike<number>;
  readonly ys: ArrayLike<number>;
  /** Whether it lies on the diagonal of a triangle, so that only its own triangle is there. */
  readonly triangle: boolean;
  /** Points of the longest path of x and of y. */
  readonly points: readonly [number, number];
}

/**
 * Receives tiles: (xs, ys) kernels from `at` on, or gradients, (count, points, channels): of x from
 * `at` on, of y from `second` on.
 */
export interface TileSink extends Sink {
  put(tile: Tile, heap: Numbers, at: number, second: number): void;
}

function from(order: Uint32Array | undefined, first: number, end: number): ArrayLike<number> {
  if (order !== undefined) return order.subarray(first, end);
  const paths: number[] = [];
  for (let i = first; i < end; i++) paths.push(i);
  return paths;
}

const longest = (side: Side, paths: ArrayLike<number>): number => {
  let points = 1;
  for (let i = 0; i < paths.length; i++) points = Math.max(points, side.lengthOf(paths[i] as number));
  return points;
};

/** Paths of x and of y in a tile of a task. */
function pathsOfTile({ x, y, orders, triangle }: Part, call: KernelCall): number {
  const cells = x.paths.points * y.paths.points * call.cells(orders);
  const path = Math.max(x.paths.points, y.paths.points) * call.channels * call.bytes;
  const tiles = (paths: number) => (Math.ceil(x.count / paths) * Math.ceil(y.count / paths)) / (triangle ? 2 : 1);
  let paths = mostPaths;
  while (
    paths > lanes &&
    (paths * paths * cells > tileCells ||
      2 * paths * path > tileBytes ||
      (paths > fewPaths && tiles(paths) < leastTiles))
  )
    paths /= 2;
  return paths;
}

/** A call of kernels in the form of tiles. Its sinks are the parts that it needs. */
export class KernelJob extends Job {
  readonly #call: KernelCall;
  readonly #tiles: Iterator<Tile>;
  #next: Tile | undefined;
  /** Tiles that are there, and that are done. */
  #all = 0;
  #finished = 0;
  /** Whether numbers that are not finite have been looked for, or need not be. */
  #isInspected: boolean;

  constructor(...given: ConstructorParameters<typeof Job>) {
    super(...given);
    const [, call, sinks] = given;
    const parts = sinks as readonly unknown[] as readonly Part[];
    this.#call = call as KernelCall;
    this.#isInspected = !call.checkFinite;
    for (const part of parts) this.#all += this.#countOf(part);
    this.#tiles = tilesOf(parts, (part) => pathsOfTile(part, this.#call));
    this.#advance();
  }

  override get key(): undefined {
    return undefined;
  }

  override get hasNext(): boolean {
    return this.#next !== undefined;
  }

  override next(): Task | undefined {
    const tile = this.#next;
    this.#advance();
    return tile && new TileTask(this, tile);
  }

  override inspect(): Checks | undefined {
    if (this.#isInspected) return undefined;
    this.#isInspected = true;
    return inspectKernels(this.#call, numbersAtOnce);
  }

  override refused(refusal: number): Error {
    const isBeyond = refusal === code.UNSUPPORTED || refusal === code.OUT_OF_MEMORY;
    return isBeyond ? beyondThread(this.#call) : super.refused(refusal);
  }

  #advance(): void {
    const { value, done } = this.#tiles.next();
    this.#next = done ? undefined : value;
  }

  /** Records that a tile is done: progress counts paths of x. */
  finished(): void {
    this.#finished += 1;
    const { batch } = this.#call;
    this.done = this.#finished === this.#all ? batch : Math.floor((batch * this.#finished) / this.#all);
  }

  #countOf(part: Part): number {
    const size = pathsOfTile(part, this.#call);
    const columns = Math.ceil(part.y.count / size);
    if (part.pairs) return Math.ceil(part.x.count / (size * size));
    return part.triangle ? (columns * (columns + 1)) / 2 : Math.ceil(part.x.count / size) * columns;
  }
}

/** All tiles, part by part; `sizeOf`: paths of x and of y in a tile of a part. */
export function* tilesOf(parts: readonly Part[], sizeOf: (part: Part) => number): Generator<Tile> {
  let index = 0;
  for (const part of parts) {
    const { x, y, pairs, triangle } = part;
    const size = sizeOf(part);
    const make = (xs: ArrayLike<number>, ys: ArrayLike<number>, isDiagonal: boolean): Tile => {
      const points = [longest(x, xs), longest(y, ys)] as const;
      return { part, index: index++, xs, ys, triangle: isDiagonal, points };
    };
    if (pairs) {
      const order = x.order ?? y.order;
      for (let first = 0; first < x.count; first += size * size) {
        const run = from(order, first, Math.min(x.count, first + size * size));
        yield make(run, run, false);
      }
      continue;
    }
    // In a triangle i ≤ j says which path is x; then lengths have no say.
    const [rows, columns] = triangle ? [undefined, undefined] : [x.order, y.order];
    for (let i = 0; i < x.count; i += size) {
      const xs = from(rows, i, Math.min(x.count, i + size));
      for (let j = triangle ? i : 0; j < y.count; j += size)
        yield make(xs, from(columns, j, Math.min(y.count, j + size)), triangle && i === j);
    }
  }
}
