// Gradients of a path by itself that is cut in time: signatures of its stretches, from these what lies before each of them, then the stretches' gradients, each of which
// needs nothing of the others (docs/gradients.md, "A path cut in time"). Stretches are those of signatures (blocks.ts). Where tasks are done is others' business: on this thread
// vjp-run.ts's, on threads ts/pool/vjp-long.ts's; the bits are the same.

import { CONTINUED, CONTINUES, code, HORNER, INVERSE, LONE, PRUNED } from "./abi.ts";
import { alignLarge, beyondMemory, heapOf, pathsAsTheyStand, scratchFor, stagePoints, stageRows } from "./arena.ts";
import { copyIn, copyOut, type DTypeIndex } from "./arrays.ts";
import { Call, internal } from "./call.ts";
import { checkCotangent } from "./cotangent.ts";
import { Cut, stretchesIn } from "./cut.ts";
import { checkPaths } from "./finite.ts";
import type { ReadRows } from "./input.ts";
import type { Instance } from "./instance.ts";
import { ReadOptions } from "./options.ts";
import { countCoefficients } from "./size.ts";
import { Block, type Memory } from "./stage.ts";
import {
  CHANNELS,
  DEPTH,
  DTYPE,
  headBytes,
  INITIAL,
  OPTIONS,
  OUTPUT,
  operation,
  PATHS,
  POINTS,
  runStaged,
  writeHead,
} from "./task.ts";
import type { GradientArrays } from "./vjp-stage.ts";

type Numbers = Float32Array | Float64Array;

// Words of a piece's head; those of task.ts precede them.
const COTANGENT = 17;
const SIGNATURE = 18;
const BEFORE = 19;
const OUT_INITIAL = 20;

/** The depth of the signatures that gradients need: the top level of whole signatures plays no part. */
export const depthBelow = (depth: number, levels = 1): number => Math.max(1, depth - levels);

/** How signatures of that depth are computed, as option bits: ends of gradients want more of depth 5 than pruning keeps, since that is as many pieces of time as depth 4 has (bench/NOTES.md). */
export const algorithmBelow = (algorithm: number, depth: number): number =>
  depth === 5 && algorithm !== PRUNED ? HORNER : algorithm;

/** A call's paths by themselves, to a depth less by some levels. */
export function callBelow(call: Call, given: ReadOptions, levels: number): Call {
  const options = Object.assign(new ReadOptions(), given, { depth: depthBelow(call.depth, levels) });
  options.algorithm = algorithmBelow(options.algorithm, options.depth);
  const size = countCoefficients(call.channels, options.depth);
  return new Call(call.paths, options, call.dtype, size, call.lengths, call.basepoint, undefined);
}

/** Whether a call is one path that is cut in time. */
export const isLong = (call: Call): boolean => !call.stream && call.batch === 1 && stretchesIn(call, 0) > 1;

/** A long path's work: which pieces there are, and what is known so far of what lies before them. */
export class LongPath {
  readonly call: Call;
  readonly cotangent: ReadRows;
  /** The call of whose stretches signatures are needed. */
  readonly own: Call;
  readonly stretches: number;
  readonly #cut: Cut;
  /** Numbers of a signature that tells what lies before a stretch. */
  readonly low: number;
  readonly #before: Numbers[] = [];
  /** The signature of the stretches so far; in the end the path's, without its top level. */
  #product: Numbers | undefined;
  /** The path's, where it is given. */
  readonly #signature: Numbers | undefined;

  /** @param known - the path's signature as its call gives it, with the top level or without */
  constructor(call: Call, given: ReadOptions, cotangent: ReadRows, known: Numbers | undefined) {
    const { channels, depth, row, size } = call;
    this.call = call;
    this.cotangent = cotangent;
    // Where a path's signature is known, only what lies before stretches is to be found out.
    this.own = callBelow(call, given, known === undefined ? 1 : 2);
    this.stretches = stretchesIn(call, 0);
    this.#cut = new Cut(this.own, 0);
    this.low = depth < 3 ? 0 : countCoefficients(channels, depth - 2);
    this.#signature = known?.subarray(row - size);
  }

  /** The block of a stretch's signature. */
  block(k: number): Block {
    return new Block([{ cut: this.#cut, first: k, count: 1 }]);
  }

  /** Stretches whose signatures are multiplied together. */
  get passed(): number {
    return this.#before.length;
  }

  /** The signature of the stretches so far, to be multiplied with the next one's; `undefined` before the first. */
  get product(): Numbers | undefined {
    return this.#product;
  }

  /** One more stretch is passed: the signature of all so far. */
  pass(product: Numbers): void {
    this.#product = product;
    this.#before.push(product.slice(0, this.low));
  }

  /** The signature of all that lies before a stretch. */
  before(k: number): Numbers {
    return this.#before[k - 1] as Numbers;
  }

  /** The piece of a stretch; all stretches are passed before it is staged. */
  piece(k: number): Piece {
    const { from } = this.#cut.stretchOf(k);
    const signature = this.#signature ?? this.#product;
    return new Piece(this, k, from, this.#cut.pointsOf(k), signature);
  }
}

/** The gradient of one stretch's points, as a task: where each region lies, in bytes from the head on; 0 for what is not there. */
export class Piece {
  readonly index: number;
  readonly end: number;
  readonly #path: LongPath;
  /** Its points in the order of memory, a basepoint being number −1. */
  readonly #from: number;
  readonly #count: number;
  readonly #signatureRow: Numbers | undefined;
  readonly #below: number;
  readonly #before: number;
  readonly #signature: number;
  readonly #cotangent: number;
  readonly #initial: number;
  readonly #input: number;
  readonly #output: number;
  readonly #outInitial: number;

  constructor(path: LongPath, index: number, from: number, count: number, signature: Numbers | undefined) {
    const { channels, depth, size, bytes, initial } = path.call;
    let at = headBytes;
    const region = (numbers: number): number => {
      const begin = at;
      at += alignLarge(numbers * bytes);
      return numbers === 0 ? 0 : begin;
    };
    this.#path = path;
    this.index = index;
    this.#from = from;
    this.#count = count;
    this.#signatureRow = signature;
    this.#below = countCoefficients(channels, depthBelow(depth));
    this.#before = region(index === 0 ? 0 : path.low);
    this.#signature = region(this.#below);
    this.#cotangent = region(size);
    this.#initial = region(initial === undefined ? 0 : size);
    this.#input = region(count * channels);
    this.#output = region(count * channels);
    this.#outInitial = region(initial === undefined || index > 0 ? 0 : size);
    this.end = at;
  }

  /** Copies the piece to where it begins, byte `at`, and writes the task's head. */
  stage(memory: Memory, at: number): void {
    const { call, cotangent, stretches } = this.#path;
    const { dtype, channels, depth, bits, bytes, row, size, initial } = call;
    const heap = heapOf(memory, dtype);
    const number = (offset: number) => (at + offset) / bytes;
    if (this.index > 0) heap.set(this.#path.before(this.index), number(this.#before));
    heap.set((this.#signatureRow as Numbers).subarray(0, this.#below), number(this.#signature));
    // Without the scalar term.
    copyIn(cotangent.view, cotangent.kind, row - size, size, heap, number(this.#cotangent));
    if (initial !== undefined) stageRows(initial, size, pathsAsTheyStand, 0, 1, heap, number(this.#initial), false);
    stagePoints(call, 0, this.#from, this.#count, heap, number(this.#input));
    const part = (this.index > 0 ? CONTINUED : 0) | (this.index < stretches - 1 ? CONTINUES : 0);
    const options = (bits & INVERSE) | LONE | part;
    const common = { dtype, channels, depth, options, staged: this.#output, output: this.#output, end: this.end };
    const head = writeHead(memory.u32, at, operation.PIECE, common);
    const { u32 } = memory;
    u32[head + PATHS] = this.#input;
    u32[head + POINTS] = this.#count;
    u32[head + INITIAL] = this.#initial;
    u32[head + COTANGENT] = this.#cotangent;
    u32[head + SIGNATURE] = this.#signature;
    u32[head + BEFORE] = this.#before;
    u32[head + OUT_INITIAL] = this.#outInitial;
  }

  /** Adds the gradients of the piece at byte `at` to `to`, whose points are zero before. The ends of a piece have a part from each side, whichever comes first. */
  take(memory: Memory, at: number, to: GradientArrays): void {
    const { channels, bytes, dtype } = this.#path.call;
    const heap = heapOf(memory, dtype);
    const { paths } = to;
    let from = (at + this.#output) / bytes;
    let first = this.#from;
    let count = this.#count;
    if (first < 0) {
      to.basepoint?.(heap, from, 0, 1);
      from += channels;
      first = 0;
      count -= 1;
    }
    const begin = first * channels;
    const last = (count - 1) * channels;
    for (let c = 0; c < channels; c++) {
      (heap[from + c] as number) += paths[begin + c] as number;
      if (last > 0) (heap[from + last + c] as number) += paths[begin + last + c] as number;
    }
    copyOut(heap, from, count * channels, paths, begin);
    if (this.index === 0) to.initial?.(heap, (at + this.#outInitial) / bytes, 0, 1);
  }
}

/** Bytes of the kernel's scratch for gradients. @throws PathSignatureError SIZE_TOO_LARGE */
export function vjpScratchFor(instance: Instance, call: Call, bits: number): number {
  const bytes = instance.kernels.vjp_scratch_bytes(call.dtype, call.channels, call.depth, bits) >>> 0;
  if (bytes > 0) return bytes;
  throw beyondMemory(call);
}

/** Bytes of scratch for the piece whose head is at byte `at` of `u32`; 0 where the kernels cannot compute it. */
export function scratchOfPiece(instance: Instance, u32: Uint32Array, at: number): number {
  const word = (n: number) => u32[at / 4 + n] as number;
  return instance.kernels.vjp_scratch_bytes(word(DTYPE) as DTypeIndex, word(CHANNELS), word(DEPTH), LONE) >>> 0;
}

/** Carries out the piece at byte `at` of the instance's memory, with scratch elsewhere in it. @returns A code of abi.ts */
export function performPiece(instance: Instance, at: number, scratch: number, scratchBytes: number): number {
  const { u32, kernels } = instance;
  const word = (n: number) => u32[at / 4 + n] as number;
  const address = (n: number) => word(n) && at + word(n);
  const [channels, depth] = [word(CHANNELS), word(DEPTH)];
  return kernels.signature_vjp(
    word(DTYPE),
    address(PATHS),
    1,
    word(POINTS),
    channels,
    depth,
    0,
    0,
    0,
    address(INITIAL),
    0,
    address(SIGNATURE),
    countCoefficients(channels, depthBelow(depth)),
    address(COTANGENT),
    word(OPTIONS),
    address(OUTPUT),
    0,
    address(OUT_INITIAL),
    address(BEFORE),
    scratch,
    scratchBytes,
  );
}

/** All of a long path's work on this thread. @throws PathSignatureError SIZE_TOO_LARGE, and what is not finite */
export function longGradients(instance: Instance, path: LongPath, to: GradientArrays): void {
  const { call, own, stretches, cotangent } = path;
  const { dtype, channels, size, depth, bytes } = own;
  const scratch = Math.max(vjpScratchFor(instance, call, LONE), scratchFor(instance, own));
  let room = 0;
  for (let k = 0; k < stretches; k++) room = Math.max(room, path.block(k).layout.end, path.piece(k).end);
  const rows = instance.reserve(alignLarge(2 * size * bytes) + room + scratch);
  const base = rows + alignLarge(2 * size * bytes);
  let suspect = call.checkFinite;
  const check = (done: number, look: () => void) => {
    if (done < 0) throw internal(call, `code ${done}`);
    if (done !== code.FINE && suspect) look();
  };
  for (let k = 0; k < stretches; k++) {
    const block = path.block(k);
    const done = runStaged(instance, own, block.stage(instance, base), base, base + room, scratch);
    instance.refresh();
    check(done, () => {
      checkPaths(call, 0, 1);
      // All are finite: it is the sum that overflows.
      suspect = false;
    });
    const heap = heapOf(instance, dtype);
    const from = block.outputOf(0, base);
    const row = heap.subarray(from, from + size);
    const at = rows / bytes;
    if (path.product === undefined) path.pass(row.slice());
    else {
      heap.set(path.product, at);
      heap.set(row, at + size);
      instance.kernels.combine(dtype, channels, depth, rows, 2);
      path.pass(heap.slice(at, at + size));
    }
  }
  suspect = call.checkFinite;
  for (let k = 0; k < stretches; k++) {
    const piece = path.piece(k);
    piece.stage(instance, base);
    check(performPiece(instance, base, base + room, scratch), () => checkCotangent(call, cotangent));
    piece.take(instance, base, to);
  }
}
