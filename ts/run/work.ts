// An operation on some paths of a call, in the form of tasks: blocks of whole paths, blocks of
// stretches and their products, chains of segments. The operation's description selects paths and
// cuts.

import type { Kind, Numbers } from "../input/arrays.ts";
import { ReadRows } from "../input/rows.ts";
import { code } from "../wasm/abi.ts";
import { BlockTask, type Part } from "./block.ts";
import type { Budget } from "./blocks.ts";
import { Cut, hasStretches } from "./cut.ts";
import type { Job } from "./job.ts";
import type { Kernel, Operation, Section, Segments, Sink, Stretches } from "./operation.ts";
import { Product, ProductTask } from "./product.ts";
import { Chain, SegmentTask } from "./segment.ts";
import { ArraySink } from "./sinks.ts";
import type { Task } from "./task.ts";

export class Work {
  readonly job: Job;
  readonly operation: Operation;
  /** Destinations of the kernel's outputs. */
  readonly sinks: readonly (Sink | undefined)[];
  /** Prefix of the names of paths in errors; empty for signatures. */
  readonly label: string;
  readonly #budget: Budget;
  readonly #onFinished: ((paths: number) => void) | undefined;
  /**
   * The section whose items are next, those after it, the cut in it, and which item is next.
   */
  #section: Section | undefined;
  readonly #sections: Section[] | undefined;
  #cut: Cut | undefined;
  #item = 0;
  #segments: Segments | undefined;
  /** Paths whose stretches are in progress. */
  #products: Map<number, Product> | undefined;

  constructor(
    job: Job,
    operation: Operation,
    section: Section,
    sinks: readonly (Sink | undefined)[],
    budget: Budget,
    onFinished?: (paths: number) => void,
  ) {
    this.job = job;
    this.operation = operation;
    this.sinks = sinks;
    this.label = operation.label;
    // Work that is derived from the call has been divided already.
    this.#sections = section.call === job.call ? operation.sections?.(section.call) : undefined;
    this.#section = this.#sections === undefined ? section : this.#sections.shift();
    this.#budget = budget;
    this.#onFinished = onFinished;
  }

  /** Whether there are items without a task. */
  get hasNext(): boolean {
    return this.#section !== undefined;
  }

  next(): Task | undefined {
    const part = this.nextPart();
    if (part === undefined) return undefined;
    const segments = this.#segments;
    return segments === undefined ? new BlockTask([{ work: this, part }]) : this.#chain(part, segments);
  }

  /** The items of the next block. */
  nextPart(): Part | undefined {
    const section = this.#section;
    if (section === undefined) return undefined;
    const { call, end } = section;
    const { operation } = this;
    if (this.#cut === undefined) {
      this.#segments = operation.segments?.(call, this.#budget);
      this.#cut = new Cut(call, section.first, end, this.#order);
    }
    const cut = this.#cut;
    const first = this.#item;
    const most = this.#segments?.paths;
    const count = most === undefined ? cut.blockAt(first, this.#budget) : Math.min(most, cut.count - first);
    this.#item += count;
    if (this.#item === cut.count) {
      this.#item = 0;
      this.#cut = cut.end < end ? new Cut(call, cut.end, end, this.#order) : undefined;
      if (this.#cut === undefined) this.#section = this.#sections?.shift();
    }
    return { cut, first, count };
  }

  /** Rows that are computed first are those of consecutive paths. */
  get #order(): "batch" | "stretches" | "lengths" {
    if (this.#segments?.needs) return "batch";
    return this.operation.stretches ? "stretches" : "lengths";
  }

  kernelOf(whole: boolean): Kernel {
    return whole ? this.operation.kernel : (this.operation.stretches as Stretches).kernel;
  }

  /** Starts the segments of some paths, or the work that they depend on. */
  #chain(part: Part, segments: Segments): Task | undefined {
    const { needs } = segments;
    if (needs === undefined) return new SegmentTask(new Chain(this, part, segments, undefined));
    const { cut, count } = part;
    const first = cut.pathOf(part.first);
    const { call } = needs;
    const sink = new ArraySink(call.dtype, call.row, count * call.rows, true, undefined, first * call.rows);
    let missing = count;
    const before = new Work(
      this.job,
      needs.operation,
      { call, first, end: first + count },
      [sink],
      this.#budget,
      (paths) => {
        missing -= paths;
        if (missing > 0) return;
        const rows = new ReadRows(sink.data, call.dtype as Kind, call.row, call.row);
        this.job.ready(new SegmentTask(new Chain(this, part, segments, rows)));
      },
    );
    this.job.precede(before);
    this.job.hold(sink.data.byteLength);
    return before.next();
  }

  /**
   * The paths of a part whose results are not taken, after its kernel has answered `done`: the job
   * computes them again, in another way.
   */
  again({ cut, first, count }: Part, done: number): ReadonlySet<number> | undefined {
    if ((done & code.MAY_CANCEL) === 0 || this.operation.again === undefined) return undefined;
    const { call, concerns } = this.operation.again(cut.call);
    const paths = Array.from({ length: count }, (_, i) => cut.pathOf(first + i)).filter(concerns);
    paths.sort((a, b) => a - b);
    for (let i = 0, end = 0; i < paths.length; i = end) {
      for (end = i + 1; paths[end] === (paths[end - 1] as number) + 1; ) end++;
      const section = { call, first: paths[i] as number, end: (paths[end - 1] as number) + 1 };
      this.job.precede(new Work(this.job, this.operation, section, this.sinks, this.#budget, this.#onFinished));
    }
    return new Set(paths);
  }

  /** Records that the results of `count` paths are complete. */
  finished(paths: number): void {
    if (this.#onFinished) this.#onFinished(paths);
    else this.job.done += paths;
  }

  /** Receives the signatures of stretches, rows of `size` numbers. */
  takeStretches({ cut, first, count }: Part, heap: Numbers, from: number): void {
    const { size } = cut.call;
    this.#products ??= new Map();
    for (let i = 0; i < count; i++) {
      const path = cut.pathOf(first + i);
      let product = this.#products.get(path);
      if (product === undefined) {
        product = new Product(cut, first + i);
        this.#products.set(path, product);
      }
      this.putStretch(
        product,
        0,
        cut.stretchOf(first + i).index,
        heap.subarray(from + i * size, from + (i + 1) * size),
      );
    }
  }

  /**
   * Stores a row in the product of its path. When the rows of a node are complete, adds the task
   * that multiplies them.
   */
  putStretch(product: Product, level: number, index: number, row: Numbers): void {
    const node = product.put(level, index, row);
    const { initial } = this.operation.stretches as Stretches;
    if (node !== undefined) this.job.ready(new ProductTask(this, product, node, initial));
  }

  /** Receives the signature of a path. */
  takeProduct({ path, call }: Product, row: Numbers): void {
    let whole = row;
    if (call.row > call.size) {
      whole = new (row.constructor as new (count: number) => Numbers)(call.row);
      whole[0] = 1;
      whole.set(row, 1);
    }
    this.sinks[0]?.take(whole, 0, path, 1);
    this.#products?.delete(path);
    this.finished(1);
  }

  /** Whether the call can be coalesced with others: no path is cut. */
  get isUncut(): boolean {
    if (this.#section === undefined || this.#sections?.length) return false;
    const { call } = this.#section;
    return !(this.operation.stretches && hasStretches(call)) && !this.operation.segments?.(call, this.#budget);
  }
}
