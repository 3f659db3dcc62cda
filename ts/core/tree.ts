// Signatures of a path's stretches, put together as they come in their order, by the tree that `combine` of the kernels uses for
// many at once (crates/kernels/src/combine.rs): neighbours first, then pairs of pairs. On one thread; never more rows are kept
// than a path has stretches' doublings.

import type { DTypeIndex } from "./arrays.ts";
import type { Instance } from "./instance.ts";

/** Rows that wait for their neighbours, for a path of so many stretches, the initial signature among them. */
export const rowsOfTree = (stretches: number): number => Math.ceil(Math.log2(Math.max(2, stretches))) + 2;

/** A stack of rows in an instance's memory. */
export class Tree {
  readonly #instance: Instance;
  readonly #dtype: DTypeIndex;
  readonly #channels: number;
  readonly #depth: number;
  readonly #rowBytes: number;
  readonly #address: number;
  /** Stretches that each row of the stack covers; 0 for an initial signature, which waits to the end. */
  readonly #covers: number[] = [];

  constructor(
    instance: Instance,
    dtype: DTypeIndex,
    channels: number,
    depth: number,
    rowBytes: number,
    address: number,
  ) {
    this.#instance = instance;
    this.#dtype = dtype;
    this.#channels = channels;
    this.#depth = depth;
    this.#rowBytes = rowBytes;
    this.#address = address;
  }

  /** Where the next row is to be put. */
  get top(): number {
    return this.#address + this.#covers.length * this.#rowBytes;
  }

  /** The row at `top` is the initial signature of the path that comes. */
  begin(): void {
    this.#covers.push(0);
  }

  /** The row at `top` is the next stretch's. */
  push(): void {
    this.#covers.push(1);
    while (this.#covers.length > 1 && this.#covers.at(-1) === this.#covers.at(-2)) this.#multiply();
  }

  /** Puts together what waits, and empties the stack; the result is the row at `top` afterwards. */
  finish(): void {
    while (this.#covers.length > 1) this.#multiply();
    this.#covers.length = 0;
  }

  #multiply(): void {
    const right = this.#covers.pop() as number;
    const left = this.#covers.pop() as number;
    this.#covers.push(left + right);
    const address = this.#address + (this.#covers.length - 1) * this.#rowBytes;
    this.#instance.kernels.combine(this.#dtype, this.#channels, this.#depth, address, 2);
  }
}
