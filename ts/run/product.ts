// The product of a path's stretches (Chen's identity), which may complete in any order. One task
// multiplies as many adjacent stretches as it may stage, then other tasks multiply the products,
// and so on. The fan-in is a power of two, so the tree of products, and with it every bit of the
// result, depends only on the number of stretches.

import { allocateNumbers, type Numbers } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import { region } from "../wasm/abi.ts";
import type { Cut } from "./cut.ts";
import { stretchesIn } from "./cut.ts";
import { align, heapOf, Layout, type Memory, writeHead, writeRegion } from "./head.ts";
import type { Input } from "./operation.ts";
import { stageRows } from "./rows.ts";
import type { Task } from "./task.ts";
import type { Work } from "./work.ts";

/** The operation that multiplies rows. */
export const COMBINE = 2;
/** Rows of one product stage at most this many bytes, unless there are only two rows. */
const productBytes = 1024 * 1024;
/** Limit of rows × numbers × levels of one product: some tens of microseconds. */
const lightProduct = 2 ** 17;

/** The rows of a node of the tree. */
interface Node {
  readonly level: number;
  readonly index: number;
  readonly rows: Numbers;
  readonly count: number;
  missing: number;
}

export class Product {
  readonly call: Call;
  readonly cut: Cut;
  readonly item: number;
  readonly path: number;
  readonly #stretches: number;
  readonly #fan: number;
  readonly #nodes = new Map<string, Node>();

  constructor(cut: Cut, item: number) {
    this.call = cut.call;
    this.cut = cut;
    this.item = item;
    this.path = cut.pathOf(item);
    this.#stretches = stretchesIn(cut.call, this.path);
    let fan = 2;
    while (2 * fan * cut.call.size * cut.call.bytes <= productBytes) fan *= 2;
    this.#fan = fan;
  }

  /** Number of rows on a level: the stretches on level 0. */
  #rowsOf(level: number): number {
    return Math.ceil(this.#stretches / this.#fan ** level);
  }

  /** Whether a node is the root. */
  isRoot(node: Node): boolean {
    return this.#rowsOf(node.level + 1) === 1;
  }

  /** Stores a row in its node. @returns the node, once all its rows are stored */
  put(level: number, index: number, row: Numbers): Node | undefined {
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

/** Multiplies the rows of a node. The root of a path's tree continues its initial signature. */
export class ProductTask implements Task {
  readonly #work: Work;
  readonly #product: Product;
  readonly #node: Node;
  readonly #initial: Input | undefined;
  readonly #layout = new Layout();
  readonly #initialAt: number;
  readonly #rows: number;

  constructor(work: Work, product: Product, node: Node, initial: Input) {
    const { call } = product;
    const rowBytes = call.size * call.bytes;
    this.#work = work;
    this.#product = product;
    this.#node = node;
    this.#initial = product.isRoot(node) && initial.of(call) !== undefined ? initial : undefined;
    this.#initialAt = this.#layout.add(this.#initial ? rowBytes : 0);
    this.#rows = this.#layout.add(node.count * rowBytes);
  }

  get jobs(): Task["jobs"] {
    return [this.#work.job];
  }

  get isLight(): boolean {
    const { size, depth } = this.#product.call;
    return this.#node.count * size * depth <= lightProduct;
  }

  get bytes(): number {
    return this.#layout.end;
  }

  get name(): string {
    return `the product of stretches of path ${this.#product.path}`;
  }

  writeHead(u32: Uint32Array, at: number): void {
    const { dtype, channels, depth, size, bytes } = this.#product.call;
    writeHead(u32, at, {
      operation: COMBINE,
      dtype,
      channels,
      depth,
      options: 0,
      batch: this.#node.count,
      points: 0,
      lengths: 0,
      row: 0,
      staged: this.bytes,
      output: this.#rows,
      end: this.#rows + align(size * bytes),
    });
    writeRegion(u32, at, region.PATHS, this.#rows, size);
    if (this.#initial) writeRegion(u32, at, region.INITIAL, this.#initialAt, 0);
    // The product overwrites the first row.
    writeRegion(u32, at, region.OUT, this.#rows, size);
  }

  stage(memory: Memory, at: number): void {
    const { call, cut, item } = this.#product;
    const { size, bytes } = call;
    const heap = heapOf(memory, call.dtype);
    this.writeHead(memory.u32, at);
    heap.set(this.#node.rows, (at + this.#rows) / bytes);
    const initial = this.#initial?.of(call);
    if (initial) stageRows(initial, size, cut, item, 1, heap, (at + this.#initialAt) / bytes, false);
  }

  take(memory: Memory, at: number): void {
    const work = this.#work;
    if (work.job.cancelled) return;
    const { dtype, bytes, size } = this.#product.call;
    const from = (at + this.#rows) / bytes;
    const row = heapOf(memory, dtype).subarray(from, from + size);
    if (this.#product.isRoot(this.#node)) work.takeProduct(this.#product, row);
    else work.putStretch(this.#product, this.#node.level + 1, this.#node.index, row);
  }

  separate(): readonly Task[] {
    return [this];
  }
}
