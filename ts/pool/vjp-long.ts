// Gradients of one long path as tasks for threads: signatures of its stretches, their products in order, then a task for each stretch's gradient. What tasks stage, and that
// the bits are those of the calling thread, is core's (vjp-long.ts).

import { heapOf } from "../core/arena.ts";
import type { Call } from "../core/call.ts";
import { checkCotangentInParts } from "../core/cotangent.ts";
import { checkPathsInParts } from "../core/finite.ts";
import type { ReadRows } from "../core/input.ts";
import type { ReadOptions } from "../core/options.ts";
import type { Block, Memory } from "../core/stage.ts";
import { headBytes, writeCombine, writeSignature } from "../core/task.ts";
import { LongPath, type Piece } from "../core/vjp-long.ts";
import type { Gradients } from "../core/vjp-run.ts";
import type { Task, Work } from "./task.ts";
import { lookNumbers, refusalOf } from "./vjp.ts";

type Numbers = Float32Array | Float64Array;

/** A product of two rows of so many numbers times levels takes some tens of microseconds at most. */
const lightProduct = 2 ** 16;

/** The gradients of a call that is one long path. */
export class LongWork implements Work {
  readonly call: Call;
  readonly cotangents: ReadRows;
  readonly gradients: Gradients;
  readonly key = undefined;
  readonly cost: number;
  readonly total = 1;
  owner: unknown;
  done = 0;
  cancelled = false;
  readonly path: LongPath;
  /** Stretches whose signatures, and whose gradients, have been handed out, and gradients that have come. */
  #signatures = 0;
  #pieces = 0;
  #taken = 0;
  /** Signatures that wait to be multiplied, by stretch, each removed when its product begins. */
  readonly #rows = new Map<number, Numbers>();
  #looked: boolean;

  constructor(call: Call, cotangents: ReadRows, gradients: Gradients, options: ReadOptions, cost: number) {
    this.call = call;
    this.cotangents = cotangents;
    this.gradients = gradients;
    this.cost = cost;
    this.path = new LongPath(call, options, cotangents, undefined);
    this.#looked = !call.checkFinite;
  }

  get hasNext(): boolean {
    const { passed, stretches } = this.path;
    return this.#rows.has(passed) || this.#signatures < stretches || (passed === stretches && this.#pieces < stretches);
  }

  next(): Task | undefined {
    const { path } = this;
    const { passed, stretches } = path;
    const row = this.#rows.get(passed);
    if (row !== undefined) {
      this.#rows.delete(passed);
      return new ProductTask(this, path.product as Numbers, row);
    }
    if (this.#signatures < stretches) return new StretchTask(this, this.#signatures++);
    if (passed === stretches && this.#pieces < stretches) return new PieceTask(this, path.piece(this.#pieces++));
    return undefined;
  }

  /** A stretch's signature is there. */
  put(k: number, row: Numbers): void {
    if (k === 0) this.path.pass(row);
    else this.#rows.set(k, row);
  }

  /** A stretch's gradient is there. */
  finish(): void {
    this.#taken += 1;
    if (this.#taken === this.path.stretches) this.done = 1;
  }

  suspect(): Iterator<void> | undefined {
    if (this.#looked) return undefined;
    this.#looked = true;
    return this.#look();
  }

  /** In the order in which a call on this thread would find them. Where all are finite, sums overflow: that is no error. */
  *#look(): Generator<void> {
    yield* checkPathsInParts(this.call, lookNumbers);
    yield* checkCotangentInParts(this.call, this.cotangents, lookNumbers);
  }

  refused(code: number): Error {
    return refusalOf(this.call, code);
  }
}

/** What the tasks of a long path have in common. */
abstract class LongTask implements Task {
  readonly works: readonly LongWork[];
  readonly work: LongWork;
  readonly isLight: boolean = false;
  readonly name: string = "gradients of path 0";
  abstract readonly bytes: number;

  constructor(work: LongWork) {
    this.work = work;
    this.works = [work];
  }

  abstract stage(memory: Memory, at: number): void;
  protected abstract bring(memory: Memory, at: number): void;

  take(memory: Memory, at: number): void {
    if (!this.work.cancelled) this.bring(memory, at);
  }

  apart(): readonly Task[] {
    return [this];
  }
}

/** The signature of a stretch. */
class StretchTask extends LongTask {
  readonly #index: number;
  readonly #block: Block;

  constructor(work: LongWork, index: number) {
    super(work);
    this.#index = index;
    this.#block = work.path.block(index);
  }

  get bytes(): number {
    return this.#block.layout.end;
  }

  stage(memory: Memory, at: number): void {
    const { layout } = this.#block;
    writeSignature(memory.u32, at, this.work.path.own, this.#block.stage(memory, at), layout.output, layout.end);
  }

  protected bring(memory: Memory, at: number): void {
    const { dtype, size } = this.work.path.own;
    const from = this.#block.outputOf(0, at);
    this.work.put(this.#index, heapOf(memory, dtype).slice(from, from + size));
  }
}

/** The signature of the stretches so far, times the next one's. */
class ProductTask extends LongTask {
  override readonly isLight: boolean;
  readonly bytes: number;
  readonly #left: Numbers;
  readonly #right: Numbers;

  constructor(work: LongWork, left: Numbers, right: Numbers) {
    super(work);
    const { size, depth } = work.path.own;
    this.isLight = 2 * size * depth <= lightProduct;
    this.bytes = headBytes + left.byteLength + right.byteLength;
    this.#left = left;
    this.#right = right;
  }

  stage(memory: Memory, at: number): void {
    const { dtype, channels, depth, bytes, size } = this.work.path.own;
    const heap = heapOf(memory, dtype);
    const rows = (at + headBytes) / bytes;
    heap.set(this.#left, rows);
    heap.set(this.#right, rows + size);
    writeCombine(memory.u32, at, {
      dtype,
      channels,
      depth,
      options: 0,
      staged: this.bytes,
      output: headBytes,
      end: headBytes + size * bytes,
      rows: headBytes,
      count: 2,
      initial: 0,
    });
  }

  protected bring(memory: Memory, at: number): void {
    const { dtype, bytes, size } = this.work.path.own;
    const from = (at + headBytes) / bytes;
    this.work.path.pass(heapOf(memory, dtype).slice(from, from + size));
  }
}

/** The gradient of a stretch's points. */
class PieceTask extends LongTask {
  readonly #piece: Piece;

  constructor(work: LongWork, piece: Piece) {
    super(work);
    this.#piece = piece;
  }

  get bytes(): number {
    return this.#piece.end;
  }

  stage(memory: Memory, at: number): void {
    this.#piece.stage(memory, at);
  }

  protected bring(memory: Memory, at: number): void {
    this.#piece.take(memory, at, this.work.gradients);
    this.work.finish();
  }
}
