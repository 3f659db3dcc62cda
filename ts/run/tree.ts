// Signatures of a path's stretches, put together as they come in their order, by the tree that `combine` of the kernels uses for
// many at once (crates/kernels/src/combine.rs): neighbours first, then pairs of pairs. On one thread; never more rows are kept
// than a path has stretches' doublings.

import type { Call } from "../input/call.ts";
import type { Instance } from "../wasm/instance.ts";

/** Rows that wait for their neighbours, for a path of so many stretches, the initial signature among them. */
export const rowsOfTree = (stretches: number): number => Math.ceil(Math.log2(Math.max(2, stretches))) + 2;

/** A stack of rows in an instance's memory. */
export class Tree {
  readonly #instance: Instance;
  readonly #call: Call;
  readonly #address: number;
  /** Stretches that each row of the stack covers; 0 for an initial signature, which waits to the end. */
  readonly #covers: number[] = [];

  constructor(instance: Instance, call: Call, address: number) {
    this.#instance = instance;
    this.#call = call;
    this.#address = address;
  }

  #rowAt(index: number): number {
    return this.#address + index * this.#call.size * this.#call.bytes;
  }

  /** Where the next row is to be put. */
  get top(): number {
    return this.#rowAt(this.#covers.length);
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
    const last = this.#covers.length - 1;
    this.#covers[last] = (this.#covers[last] as number) + right;
    const { dtype, channels, depth } = this.#call;
    this.#instance.kernels.combine(dtype, channels, depth, this.#rowAt(last), 2);
  }
}
