// The tasks of signature kernels: tiles of a Gram matrix, or runs of pairs. The tiles of a call
// depend on its paths alone, so sums over tiles, taken in their order, are the same on any number
// of threads.

import { copyIn, FLOAT32, type Numbers } from "../input/arrays.ts";
import { type Checks, numbersAtOnce } from "../input/finite.ts";
import { heapOf, Layout, type Memory, writeHead, writeRegion } from "../run/head.ts";
import { Job } from "../run/job.ts";
import type { Sink } from "../run/operation.ts";
import type { Task } from "../run/task.ts";
import { code } from "../wasm/abi.ts";
import { beyondThread, inspectKernels, type KernelCall, type ReadOrders, type Side } from "./signature-kernel-call.ts";

/** Codes, option bits and regions of the operations (crates/wasm/src/ops/signature_kernel.rs). */
const KERNEL = 32;
const KERNEL_VJP = 33;
const PAIRS = 4;
const TRIANGLE = 8;
const LEAST = 16;
const [X, Y, Y_LENGTHS, OUT, COTANGENTS, BOUNDS, X_BAR, Y_BAR, PARAMETERS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

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

const from = (order: Uint32Array | undefined, first: number, end: number): ArrayLike<number> =>
  order === undefined ? Uint32Array.from({ length: end - first }, (_, i) => first + i) : order.subarray(first, end);

const longest = (side: Side, paths: ArrayLike<number>): number => {
  let points = 1;
  for (let i = 0; i < paths.length; i++) points = Math.max(points, side.lengthOf(paths[i] as number));
  return points;
};

/** Paths of x and of y in a tile. */
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
    this.#tiles = this.#list(parts);
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

  *#list(parts: readonly Part[]): Generator<Tile> {
    let index = 0;
    for (const part of parts) {
      const { x, y, pairs, triangle } = part;
      const size = pathsOfTile(part, this.#call);
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
}

/** A tile as a task. */
class TileTask implements Task {
  readonly isLight = false;
  readonly jobs: readonly [KernelJob];
  readonly #tile: Tile;
  readonly #layout = new Layout();
  readonly #parameters: number;
  readonly #bounds: number;
  readonly #lengths: readonly [number, number];
  readonly #points: readonly [number, number];
  readonly #cotangents: number;
  readonly #output: number;
  readonly #outputs: readonly [number, number];

  constructor(job: KernelJob, tile: Tile) {
    this.jobs = [job];
    this.#tile = tile;
    const { bytes, channels } = job.call;
    const { part, xs, ys, points } = tile;
    const layout = this.#layout;
    const kernels = part.pairs ? xs.length : xs.length * ys.length;
    const numbers = [xs.length * points[0] * channels, ys.length * points[1] * channels] as const;
    this.#parameters = layout.add(24);
    this.#bounds = layout.add(part.orders === "auto" ? 8 * (xs.length + ys.length) : 0);
    this.#lengths = [layout.add(part.x.lengths ? 4 * xs.length : 0), layout.add(part.y.lengths ? 4 * ys.length : 0)];
    this.#points = [layout.add(numbers[0] * bytes), layout.add(numbers[1] * bytes)];
    this.#cotangents = layout.add(part.cotangent ? kernels * bytes : 0);
    this.#output = layout.end;
    this.#outputs =
      part.wanted === undefined
        ? [layout.add(kernels * bytes), 0]
        : [layout.add(part.wanted[0] ? numbers[0] * bytes : 0), layout.add(part.wanted[1] ? numbers[1] * bytes : 0)];
  }

  get bytes(): number {
    return this.#layout.end;
  }

  get name(): string {
    const { xs, ys, part } = this.#tile;
    const named = (side: Side, paths: ArrayLike<number>) => `${side.name} ${paths[0]}…${paths[paths.length - 1]}`;
    return `kernels of ${named(part.x, xs)} and ${named(part.y, ys)}`;
  }

  writeHead(u32: Uint32Array, at: number): void {
    const call = this.jobs[0].call as KernelCall;
    const { part, xs, ys, points, triangle } = this.#tile;
    const { degree, kernel } = call.scheme;
    const [a, b] = part.orders === "auto" ? call.orders : part.orders;
    const flags = (part.pairs ? PAIRS : 0) | (triangle ? TRIANGLE : 0) | (part.orders === "auto" ? LEAST : 0);
    writeHead(u32, at, {
      operation: part.cotangent ? KERNEL_VJP : KERNEL,
      dtype: call.dtype,
      channels: call.channels,
      depth: points[1],
      options: degree | flags | (a << 8) | (b << 16) | (kernel.code << 24),
      batch: xs.length,
      points: points[0],
      lengths: this.#lengths[0],
      row: ys.length,
      staged: this.#output,
      output: this.#output,
      end: this.#layout.end,
    });
    const regions: readonly (readonly [number, number])[] = [
      [X as number, this.#points[0]],
      [Y as number, this.#points[1]],
      [Y_LENGTHS as number, this.#lengths[1]],
      [COTANGENTS as number, this.#cotangents],
      [BOUNDS as number, this.#bounds],
      [PARAMETERS as number, this.#parameters],
      [(part.wanted ? X_BAR : OUT) as number, this.#outputs[0]],
      [Y_BAR as number, this.#outputs[1]],
    ];
    for (const [region, offset] of regions) writeRegion(u32, at, region, offset, 0);
  }

  stage(memory: Memory, at: number): void {
    const call = this.jobs[0].call as KernelCall;
    const { part, xs, ys, points, triangle } = this.#tile;
    const { u32, f64 } = memory;
    const heap = heapOf(memory, call.dtype);
    this.writeHead(u32, at);
    f64.set(call.scheme.kernel.parameters, (at + this.#parameters) / 8);
    for (const [i, side, paths] of [[0, part.x, xs] as const, [1, part.y, ys] as const]) {
      const capacity = points[i] * call.channels;
      const { view, kind } = side.paths;
      const lengthsAt = (at + this.#lengths[i]) / 4;
      const boundsAt = (at + this.#bounds) / 8 + i * xs.length;
      const bounds = part.orders === "auto" ? side.bounds(call.scheme.kernel).each : undefined;
      let to = (at + this.#points[i]) / call.bytes;
      for (let k = 0; k < paths.length; k++, to += capacity) {
        const path = paths[k] as number;
        const length = side.lengthOf(path);
        copyIn(view, kind, side.startOf(path), length * call.channels, heap, to);
        if (side.lengths) u32[lengthsAt + k] = length;
        if (bounds) f64[boundsAt + k] = bounds[path] as number;
      }
    }
    const { cotangent } = part;
    if (cotangent === undefined) return;
    let to = (at + this.#cotangents) / call.bytes;
    for (let a = 0; a < xs.length; a++) {
      for (let b = part.pairs ? a : 0; b < (part.pairs ? a + 1 : ys.length); b++)
        heap[to++] = triangle && b < a ? 0 : cotangent(xs[a] as number, ys[b] as number);
    }
  }

  take(memory: Memory, at: number): void {
    const [job] = this.jobs;
    if (job.cancelled) return;
    const { bytes, dtype } = job.call;
    const [first, second] = this.#outputs;
    this.#tile.part.sink.put(this.#tile, heapOf(memory, dtype), (at + first) / bytes, (at + second) / bytes);
    job.finished();
  }

  separate(): readonly Task[] {
    return [this];
  }
}

/** A sink of tiles only. */
abstract class OfTiles implements TileSink {
  abstract put(tile: Tile, heap: Numbers, at: number, second: number): void;
  take(): never {
    throw new Error("kernels come in tiles");
  }
}

/** The kernels as an array: (x, y), or one a pair. */
export class KernelSink extends OfTiles {
  readonly data: Numbers;
  readonly #columns: number;

  constructor(data: Numbers, columns: number) {
    super();
    this.data = data;
    this.#columns = columns;
  }

  put({ part, xs, ys, triangle }: Tile, heap: Numbers, at: number): void {
    const { data } = this;
    const columns = this.#columns;
    for (let a = 0; a < xs.length; a++) {
      const i = xs[a] as number;
      if (part.pairs) {
        data[i] = heap[at + a] as number;
        continue;
      }
      for (let b = triangle ? a : 0; b < ys.length; b++) {
        const j = ys[b] as number;
        const value = heap[at + a * ys.length + b] as number;
        data[i * columns + j] = value;
        if (part.triangle) data[j * columns + i] = value;
      }
    }
  }
}

/** Takes tiles in their order; those that arrive early wait. */
abstract class InOrder extends OfTiles {
  #next: number;
  readonly #early = new Map<number, () => void>();

  /** @param first - index of the first tile */
  constructor(first: number) {
    super();
    this.#next = first;
  }

  protected inOrder(index: number, now: () => void, later: () => () => void): void {
    if (index !== this.#next) {
      this.#early.set(index, later());
      return;
    }
    now();
    this.#next += 1;
    for (let early = this.#early.get(this.#next); early; early = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      early();
      this.#next += 1;
    }
  }
}

/** The sum of weighted kernels, in float64. */
export class WeightedSink extends InOrder {
  sum = 0;
  readonly #weight: (tile: Tile, i: number, j: number) => number;

  constructor(weight: (tile: Tile, i: number, j: number) => number) {
    super(0);
    this.#weight = weight;
  }

  put(tile: Tile, heap: Numbers, at: number): void {
    const { part, xs, ys, triangle } = tile;
    let sum = 0;
    for (let a = 0; a < xs.length; a++) {
      for (let b = part.pairs ? a : triangle ? a : 0; b < (part.pairs ? a + 1 : ys.length); b++) {
        const value = heap[at + (part.pairs ? a : a * ys.length + b)] as number;
        sum += this.#weight(tile, xs[a] as number, ys[b] as number) * value;
      }
    }
    const add = () => {
      this.sum += sum;
    };
    this.inOrder(tile.index, add, () => add);
  }
}

/** Gradients of x and of y, added up in float64 where paths occur in several tiles. */
export class KernelGradients extends InOrder {
  readonly #call: KernelCall;
  readonly #sums: ReadonlyMap<Side, Numbers>;

  constructor(call: KernelCall, sides: readonly Side[]) {
    super(0);
    this.#call = call;
    const numbers = ({ paths }: Side) => paths.batch * paths.points * paths.channels;
    const isSingle = call.pairs && !call.isSymmetric && call.dtype === FLOAT32;
    this.#sums = new Map(
      sides.map((side) => [side, isSingle ? new Float32Array(numbers(side)) : new Float64Array(numbers(side))]),
    );
  }

  put({ part, index, xs, ys, points }: Tile, heap: Numbers, at: number, second: number): void {
    const { channels } = this.#call;
    const [x, y] = part.wanted ?? [false, false];
    const add = (first: Numbers, at: number, other: Numbers, second: number) => {
      if (x) this.#add(part.x, xs, points[0], first, at);
      if (y) this.#add(part.y, ys, points[1], other, second);
    };
    const later = () => {
      const first = heap.slice(at, at + xs.length * points[0] * channels);
      const other = heap.slice(second, second + ys.length * points[1] * channels);
      return () => add(first, 0, other, 0);
    };
    this.inOrder(index, () => add(heap, at, heap, second), later);
  }

  #add(side: Side, paths: ArrayLike<number>, points: number, heap: Numbers, at: number): void {
    const to = this.#sums.get(side) as Numbers;
    const { channels } = this.#call;
    for (let k = 0; k < paths.length; k++) {
      const path = paths[k] as number;
      const [start, count] = [path * side.paths.points * channels, side.lengthOf(path) * channels];
      for (let i = 0, read = at + k * points * channels; i < count; i++)
        (to[start + i] as number) += heap[read + i] as number;
    }
  }

  /** The gradient of one side, in the call's number type. */
  of(side: Side): Numbers {
    const sum = this.#sums.get(side) as Numbers;
    return this.#call.dtype === FLOAT32 && sum instanceof Float64Array ? Float32Array.from(sum) : sum;
  }
}
