// `createSignatureIntervals`: the signature of any interval of a long path, without walking it.
//
// The path is cut into blocks, blocks into chunks. Kept are the signatures from the beginning of a
// block to each of its chunks and, as those of the reversed path, from its end back to each; and
// products of blocks in a disjoint sparse table: on level h, from the middle of each group of
// 2^(h + 1) blocks to each block of the group, either way. So an interval is what is left of its
// first block, two products of blocks, and what is left of its last one. No inverse is taken:
// a reversed path has the antipode of the signature, which is a permutation with signs.

import { allocateNumbers, copyIn, type DType, type DTypeIndex, firstNonFinite, type Numbers } from "../input/arrays.ts";
import { countOf, describe, failure, rangeError, typeError } from "../input/errors.ts";
import { notFinite } from "../input/finite.ts";
import { type OptionName, type ReadOptions, readOptions } from "../input/options.ts";
import { type Paths, readPaths } from "../input/paths.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import { describeShape, lengthOfList } from "../input/shape.ts";
import { sizeInRange } from "../input/size.ts";
import { type Signatures, SignatureTensor } from "../input/tensor.ts";
import type { DTypeOf } from "../input/types.ts";
import { SIGNATURE } from "../operations/signature.ts";
import { COMBINE } from "../run/product.ts";
import { INVERSE, region, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { KeptTask } from "./kept-task.ts";
import { reversedWords } from "./reversed-words.ts";

/** Options of `createSignatureIntervals`. Unknown options are rejected. */
export interface SignatureIntervalsOptions<T extends DType = DType> {
  /**
   * N, the level at which signatures are truncated: a whole number, at least 1.
   *
   * @example depth: 3
   */
  readonly depth: number;
  /**
   * Number type of computation and results. Default: float32 if the path is, else float64.
   *
   * @example dtype: "float64"
   */
  readonly dtype?: T | undefined;
  /**
   * Whether channels precede points: "channels-first". Default "channels-last".
   *
   * @example layout: "channels-first"
   */
  readonly layout?: "channels-last" | "channels-first" | undefined;
}

/** Intervals [from, to) of points: pairs, or their numbers one after the other. */
export type Intervals = readonly (readonly [number, number])[] | Int32Array | Uint32Array | Float64Array;

/** Signatures of intervals of a path. Created by `createSignatureIntervals`. */
export interface SignatureIntervals<T extends DType = DType> {
  readonly channels: number;
  readonly depth: number;
  /** Number of points of the path. */
  readonly length: number;
  /**
   * The signatures of the points [from, to) of each interval, (intervals, size).
   * @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE, STREAM_CLOSED
   */
  query(intervals: Intervals): Signatures<T>;
  /** Frees the memory. Further calls throw STREAM_CLOSED. May be called again. */
  [Symbol.dispose](): void;
}

/** The type of `createSignatureIntervals`. */
export interface CreateSignatureIntervalsFunction {
  /**
   * Prepares a path for signatures of intervals of it, of shape (length, channels) to (intervals,
   * size): a query takes about as long as 64 steps and four products, however long its interval is.
   * Preparing takes five to fourteen signatures of the path, and memory for one each 16 points.
   * Results differ from `signature` with `windows` by rounding. Synchronous, on the calling thread.
   *
   * @param path - one path, (length, channels), in any form that `signature` takes. It is copied.
   * @param options - `depth`, and the optional {@link SignatureIntervalsOptions}.
   * @throws PathSignatureError as `signature`; PATHS_RANK for a batch
   *
   * @example
   * using intervals = createSignatureIntervals(path, { depth: 3 });
   * intervals.query([[0, 1000], [250, 90_000]]).shape; // [2, 39] for 3 channels
   */
  <P extends Paths, T extends DType = DTypeOf<P>>(
    path: P,
    options: SignatureIntervalsOptions<T>,
  ): SignatureIntervals<T>;
}

/** Steps of a chunk, chunks of a block. */
const chunk = 32;
const chunks = 32;
const block = chunk * chunks;
/** Blocks that are walked together, and intervals. */
const atOnce = 64;

/** Positions of the regions in tasks. */
const [POINTS, STATE, OUT] = [0, 1, 2];

/** Whether the signature from point a to point e is computed from its points alone. */
const isShort = (a: number, e: number): boolean => e - a <= chunk || Math.floor(a / block) === Math.floor(e / block);

class IntervalsOfPath implements SignatureIntervals {
  readonly channels: number;
  readonly depth: number;
  readonly length: number;
  readonly #dtype: DTypeIndex;
  readonly #size: number;
  readonly #points: Numbers;
  readonly #reversed: Int32Array;
  /** Blocks, and those that are whole. */
  readonly #blocks: number;
  readonly #whole: number;
  /** Signatures of `chunk * j` steps at the beginning of each block, and back from its end. */
  readonly #prefixes: Numbers[] = [];
  readonly #suffixes: Numbers[] = [];
  /** Products of whole blocks. */
  readonly #table: Numbers[] = [];
  readonly #forward: KeptTask;
  readonly #backward: KeptTask;
  readonly #short: KeptTask;
  readonly #product: KeptTask;
  #isClosed = false;

  constructor(instance: Instance, path: ReadPaths, dtype: DTypeIndex, depth: number, size: number) {
    const { points, channels, view, kind } = path;
    this.channels = channels;
    this.depth = depth;
    this.length = points;
    this.#dtype = dtype;
    this.#size = size;
    this.#points = allocateNumbers(dtype, points * channels, "path");
    copyIn(view, kind, 0, points * channels, this.#points, 0);
    this.#reversed = reversedWords(channels, depth, size);
    this.#blocks = Math.ceil((points - 1) / block);
    this.#whole = Math.floor((points - 1) / block);
    const walk = (options: number, batch: number, steps: number) => {
      const shape = { operation: SIGNATURE, dtype, channels, depth, options, batch, points: steps + 1 };
      return new KeptTask(instance, shape, [
        { region: region.PATHS, stride: channels, numbers: batch * (steps + 1) * channels },
        { region: region.INITIAL, stride: size, numbers: batch * size },
        { region: region.OUT, stride: size, numbers: batch * size },
      ]);
    };
    this.#forward = walk(0, atOnce, chunk);
    this.#backward = walk(INVERSE, atOnce, chunk);
    this.#short = walk(0, 1, block);
    this.#product = new KeptTask(
      instance,
      { operation: COMBINE, dtype, channels, depth, options: 0, batch: 4, points: 0 },
      [{ region: region.PATHS, stride: size, numbers: 4 * size }],
    );
    // The product overwrites the first row.
    this.#product.set(word.REGIONS + 2 * region.OUT, this.#product.offset(0));
    this.#build();
  }

  #build(): void {
    const size = this.#size;
    const all = (blocks: number) => Array.from({ length: chunks + 1 }, () => this.#numbers(blocks * size));
    this.#prefixes.push(...all(this.#blocks));
    this.#suffixes.push(...all(this.#whole));
    for (let first = 0; first < this.#blocks; first += atOnce) {
      this.#walkBlocks(this.#forward, this.#prefixes, first, Math.min(atOnce, this.#blocks - first));
      if (first < this.#whole)
        this.#walkBlocks(this.#backward, this.#suffixes, first, Math.min(atOnce, this.#whole - first));
    }
    this.#table.push(this.#prefixes[chunks] as Numbers);
    for (let half = 2; half < this.#whole; half *= 2) {
      const level = this.#numbers(this.#whole * size);
      const blocks = this.#table[0] as Numbers;
      for (let middle = half; middle < this.#whole; middle += 2 * half) {
        for (let i = middle - 1; i >= middle - half; i--)
          this.#extend(level, i, i < middle - 1 ? i + 1 : -1, blocks, true);
        for (let i = middle; i < Math.min(middle + half, this.#whole); i++)
          this.#extend(level, i, i > middle ? i - 1 : -1, blocks, false);
      }
      this.#table.push(level);
    }
  }

  #numbers(count: number): Numbers {
    return allocateNumbers(this.#dtype, count, "path");
  }

  /** Row i of a level of the table: block i ahead of another row, or behind it. */
  #extend(level: Numbers, i: number, other: number, blocks: Numbers, isAhead: boolean): void {
    const size = this.#size;
    if (other < 0) {
      level.set(blocks.subarray(i * size, (i + 1) * size), i * size);
      return;
    }
    const { heap } = this.#product;
    const at = this.#product.at(0);
    heap.set(blocks.subarray(i * size, (i + 1) * size), at + (isAhead ? 0 : size));
    heap.set(level.subarray(other * size, (other + 1) * size), at + (isAhead ? size : 0));
    const done = this.#multiply(2);
    level.set(done.subarray(at, at + size), i * size);
  }

  /** Multiplies the first rows of the product's region. @returns the heap with the product */
  #multiply(rows: number): Numbers {
    this.#product.set(word.BATCH, rows);
    this.#product.run();
    return this.#product.heap;
  }

  /** Walks blocks chunk by chunk, from their beginning, or from their end. */
  #walkBlocks(task: KeptTask, rows: readonly Numbers[], first: number, count: number): void {
    const [d, size] = [this.channels, this.#size];
    const isBackward = task === this.#backward;
    const width = (chunk + 1) * d;
    task.heap.fill(0, task.at(STATE), task.at(STATE) + count * size);
    for (let j = 1; j <= chunks; j++) {
      const from = isBackward ? block - j * chunk : (j - 1) * chunk;
      let there = count;
      // The last block may end before.
      while (there > 0 && (first + there - 1) * block + from + chunk >= this.length) there -= 1;
      if (there === 0) return;
      const { heap } = task;
      const at = task.at(POINTS);
      for (let i = 0; i < there; i++) {
        const begin = ((first + i) * block + from) * d;
        heap.set(this.#points.subarray(begin, begin + width), at + i * width);
      }
      task.set(word.BATCH, there);
      task.run();
      const out = task.at(OUT);
      (rows[j] as Numbers).set(task.heap.subarray(out, out + there * size), first * size);
      task.swap(STATE, OUT);
    }
  }

  query(intervals: Intervals): Signatures {
    if (this.#isClosed)
      throw failure("STREAM_CLOSED", "intervals", "signatures of intervals that were disposed of", "open ones");
    const bounds = readIntervals(intervals, this.length);
    const count = bounds.length / 2;
    const out = allocateNumbers(this.#dtype, count * this.#size, "intervals");
    for (let first = 0; first < count; first += atOnce) this.#some(bounds, first, Math.min(count, first + atOnce), out);
    const { channels, depth } = this;
    return new SignatureTensor(out, [count, this.#size], this.#dtype, channels, depth, false, false, undefined);
  }

  /** Signatures of some intervals. */
  #some(bounds: Float64Array, first: number, end: number, out: Numbers): void {
    const size = this.#size;
    let long = 0;
    for (let i = first; i < end; i++) {
      const [a, e] = [bounds[2 * i] as number, (bounds[2 * i + 1] as number) - 1];
      if (isShort(a, e)) this.#walk(a, e, out, i * size);
      else this.#stage(long++, a, e);
    }
    if (long === 0) return;
    for (const task of [this.#forward, this.#backward]) {
      task.set(word.BATCH, long);
      task.run();
    }
    for (let i = first, k = 0; i < end; i++) {
      const [a, e] = [bounds[2 * i] as number, (bounds[2 * i + 1] as number) - 1];
      if (!isShort(a, e)) this.#join(k++, a, e, out, i * size);
    }
  }

  /** The signature of a short interval, from its points. */
  #walk(a: number, e: number, out: Numbers, to: number): void {
    const [d, size] = [this.channels, this.#size];
    const task = this.#short;
    task.set(word.POINTS, e - a + 1);
    task.heap.set(this.#points.subarray(a * d, (e + 1) * d), task.at(POINTS));
    task.run();
    const at = task.at(OUT);
    const { heap } = task;
    for (let i = 0; i < size; i++) out[to + i] = heap[at + i] as number;
  }

  /** Stages what is left of the first block, and of the last one, as interval k of the tasks. */
  #stage(k: number, a: number, e: number): void {
    const p = Math.ceil(a / block);
    const q = Math.floor(e / block);
    const before = Math.floor((p * block - a) / chunk);
    const behind = Math.floor((e - q * block) / chunk);
    this.#stagePart(this.#backward, k, a, p * block - before * chunk, this.#suffixes[before] as Numbers, p - 1, before);
    this.#stagePart(this.#forward, k, q * block + behind * chunk, e, this.#prefixes[behind] as Numbers, q, behind);
  }

  /** Steps from point a to point e, fewer than a chunk, and the row that they continue. */
  #stagePart(task: KeptTask, k: number, a: number, e: number, rows: Numbers, row: number, isThere: number): void {
    const [d, size] = [this.channels, this.#size];
    const { heap } = task;
    const points = this.#points;
    const given = (e - a + 1) * d;
    const rest = (chunk + 1) * d - given;
    const first = task.at(POINTS) + k * (chunk + 1) * d;
    // The rest of a chunk is steps of no length, where the walk ends.
    const isBackward = task === this.#backward;
    const at = isBackward ? first + rest : first;
    for (let i = 0, from = a * d; i < given; i++) heap[at + i] = points[from + i] as number;
    const stop = isBackward ? first : first + given;
    const source = (isBackward ? a : e) * d;
    for (let c = 0; c < d; c++) {
      const x = points[source + c] as number;
      for (let i = c; i < rest; i += d) heap[stop + i] = x;
    }
    const state = task.at(STATE) + k * size;
    if (isThere === 0) heap.fill(0, state, state + size);
    else for (let i = 0, from = row * size; i < size; i++) heap[state + i] = rows[from + i] as number;
  }

  /** The product of the parts of interval k. */
  #join(k: number, a: number, e: number, out: Numbers, to: number): void {
    const size = this.#size;
    const { heap } = this.#product;
    const at = this.#product.at(0);
    const reversed = this.#reversed;
    const before = this.#backward.at(OUT) + k * size;
    for (let i = 0; i < size; i++) {
      const place = reversed[i] as number;
      heap[at + i] = place < 0 ? -(heap[before + ~place] as number) : (heap[before + place] as number);
    }
    let rows = 1;
    const add = (from: Numbers, first: number) => {
      const row = at + rows++ * size;
      for (let i = 0; i < size; i++) heap[row + i] = from[first + i] as number;
    };
    const [p, q] = [Math.ceil(a / block), Math.floor(e / block) - 1];
    if (p === q) add(this.#table[0] as Numbers, p * size);
    else if (p < q) {
      const level = this.#table[31 - Math.clz32(p ^ q)] as Numbers;
      add(level, p * size);
      add(level, q * size);
    }
    add(heap, this.#forward.at(OUT) + k * size);
    const done = this.#multiply(rows);
    for (let i = 0; i < size; i++) out[to + i] = done[at + i] as number;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const task of [this.#forward, this.#backward, this.#short, this.#product]) task.release();
  }
}

/** @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE */
function readIntervals(given: unknown, points: number): Float64Array {
  const length = lengthOfList(given);
  if (length < 0 || length === 0)
    throw typeError("WINDOWS_TYPE", "intervals", describe(given), "intervals [[from, to], …], one or more");
  const isFlat = ArrayBuffer.isView(given);
  if (isFlat && length % 2 !== 0)
    throw rangeError("WINDOWS_RANGE", "intervals", countOf(length, "number"), "two numbers for each interval");
  const bounds = new Float64Array(isFlat ? length : 2 * length);
  for (let i = 0; i < bounds.length / 2; i++) {
    const one = isFlat ? undefined : (given as readonly unknown[])[i];
    const isPair = isFlat || (Array.isArray(one) && one.length === 2);
    const [from, to] = (
      isFlat ? [(given as Float64Array)[2 * i], (given as Float64Array)[2 * i + 1]] : isPair ? one : []
    ) as [unknown, unknown];
    const isWhole = Number.isInteger(from) && Number.isInteger(to);
    if (!isWhole || (from as number) < 0 || (to as number) <= (from as number) || (to as number) > points) {
      const what = isPair ? `[${describe(from)}, ${describe(to)}]` : describe(one);
      const accepted = `[from, to] with 0 ≤ from < to ≤ ${points}, whole numbers`;
      throw rangeError("WINDOWS_RANGE", `intervals[${i}]`, what, accepted);
    }
    bounds[2 * i] = from as number;
    bounds[2 * i + 1] = to as number;
  }
  return bounds;
}

const names: readonly OptionName[] = ["depth", "dtype", "layout"];

/** Makes `createSignatureIntervals` for a runtime. Pure: nothing is loaded before a call. */
export const bindCreateSignatureIntervals = (runtime: Runtime): CreateSignatureIntervalsFunction =>
  ((given: unknown, options: unknown) => {
    const read: ReadOptions = readOptions(options, undefined, names);
    const path = readPaths(given, read.layout, "path");
    const { lead, points, channels, view, kind } = path;
    if (lead.length > 0)
      throw typeError("PATHS_RANK", "path", `a batch of shape ${describeShape(lead)}`, "one path, (length, channels)");
    const dtype = read.dtype === -1 ? path.dtype : read.dtype;
    const found = firstNonFinite(view, kind, dtype, 0, points * channels);
    if (found >= 0) {
      const position = { point: Math.floor(found / channels), channel: found % channels };
      throw notFinite("path", Number(view[found]), position);
    }
    const size = sizeInRange(channels, read.depth, "options.depth");
    return new IntervalsOfPath(runtime.instance(), path, dtype, read.depth, size);
  }) as unknown as CreateSignatureIntervalsFunction;
