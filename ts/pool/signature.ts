// Signatures as tasks for threads: blocks of whole paths and of stretches, products of stretches, segments of streams. What each of
// them stages is core's (stage.ts, chain.ts); who does them and when is the pool's.

import { allocateNumbers } from "../input/arrays.ts";
import { type Call, internal } from "../input/call.ts";
import { failure } from "../input/errors.ts";
import { checkPathsInParts } from "../input/finite.ts";
import { heapOf, stageRows } from "../run/arena.ts";
import type { Budget } from "../run/blocks.ts";
import { Chain, isChained } from "../run/chain.ts";
import { Cut, hasStretches, stretchesIn } from "../run/cut.ts";
import { Block, deliverItems, type Memory, type Part, type stageItems } from "../run/stage.ts";
import {
  failed,
  gatherEntry,
  headBytes,
  OUTPUT,
  stretchOptions,
  writeCombine,
  writeGather,
  writeSignature,
} from "../run/task.ts";
import { signatureCost } from "./cost.ts";
import { gathersOf, listItems } from "./gather.ts";
import type { Job, Task } from "./job.ts";

/** Rows that one product takes at most stage so many bytes, or are two. */
const productBytes = 1024 * 1024;
/** A product of so many rows times numbers times levels takes some tens of microseconds at most. */
const lightProduct = 2 ** 17;
/** Numbers looked at for being finite in one go: about a millisecond. */
const lookNumbers = 2 ** 20;

/** Nanoseconds of a call on one thread, about. */
export function costOf(call: Call): number {
  const { batch, channels, depth, rows, row, lengths, points } = call;
  let steps = batch * points;
  if (lengths !== undefined) {
    steps = 0;
    // A sample of many is as good.
    const stride = Math.ceil(batch / 1000);
    for (let i = 0; i < batch; i += stride) steps += (lengths[i] as number) * stride;
  }
  return signatureCost(batch, steps, channels, depth, batch * rows, row);
}

/** Bytes of a call's input and output. */
export function bytesOf(call: Call): { input: number; output: number } {
  const { batch, points, channels, rows, row, bytes } = call;
  return { input: batch * points * channels * bytes, output: batch * rows * row * bytes };
}

/** Numbers of a result that is made when it comes, by `slice`; more of them are copied faster by other means where memory is shared. */
export const mostSliced = 1024;

/** One call's signatures. */
export class SignatureJob implements Job {
  readonly call: Call;
  readonly cost: number;
  owner: unknown;
  done = 0;
  cancelled = false;
  readonly #budget: Budget;
  readonly #chained: boolean;
  /** The window of paths whose items are next, and which of them is. */
  #cut: Cut | undefined;
  #item = 0;
  #hasBlocks: boolean;
  // Of ten thousand small calls at once none needs these, and what there is of each of them is garbage to be collected.
  /** Tasks that others have made possible. */
  #ready: Task[] | undefined;
  /** Paths whose stretches are under way. */
  #products: Map<number, Product> | undefined;
  /** Whether all numbers are known to be finite, or may be what they are, or are being looked at. */
  #looked: boolean;
  #result: Float32Array | Float64Array | undefined;

  /**
   * @param result - where results go; `undefined`: to an array that is made when the first come
   * @param looked - whether nothing needs to be looked at for being finite any more
   */
  constructor(
    call: Call,
    result: Float32Array | Float64Array | undefined,
    budget: Budget,
    cost: number,
    looked: boolean,
  ) {
    this.call = call;
    this.cost = cost;
    this.#result = result;
    this.#budget = budget;
    this.#looked = looked || !call.checkFinite;
    this.#chained = isChained(call, budget);
    this.#hasBlocks = call.batch > 0;
  }

  get key(): number | undefined {
    const { call } = this;
    if (this.#chained || hasStretches(call)) return undefined;
    return ((call.channels * 31 + call.depth) * 31 + call.bits) * 31 + (call.stream ? call.points : 0);
  }

  canCoalesceWith(other: Job): boolean {
    if (!(other instanceof SignatureJob)) return false;
    const { call } = this;
    const that = other.call;
    return (
      call.dtype === that.dtype &&
      call.channels === that.channels &&
      call.depth === that.depth &&
      call.bits === that.bits &&
      (call.basepoint === undefined) === (that.basepoint === undefined) &&
      (call.initial === undefined) === (that.initial === undefined) &&
      // Rows of a stream are as many as points.
      (!call.stream || call.points === that.points)
    );
  }

  coalesce(jobs: Job[], budget: Budget, cost: number): Task | undefined {
    return coalesce(jobs as SignatureJob[], budget, cost);
  }

  get result(): Float32Array | Float64Array {
    const { dtype, batch, rows, row } = this.call;
    this.#result ??= allocateNumbers(dtype, batch * rows * row, "paths", true);
    return this.#result;
  }

  get total(): number {
    return this.call.batch;
  }

  get hasNext(): boolean {
    return this.#hasBlocks || (this.#ready !== undefined && this.#ready.length > 0);
  }

  next(): Task | undefined {
    const ready = this.#ready?.shift();
    if (ready !== undefined) return ready;
    const part = this.nextPart();
    if (part === undefined) return undefined;
    if (!this.#chained) return new BlockTask([{ job: this, part }]);
    return new ChainTask(this, new Chain(part.cut, part.first, part.count, this.#budget));
  }

  /** The items of the next block. */
  nextPart(): Part | undefined {
    if (!this.#hasBlocks) return undefined;
    this.#cut ??= new Cut(this.call, 0);
    const cut = this.#cut;
    const first = this.#item;
    const count = cut.blockAt(first, this.#budget);
    this.#item += count;
    if (this.#item === cut.count) {
      this.#item = 0;
      if (cut.end === this.call.batch) this.#hasBlocks = false;
      else this.#cut = new Cut(this.call, cut.end);
    }
    return { cut, first, count };
  }

  inspect(): Iterator<void> | undefined {
    if (this.#looked) return undefined;
    this.#looked = true;
    return checkPathsInParts(this.call, lookNumbers);
  }

  refused(code: number): Error {
    const { call } = this;
    const shape = `(${call.batch}, ${call.points}, ${call.channels})`;
    if (code !== failed.OUT_OF_MEMORY && code !== failed.UNSUPPORTED) return internal(call, `code ${code}`);
    return failure(
      "OUT_OF_MEMORY",
      "paths",
      `paths ${shape}, depth ${call.depth}`,
      "such that a block of four signatures fits into the memory of a thread",
      `A block of signatures of paths ${shape} at depth ${call.depth} does not fit into the memory of a thread: lower the depth or the channels`,
    );
  }

  /** Takes the results of items that stand in `heap` from `from` on. */
  take(part: Part, whole: boolean, heap: Float32Array | Float64Array, from: number): void {
    if (this.cancelled) return;
    const { cut, first, count } = part;
    if (whole) {
      const numbers = count * this.call.rows * this.call.row;
      // A small call's results are the copy itself.
      if (this.#result === undefined && numbers <= mostSliced && count === this.call.batch && cut.inOrder)
        this.#result = heap.slice(from, from + numbers);
      else deliverItems(cut, first, count, heap, from, this.result);
      this.done += count;
      return;
    }
    const { size } = this.call;
    for (let i = 0; i < count; i++) {
      const path = cut.pathOf(first + i);
      this.#products ??= new Map();
      let product = this.#products.get(path);
      if (product === undefined) {
        product = new Product(this.call, cut, first + i);
        this.#products.set(path, product);
      }
      const row = heap.subarray(from + i * size, from + (i + 1) * size);
      this.put(product, 0, cut.stretchOf(first + i).index, row);
    }
  }

  /** Puts a row to its place in a path's product; where a node's rows are complete now, there is a task to multiply them. */
  put(product: Product, level: number, index: number, row: Float32Array | Float64Array): void {
    const node = product.put(level, index, row);
    if (node !== undefined) this.#makeReady(new ProductTask(this, product, node));
  }

  /** A path's signature is there. */
  finish(product: Product, row: Float32Array | Float64Array): void {
    const { size, row: width } = this.call;
    const end = (product.path + 1) * width;
    if (width > size) this.result[end - width] = 1;
    this.result.set(row, end - size);
    this.#products?.delete(product.path);
    this.done += 1;
  }

  /** A chain's segment is done. */
  go(chain: Chain): void {
    if (chain.isDone) this.done += chain.count;
    else this.#makeReady(new ChainTask(this, chain));
  }

  #makeReady(task: Task): void {
    this.#ready ??= [];
    this.#ready.push(task);
  }
}

interface Share {
  readonly job: SignatureJob;
  readonly part: Part;
}

const range = (first: number, last: number) => (first === last ? `path ${first}` : `paths ${first}…${last}`);

/** Items of one call, or of several with equal options. */
class BlockTask implements Task {
  readonly isLight = false;
  readonly jobs: readonly SignatureJob[];
  readonly #shares: readonly Share[];
  readonly #block: Block;
  /** Entries of the list of what to take from memory that the caller shares; 0 where everything is staged. */
  readonly #gathers: number;

  constructor(shares: readonly Share[]) {
    const parts = shares.map(({ part }) => part);
    this.#shares = shares;
    this.jobs = shares.map(({ job }) => job);
    this.#gathers = gathersOf(parts);
    this.#block = new Block(parts, this.#gathers * gatherEntry * 8);
  }

  get bytes(): number {
    return this.#block.layout.end;
  }

  get name(): string {
    const [{ part }] = this.#shares as [Share];
    const { cut, first, count } = part;
    const paths = Array.from({ length: count }, (_, i) => cut.pathOf(first + i));
    const words = range(
      paths.reduce((a, b) => Math.min(a, b)),
      paths.reduce((a, b) => Math.max(a, b)),
    );
    return this.#block.whole ? words : `stretches of ${words}`;
  }

  stage(memory: Memory, at: number): void {
    const { layout } = this.#block;
    const [{ job }] = this.#shares as [Share];
    const { call } = job;
    const { dtype, bytes } = call;
    const source = this.#gathers > 0 ? memory.sourceOf?.(call.paths.view.buffer as SharedArrayBuffer) : undefined;
    if (source === undefined) {
      writeSignature(memory.u32, at, call, this.#block.stage(memory, at), layout.output, layout.end);
      return;
    }
    const list = (at + layout.list) / 8;
    const bring: typeof stageItems = (cut, first, count, points, _heap, _to, lengths, lengthsAt) =>
      listItems(cut, first, count, points, memory.f64, list, layout.input / bytes, lengths, lengthsAt);
    writeSignature(memory.u32, at, call, this.#block.stage(memory, at, bring), layout.input, layout.end);
    writeGather(memory.u32, at, { source, dtype, list: layout.list, count: this.#gathers });
  }

  take(memory: Memory, at: number): void {
    let item = 0;
    for (const { job, part } of this.#shares) {
      const heap = heapOf(memory, job.call.dtype);
      job.take(part, this.#block.whole, heap, this.#block.outputOf(item, at));
      item += part.count;
    }
  }

  separate(): readonly Task[] {
    return this.#shares.length === 1 ? [this] : this.#shares.map((share) => new BlockTask([share]));
  }
}

/** One task of jobs of one block each, as many as fit. Removes them from the list. */
function coalesce(jobs: SignatureJob[], budget: Budget, cost: number): Task | undefined {
  const shares: Share[] = [];
  let items = 0;
  let points = 1;
  let spent = 0;
  let taken = 0;
  for (const job of jobs) {
    if (job.cancelled) {
      taken += 1;
      continue;
    }
    const { channels, bytes, rows, row, batch, points: length } = job.call;
    const count = items + batch;
    const longest = Math.max(points, length);
    const fits =
      count * longest * channels * bytes <= budget.input && count * rows * row * bytes <= budget.output && spent < cost;
    if (shares.length > 0 && !fits) break;
    taken += 1;
    for (let part = job.nextPart(); part !== undefined; part = job.nextPart()) shares.push({ job, part });
    items = count;
    points = longest;
    spent += job.cost;
  }
  jobs.splice(0, taken);
  return shares.length === 0 ? undefined : new BlockTask(shares);
}

/** Rows of a node of a path's tree of products. */
interface Node {
  readonly level: number;
  readonly index: number;
  readonly rows: Float32Array | Float64Array;
  readonly count: number;
  missing: number;
}

/**
 * The product of a path's stretches, in whatever order they come. As many neighbours as a task may stage are multiplied by one, then
 * those products, and so on; a power of two each time, so that it is the tree of run/tree.ts.
 */
class Product {
  readonly call: Call;
  readonly cut: Cut;
  readonly item: number;
  readonly path: number;
  readonly #stretches: number;
  readonly #fan: number;
  readonly #nodes = new Map<string, Node>();

  constructor(call: Call, cut: Cut, item: number) {
    this.call = call;
    this.cut = cut;
    this.item = item;
    this.path = cut.pathOf(item);
    this.#stretches = stretchesIn(call, this.path);
    let fan = 2;
    while (2 * fan * call.size * call.bytes <= productBytes) fan *= 2;
    this.#fan = fan;
  }

  /** Rows that there are on a level: stretches on level 0. */
  #rowsOf(level: number): number {
    return Math.ceil(this.#stretches / this.#fan ** level);
  }

  /** Whether a node is the last one. */
  isRoot(node: Node): boolean {
    return this.#rowsOf(node.level + 1) === 1;
  }

  put(level: number, index: number, row: Float32Array | Float64Array): Node | undefined {
    const { size, dtype } = this.call;
    const at = Math.floor(index / this.#fan);
    const key = `${level},${at}`;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const count = Math.min(this.#fan, this.#rowsOf(level) - at * this.#fan);
      node = { level, index: at, rows: allocateNumbers(dtype, count * size, "paths"), count, missing: count };
      this.#nodes.set(key, node);
    }
    node.rows.set(row, (index - at * this.#fan) * size);
    node.missing -= 1;
    if (node.missing > 0) return undefined;
    this.#nodes.delete(key);
    return node;
  }
}

/** A node of a path's tree, the initial signature in front of the last one. */
class ProductTask implements Task {
  readonly jobs: readonly SignatureJob[];
  readonly #product: Product;
  readonly #node: Node;
  readonly #initial: boolean;

  constructor(job: SignatureJob, product: Product, node: Node) {
    this.jobs = [job];
    this.#product = product;
    this.#node = node;
    this.#initial = product.isRoot(node) && product.call.initial !== undefined;
  }

  get isLight(): boolean {
    const { size, depth } = this.#product.call;
    return this.#node.count * size * depth <= lightProduct;
  }

  get #rowBytes(): number {
    return this.#product.call.size * this.#product.call.bytes;
  }

  get bytes(): number {
    return headBytes + (this.#node.count + (this.#initial ? 1 : 0)) * this.#rowBytes;
  }

  get name(): string {
    return `the product of stretches of path ${this.#product.path}`;
  }

  stage(memory: Memory, at: number): void {
    const { call, cut, item } = this.#product;
    const { dtype, channels, depth, size, bytes, bits } = call;
    const heap = heapOf(memory, dtype);
    const rows = headBytes + (this.#initial ? this.#rowBytes : 0);
    if (this.#initial && call.initial !== undefined)
      stageRows(call.initial, size, cut, item, 1, heap, (at + headBytes) / bytes, false);
    heap.set(this.#node.rows, (at + rows) / bytes);
    writeCombine(memory.u32, at, {
      dtype,
      channels,
      depth,
      options: stretchOptions(bits),
      staged: this.bytes,
      output: headBytes,
      end: headBytes + this.#rowBytes,
      rows,
      count: this.#node.count,
      initial: this.#initial ? headBytes : 0,
    });
  }

  take(memory: Memory, at: number): void {
    const [job] = this.jobs as [SignatureJob];
    if (job.cancelled) return;
    const { dtype, bytes, size } = this.#product.call;
    const from = (at + (memory.u32[at / 4 + OUTPUT] as number)) / bytes;
    const row = heapOf(memory, dtype).subarray(from, from + size);
    if (this.#product.isRoot(this.#node)) job.finish(this.#product, row);
    else job.put(this.#product, this.#node.level + 1, this.#node.index, row);
  }

  separate(): readonly Task[] {
    return [this];
  }
}

/** The next segment of a chain. */
class ChainTask implements Task {
  readonly isLight = false;
  readonly jobs: readonly SignatureJob[];
  readonly #chain: Chain;

  constructor(job: SignatureJob, chain: Chain) {
    this.jobs = [job];
    this.#chain = chain;
  }

  get bytes(): number {
    return this.#chain.layout.end;
  }

  get name(): string {
    const { cut, first, count } = this.#chain;
    return `a segment of ${range(cut.pathOf(first), cut.pathOf(first + count - 1))}`;
  }

  stage(memory: Memory, at: number): void {
    const { layout, cut } = this.#chain;
    writeSignature(memory.u32, at, cut.call, this.#chain.stage(memory, at), layout.output, layout.end);
  }

  take(memory: Memory, at: number): void {
    const [job] = this.jobs as [SignatureJob];
    if (job.cancelled) return;
    this.#chain.take(memory, at, job.result);
    job.go(this.#chain);
  }

  separate(): readonly Task[] {
    return [this];
  }
}
