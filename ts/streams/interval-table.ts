// A path prepared for signatures of intervals. It is cut into chunks, chunks make blocks. A block
// has a disjoint sparse table of its chunks: on level h, from the middle of each group of 2^(h + 1)
// chunks to each chunk of the group, either way; and products from its beginning to each chunk and
// from each chunk to its end. Whole blocks have such a table of their own. So an interval is steps
// before its first chunk, two rows within a block, or four across blocks, and steps behind its last
// chunk. No inverse is taken.
//
// All of it, path and rows, is in the memory of the instance. Chunks and steps beside chunks are
// pieces of the path, all other rows are products (crates/kernels/src/ops/intervals.rs).

import { copyIn, type DTypeIndex, firstNonFinite } from "../input/arrays.ts";
import type { ReadPaths } from "../input/read-paths.ts";
import { code, region, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { KeptTask } from "./kept-task.ts";

/** The operation's code, and the region of the words that say what it computes. */
const INTERVALS = 12;
const WORDS_REGION = 5;

/** Steps of a chunk; chunks of a block, a power of two. */
const chunk = 128;
const chunksOfBlock = 8;
/** Intervals of a run: so many that its rows stay in the cache. */
const intervalsAtOnce = (size: number): number =>
  Math.max(2 * chunksOfBlock, Math.min(512, Math.floor(2 ** 16 / size)));

/** Words of a piece. */
const pieceWords = 3;
/** Factors of the kinds of products: of rows that are kept, and of intervals. */
const factors = [1, 2, 4, 6] as const;
/** Where the words of each kind begin, for each interval of a run, behind two pieces; their end. */
const kindWords = [6, 8, 11, 16, 23] as const;

/** The row of the identity, and the first one of results, behind which those of pieces are. */
const identity = 0;
const results = 1;

/** Positions of the regions in the task. */
const [POINTS, WORDS, ROWS] = [0, 1, 2];

/** The level of a disjoint sparse table on which two places are on either side of a middle. */
const levelOf = (p: number, q: number): number => 31 - Math.clz32(p ^ q);

export class IntervalTable {
  readonly #task: KeptTask;
  readonly #size: number;
  /** Intervals of a run: so many products of each kind, and twice as many pieces. */
  readonly #most: number;
  /** Chunks and blocks that are whole. */
  readonly #chunks: number;
  readonly #blocks: number;
  /** First rows of the levels of blocks' tables, a row a chunk; on the first level the chunks. */
  readonly #levels: readonly number[];
  /** First rows from the beginning of its block to each chunk, and from each to the block's end. */
  readonly #prefixes: number;
  readonly #suffixes: number;
  /** First rows of the levels of the table of blocks from level 1 on. */
  readonly #table: readonly number[];
  /** Words of the memory, and the first one that says what is computed. */
  #words: Uint32Array;
  readonly #firstWord: number;
  /** Pieces to be computed: first points, steps, and rows; and how many have so many steps. */
  readonly #from: Int32Array;
  readonly #steps: Int32Array;
  readonly #to: Int32Array;
  readonly #lengths = new Int32Array(2 * chunk);
  #pieces = 0;
  /** Whether the sums of increments of all pieces so far were finite. */
  #isFinite = true;
  /** Products of each kind to be computed. */
  readonly #products = new Int32Array(factors.length);

  /**
   * A path of two or more channels and levels.
   * @param check - throws if a number is not finite
   * @throws PathSignatureError OUT_OF_MEMORY, and what `check` throws
   */
  constructor(instance: Instance, path: ReadPaths, dtype: DTypeIndex, depth: number, size: number, check: () => void) {
    const { points, channels, view, kind } = path;
    const numbers = points * channels;
    const most = intervalsAtOnce(size);
    this.#size = size;
    this.#most = most;
    this.#from = new Int32Array(2 * most);
    this.#steps = new Int32Array(2 * most);
    this.#to = new Int32Array(2 * most);
    this.#chunks = Math.floor((points - 1) / chunk);
    this.#blocks = Math.floor(this.#chunks / chunksOfBlock);
    const rest = this.#chunks * chunk * channels;
    if (firstNonFinite(view, kind, dtype, rest, numbers - rest) >= 0) check();
    let rows = results + 3 * most;
    const take = (levels: number, count: number) =>
      Array.from({ length: levels }, () => {
        rows += count;
        return rows - count;
      });
    this.#levels = take(Math.log2(chunksOfBlock), this.#chunks);
    [this.#prefixes, this.#suffixes] = take(2, this.#chunks) as [number, number];
    this.#table = take(this.#blocks > 1 ? levelOf(0, this.#blocks - 1) : 0, this.#blocks);
    const shape = { operation: INTERVALS, dtype, channels, depth, options: 0, batch: 0, points };
    const regions = [
      { region: region.PATHS, stride: channels, numbers, isRaw: true },
      { region: WORDS_REGION, stride: 0, numbers: kindWords[4] * most, isRaw: true },
      { region: region.OUT, stride: rows, numbers: rows * size, isRaw: true },
    ];
    this.#task = new KeptTask(instance, shape, regions);
    this.#words = instance.u32;
    this.#firstWord = this.#task.at(WORDS) * (dtype + 1);
    try {
      const { heap } = this.#task;
      const [begin, identityAt] = [this.#task.at(POINTS), this.#task.at(ROWS)];
      heap.fill(0, identityAt, identityAt + size);
      // Two products for each chunk.
      const chunks = Math.floor(most / chunksOfBlock / 2) * chunksOfBlock;
      let copied = 0;
      for (let first = 0; copied < numbers; first += chunks) {
        const end = Math.min(this.#chunks, first + chunks);
        // Points are walked while they are in the cache.
        const until = end === this.#chunks ? numbers : (end * chunk + 1) * channels;
        copyIn(view, kind, copied, until - copied, heap, begin + copied);
        copied = until;
        if (first === end) break;
        this.#prepare(first, end);
      }
      // The kernel has seen all points of chunks.
      if (!this.#isFinite) check();
      this.#prepareTable();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Prepares the chunks of some blocks, of which the last one may not be whole. */
  #prepare(first: number, end: number): void {
    const [chunks, ...levels] = this.#levels as [number, ...number[]];
    for (let i = first; i < end; i++) this.#piece(i * chunk, chunk, chunks + i);
    this.#run();
    for (const [i, rows] of levels.entries()) {
      const half = 2 ** (i + 1);
      // From the middle of each group, of which the last one may end before or behind it.
      for (let t = 0; t < half; t++) {
        for (let middle = first + half; middle - half < end; middle += 2 * half) {
          if (middle <= end) this.#ahead(rows, middle - 1 - t, t, chunks + middle - 1 - t);
          if (middle + t < end) this.#behind(rows, middle + t, t, chunks + middle + t);
        }
        this.#run();
      }
    }
    for (let t = 0; t < chunksOfBlock; t++) {
      for (let begin = first; begin + t < end; begin += chunksOfBlock) {
        const back = begin + chunksOfBlock - 1 - t;
        this.#behind(this.#prefixes, begin + t, t, chunks + begin + t);
        if (begin + chunksOfBlock <= end) this.#ahead(this.#suffixes, back, t, chunks + back);
      }
      this.#run();
    }
  }

  /** Prepares the table of blocks: all levels together, since upper ones have few groups. */
  #prepareTable(): void {
    const blocks = this.#blocks;
    for (let t = 0; t < 2 ** this.#table.length; t++) {
      for (const [i, rows] of this.#table.entries()) {
        const half = 2 ** (i + 1);
        if (t >= half) continue;
        for (let middle = half; middle < blocks; middle += 2 * half) {
          this.#ahead(rows, middle - 1 - t, t, this.#block(middle - 1 - t));
          if (middle + t < blocks) this.#behind(rows, middle + t, t, this.#block(middle + t));
        }
      }
      this.#run();
    }
  }

  /** Adds row i of some rows: row `other`, and but for t = 0 ahead of row i + 1. */
  #ahead(rows: number, i: number, t: number, other: number): void {
    this.#product(t > 0 ? 1 : 0, rows + i, other, rows + i + 1);
  }

  /** As {@link #ahead}, behind row i - 1. */
  #behind(rows: number, i: number, t: number, other: number): void {
    if (t > 0) this.#product(1, rows + i, rows + i - 1, other);
    else this.#product(0, rows + i, other);
  }

  /** The row of a whole block. */
  #block(i: number): number {
    return this.#prefixes + (i + 1) * chunksOfBlock - 1;
  }

  /** Adds a product of rows of a kind to those to be computed. */
  #product(kind: number, to: number, a: number, b = identity, c = identity, d = identity, e = identity, f = identity) {
    if (this.#products[kind] === this.#most) this.#run();
    const n = factors[kind] as number;
    const count = this.#products[kind] as number;
    this.#products[kind] = count + 1;
    const words = this.#words;
    const at = this.#firstWord + (kindWords[kind] as number) * this.#most + count * (n + 1);
    words[at] = to;
    words[at + 1] = a;
    if (n === 1) return;
    words[at + 2] = b;
    if (n === 2) return;
    words[at + 3] = c;
    words[at + 4] = d;
    if (n === 4) return;
    words[at + 5] = e;
    words[at + 6] = f;
  }

  /** Computes the pieces, then the products. */
  #run(): void {
    if (this.#pieces > 0) this.#runPieces();
    for (let kind = 0; kind < factors.length; kind++) {
      const count = this.#products[kind] as number;
      if (count > 0) this.#compute(factors[kind] as number, (kindWords[kind] as number) * this.#most, count);
    }
    this.#products.fill(0);
  }

  /** Sorts pieces by their steps, so that lanes end together, and computes them. */
  #runPieces(): void {
    const words = this.#words;
    const places = this.#lengths;
    for (let steps = 0, before = 0; steps < places.length; steps++) {
      const count = places[steps] as number;
      places[steps] = before;
      before += count;
    }
    for (let i = 0; i < this.#pieces; i++) {
      const steps = this.#steps[i] as number;
      const place = places[steps] as number;
      places[steps] = place + 1;
      const at = this.#firstWord + place * pieceWords;
      words[at] = this.#to[i] as number;
      words[at + 1] = this.#from[i] as number;
      words[at + 2] = steps;
    }
    if (this.#compute(0, 0, this.#pieces) !== code.FINE) this.#isFinite = false;
    places.fill(0);
    this.#pieces = 0;
  }

  /** Runs the kernel on `count` products of so many factors; 0: pieces. @returns one of `code` */
  #compute(factors: number, first: number, count: number): number {
    const task = this.#task;
    task.set(word.BATCH, count);
    task.set(word.ROW, factors);
    task.set(word.REGIONS + 2 * WORDS_REGION, task.offset(WORDS) + 4 * first);
    return task.run();
  }

  /** Adds a piece of the path to those to be computed. @returns its row */
  #piece(from: number, steps: number, to: number): number {
    const i = this.#pieces;
    this.#pieces = i + 1;
    this.#from[i] = from;
    this.#steps[i] = steps;
    this.#to[i] = to;
    this.#lengths[steps] = (this.#lengths[steps] as number) + 1;
    return to;
  }

  /** Signatures of intervals from points a to points e, two numbers each and e one more. */
  query(bounds: Float64Array, out: Float32Array | Float64Array): void {
    const size = this.#size;
    const most = this.#most;
    const count = bounds.length / 2;
    this.#words = this.#task.instance.u32;
    // What a query that was refused has left.
    this.#pieces = 0;
    this.#lengths.fill(0);
    this.#products.fill(0);
    for (let first = 0; first < count; first += most) {
      const end = Math.min(count, first + most);
      for (let i = first; i < end; i++)
        this.#ask(bounds[2 * i] as number, (bounds[2 * i + 1] as number) - 1, results + i - first);
      this.#run();
      const { heap } = this.#task;
      const from = this.#task.at(ROWS) + results * size;
      out.set(heap.subarray(from, from + (end - first) * size), first * size);
    }
  }

  /** Adds an interval from point a to point e to those to be computed. */
  #ask(a: number, e: number, to: number): void {
    const p = Math.ceil(a / chunk);
    const q = Math.floor(e / chunk) - 1;
    if (p > q) {
      this.#piece(a, e - a, to);
      return;
    }
    const before = this.#beside(a, p * chunk);
    const behind = this.#beside((q + 1) * chunk, e);
    if (p === q) {
      this.#product(2, to, before, (this.#levels[0] as number) + p, behind);
      return;
    }
    // Blocks x to y are between.
    const x = Math.floor(p / chunksOfBlock) + 1;
    const y = Math.floor(q / chunksOfBlock) - 1;
    if (x === y + 2) {
      const rows = this.#levels[levelOf(p, q)] as number;
      this.#product(2, to, before, rows + p, rows + q, behind);
      return;
    }
    const [suffix, prefix] = [this.#suffixes + p, this.#prefixes + q];
    if (x > y) this.#product(2, to, before, suffix, prefix, behind);
    else if (x === y) this.#product(3, to, before, suffix, this.#block(x), prefix, behind);
    else {
      const level = levelOf(x, y);
      const row = (i: number) => (level === 0 ? this.#block(i) : (this.#table[level - 1] as number) + i);
      this.#product(3, to, before, suffix, row(x), row(y), prefix, behind);
    }
  }

  /** The row of steps beside chunks. */
  #beside(from: number, to: number): number {
    return from === to ? identity : this.#piece(from, to - from, results + this.#most + this.#pieces);
  }

  release(): void {
    this.#task.release();
  }
}
