// Gradients of a block of paths as a task (task.ts): how it is laid out and staged, and how whoever has its memory carries it out: by the same steps as a call
// on this thread, signatures and then gradients, of which the block is the whole batch. The bits are the call's, since where a path is cut depends on the
// path alone.

import { copyIn, type DTypeIndex, dtypeOfKind, FLOAT32, type Kind } from "../input/arrays.ts";
import { Call, lengthOf, startOf } from "../input/call.ts";
import { checkCotangent } from "../input/cotangent.ts";
import { isPathSignatureError } from "../input/errors.ts";
import { checkPaths } from "../input/finite.ts";
import { ReadOptions } from "../input/options.ts";
import { ReadPaths, ReadRows } from "../input/paths.ts";
import { countCoefficients } from "../input/size.ts";
import { code, HORNER, INVERSE, LONE, PRUNED, SCALAR_TERM, STREAM } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { alignLarge, heapOf, pathsAsTheyStand, stageBasepoint, stageRows } from "./arena.ts";
import { type CallSizes, longestStretch } from "./blocks.ts";
import type { Memory } from "./stage.ts";
import {
  BASEPOINT,
  BASEPOINT_STRIDE,
  BATCH,
  CHANNELS,
  canGather,
  DEPTH,
  DTYPE,
  failed,
  gatherEntry,
  headBytes,
  INITIAL,
  INITIAL_STRIDE,
  LENGTHS,
  OPERATION,
  OPTIONS,
  OUTPUT,
  operation,
  PATHS,
  POINTS,
  writeGather,
  writeHead,
} from "./task.ts";
import { forwardAlgorithm, forwardDepth, planVjp } from "./vjp-blocks.ts";
import { someNeedDouble } from "./vjp-double.ts";
import { gradientsOf, isLone } from "./vjp-run.ts";
import type { GradientArrays } from "./vjp-stage.ts";

type Numbers = Float32Array | Float64Array;

/** Some numbers of the block are not finite, so it was not computed: whoever has the whole call says which is the first. */
export const NOT_FINITE = 2;

// Words of the head; those of task.ts precede them. Addresses count bytes from the head on; 0 is nothing.
const COTANGENTS = 17;
const OUT_BASEPOINT = 18;
const OUT_INITIAL = 19;
const CHECK_FINITE = 20;
const DOUBLE = 21;

/** The option bits that gradients know. */
const vjpBits = STREAM | INVERSE | SCALAR_TERM | LONE;

/** Paths [first, first + count) of a call with their cotangents: where each region lies, in bytes from the head on; 0 for what is not there. */
export class VjpBlock {
  readonly call: Call;
  readonly cotangents: ReadRows;
  readonly first: number;
  readonly count: number;
  readonly lengths: number;
  readonly basepoint: number;
  readonly initial: number;
  readonly cotangent: number;
  /** Whether float32 does not do for some of the paths. */
  readonly isDouble: boolean;
  /** The entry that tells whence points are to be taken, where they are not staged. */
  readonly gather: number;
  /** The last of what is staged. */
  readonly input: number;
  readonly output: number;
  readonly outBasepoint: number;
  readonly outInitial: number;
  readonly end: number;

  constructor(call: Call, cotangents: ReadRows, first: number, count: number) {
    const { points, channels, rows, row, size, bytes, basepoint, initial, lengths } = call;
    let at = headBytes;
    const region = (wanted: boolean, length: number): number => {
      const begin = at;
      if (wanted) at += alignLarge(length);
      return wanted ? begin : 0;
    };
    const given = (rows: ReadRows | true, width: number) =>
      (rows === true || rows.stride === 0 ? 1 : count) * width * bytes;
    this.call = call;
    this.cotangents = cotangents;
    this.first = first;
    this.count = count;
    this.lengths = region(lengths !== undefined, count * 4);
    this.basepoint = region(basepoint !== undefined, given(basepoint ?? true, channels));
    this.initial = region(initial !== undefined, given(initial ?? true, size));
    this.cotangent = region(true, count * rows * row * bytes);
    this.isDouble = someNeedDouble(call, first, count);
    const inOrder = lengths === undefined && call.paths.starts === undefined && !this.isDouble;
    this.gather = region(inOrder && isUncut(call) && canGather(call, count * points * channels), gatherEntry * 8);
    this.input = region(true, count * points * channels * bytes);
    this.output = region(true, count * points * channels * bytes);
    this.outBasepoint = region(basepoint !== undefined && basepoint !== true, count * channels * bytes);
    this.outInitial = region(initial !== undefined, count * size * bytes);
    this.end = at;
  }

  /** Copies the block to where it begins, byte `at`, and writes the task's head. */
  stage(memory: Memory, at: number): void {
    const { call, cotangents, first, count } = this;
    const { dtype, bytes, channels, depth, points, rows, row, size, basepoint, initial } = call;
    const { u32 } = memory;
    const heap = heapOf(memory, dtype);
    const number = (offset: number) => (at + offset) / bytes;
    const { view, kind, starts } = call.paths;
    const input = number(this.input);
    const source = this.gather === 0 ? undefined : memory.sourceOf?.(view.buffer as SharedArrayBuffer);
    if (source !== undefined) {
      const list = (at + this.gather) / 8;
      memory.f64[list] = view.byteOffset / bytes + first * points * channels;
      memory.f64[list + 1] = count * points * channels;
      memory.f64[list + 2] = this.input / bytes;
    } else if (call.lengths === undefined && starts === undefined) {
      copyIn(view, kind, first * points * channels, count * points * channels, heap, input);
    } else {
      for (let i = 0; i < count; i++) {
        const length = lengthOf(call, first + i);
        copyIn(view, kind, startOf(call, first + i), length * channels, heap, input + i * points * channels);
        u32[(at + this.lengths) / 4 + i] = length;
      }
    }
    copyIn(cotangents.view, cotangents.kind, first * rows * row, count * rows * row, heap, number(this.cotangent));
    const head = writeHead(u32, at, operation.VJP, {
      dtype,
      channels,
      depth,
      options: call.bits | (isLone(call) ? LONE : 0),
      staged: source === undefined ? this.output : this.input,
      output: this.output,
      end: this.end,
    });
    if (source !== undefined) writeGather(u32, at, { source, dtype, list: this.gather, count: 1 });
    u32[head + PATHS] = this.input;
    u32[head + BATCH] = count;
    u32[head + POINTS] = points;
    u32[head + LENGTHS] = this.lengths;
    u32[head + BASEPOINT] = this.basepoint;
    if (basepoint !== undefined) {
      const to = number(this.basepoint);
      u32[head + BASEPOINT_STRIDE] = stageBasepoint(
        basepoint,
        channels,
        pathsAsTheyStand,
        first,
        count,
        heap,
        to,
        false,
      );
    }
    u32[head + INITIAL] = this.initial;
    if (initial !== undefined) {
      const to = number(this.initial);
      u32[head + INITIAL_STRIDE] = stageRows(initial, size, pathsAsTheyStand, first, count, heap, to, false);
    }
    u32[head + COTANGENTS] = this.cotangent;
    u32[head + OUT_BASEPOINT] = this.outBasepoint;
    u32[head + OUT_INITIAL] = this.outInitial;
    u32[head + CHECK_FINITE] = call.checkFinite ? 1 : 0;
    u32[head + DOUBLE] = this.isDouble ? 1 : 0;
  }

  /** Copies the gradients of the block at byte `at` to their places. */
  take(memory: Memory, at: number, to: GradientArrays): void {
    const { call, first, count } = this;
    const { points, channels, bytes, dtype } = call;
    const heap = heapOf(memory, dtype);
    const number = (offset: number) => (at + offset) / bytes;
    const numbers = points * channels;
    copyIn(heap, dtype as Kind, number(this.output), count * numbers, to.paths, first * numbers);
    to.basepoint?.(heap, number(this.outBasepoint), first, count);
    to.initial?.(heap, number(this.outInitial), first, count);
  }
}

/** Whether the task whose head begins at a word is one of gradients. */
export const isVjp = (u32: Uint32Array, head: number): boolean => u32[head + OPERATION] === operation.VJP;

/** A task's block as a call of its own, in memory where its numbers lie at byte `at`. */
class StagedBlock {
  readonly call: Call;
  readonly options: ReadOptions;
  readonly cotangents: ReadRows;
  /** Whether it is a call by itself, of one path. */
  readonly lone: boolean;
  readonly #buffer: ArrayBufferLike;
  readonly #at: number;
  readonly #head: Uint32Array;

  constructor(buffer: ArrayBufferLike, at: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#head = new Uint32Array(buffer, at, headBytes / 4);
    const dtype = this.#word(DTYPE) as DTypeIndex;
    const batch = this.#word(BATCH);
    const points = this.#word(POINTS);
    const channels = this.#word(CHANNELS);
    const options = optionsOf(this.#word(OPTIONS), this.#word(DEPTH), this.#word(CHECK_FINITE) === 1);
    const size = countCoefficients(channels, options.depth);
    const input = this.numbers(this.#word(PATHS), batch * points * channels);
    const suggested = dtypeOfKind(dtype as Kind);
    const paths = new ReadPaths(input, dtype as Kind, [batch], batch, points, channels, suggested, undefined);
    const lengths = this.#word(LENGTHS) === 0 ? undefined : new Uint32Array(buffer, at + this.#word(LENGTHS), batch);
    const basepoint = this.#rows(BASEPOINT, this.#word(BASEPOINT_STRIDE), channels, batch);
    const initial = this.#rows(INITIAL, this.#word(INITIAL_STRIDE), size, batch);
    this.options = options;
    this.lone = (this.#word(OPTIONS) & LONE) !== 0;
    this.call = new Call(paths, options, dtype, size, lengths, basepoint, initial);
    const { rows, row } = this.call;
    this.cotangents = new ReadRows(this.numbers(this.#word(COTANGENTS), batch * rows * row), dtype as Kind, row, row);
  }

  #word(n: number): number {
    return this.#head[n] as number;
  }

  numbers(offset: number, count: number): Numbers {
    const begin = this.#at + offset;
    return this.#word(DTYPE) === FLOAT32
      ? new Float32Array(this.#buffer, begin, count)
      : new Float64Array(this.#buffer, begin, count);
  }

  #rows(word: number, stride: number, width: number, batch: number): ReadRows | undefined {
    const offset = this.#word(word);
    if (offset === 0) return undefined;
    return new ReadRows(
      this.numbers(offset, stride === 0 ? width : batch * width),
      this.#word(DTYPE) as Kind,
      stride,
      width,
    );
  }

  /** Where the gradients go. */
  get gradients(): GradientArrays {
    const { batch, points, channels, size } = this.call;
    return {
      paths: this.numbers(this.#word(OUTPUT), batch * points * channels),
      basepoint: this.#take(OUT_BASEPOINT, batch, channels),
      initial: this.#take(OUT_INITIAL, batch, size),
    };
  }

  /** Rows of gradients to a region of the task; `undefined` where it has none. */
  #take(word: number, batch: number, width: number): GradientArrays["basepoint"] {
    const offset = this.#word(word);
    if (offset === 0) return undefined;
    const rows = this.numbers(offset, batch * width);
    return (heap, from, first, count) => rows.set(heap.subarray(from, from + count * width), first * width);
  }
}

/** Whether the kernels can do a block as it is staged: no path of it is cut in time. */
export const isUncut = (sizes: CallSizes): boolean =>
  (sizes.stream || sizes.points - 1 <= longestStretch(sizes.channels)) && planVjp(sizes).segments === 1;

/** What the kernels need besides a block that they do as it is staged, in bytes: its signatures, then scratch. */
export interface Workspace {
  /** Of the signatures, numbers of a row of them, and the options with which they are computed. */
  readonly depth: number;
  readonly row: number;
  readonly bits: number;
  readonly signatures: number;
  readonly scratch: number;
}

/** Of the task whose head begins at a word; `undefined`: it cannot be done so, or not at all. */
export function workspaceOf(instance: Instance, u32: Uint32Array, head: number): Workspace | undefined {
  const word = (n: number) => u32[head + n] as number;
  const dtype = word(DTYPE) as DTypeIndex;
  const bits = word(OPTIONS);
  const [channels, depth, batch, points] = [word(CHANNELS), word(DEPTH), word(BATCH), word(POINTS)];
  const stream = (bits & STREAM) !== 0;
  // What is kept of signatures.
  const kept = forwardDepth(depth, stream);
  const row = countCoefficients(channels, kept) + ((bits & SCALAR_TERM) !== 0 ? 1 : 0);
  const rows = stream ? points - (word(BASEPOINT) === 0 ? 1 : 0) : 1;
  const bytes = dtype === FLOAT32 ? 4 : 8;
  if (!isUncut({ batch, points, channels, row, rows, bytes, stream }) || rows === 0) return undefined;
  if (word(DOUBLE) === 1) return undefined;
  const scratch = instance.kernels.vjp_scratch_bytes(dtype, channels, depth, bits & vjpBits) >>> 0;
  const forwardBits = (bits & vjpBits & ~LONE) | forwardAlgorithm(bits & (HORNER | PRUNED), kept, stream);
  const forwards = instance.scratchBytes(dtype, channels, kept, forwardBits);
  if (scratch === 0 || forwards === 0) return undefined;
  const signatures = alignLarge(batch * rows * row * bytes);
  return { depth: kept, row, bits: forwardBits, signatures, scratch: Math.max(scratch, forwards) };
}

/**
 * Carries out the task at byte `at` of the instance's memory where it stands, with a workspace elsewhere in it: each kernel is called once, nothing is copied. The
 * bits are those of {@link performVjp}, since a path's lanes do not depend on its neighbours.
 * @returns 0, {@link NOT_FINITE}, or one of task.ts's codes.
 */
export function performUncut(
  instance: Instance,
  at: number,
  { depth, row, bits: forwardBits, signatures, scratch }: Workspace,
  space: number,
): number {
  const { u32, kernels } = instance;
  const head = at / 4;
  const word = (n: number) => u32[head + n] as number;
  const address = (n: number) => (word(n) === 0 ? 0 : at + word(n));
  const bits = word(OPTIONS);
  const continued = (bits & STREAM) !== 0 ? address(INITIAL) : 0;
  const finite = word(CHECK_FINITE) === 0 ? undefined : () => new StagedBlock(kernels.memory.buffer, at);
  // What both kernels are told of paths.
  const paths = [word(DTYPE), address(PATHS), word(BATCH), word(POINTS), word(CHANNELS)] as const;
  const lengths = [address(LENGTHS), address(BASEPOINT), word(BASEPOINT_STRIDE)] as const;
  const forwards = kernels.signature(
    ...paths,
    depth,
    ...lengths,
    continued,
    word(INITIAL_STRIDE),
    forwardBits,
    space,
    space + signatures,
    scratch,
  );
  if (forwards < 0) return failed.INTERNAL;
  if (forwards !== code.FINE && finite !== undefined) {
    const { call } = finite();
    if (!passes(() => checkPaths(call, 0, call.batch))) return NOT_FINITE;
  }
  const backwards = kernels.signature_vjp(
    ...paths,
    word(DEPTH),
    ...lengths,
    address(INITIAL),
    word(INITIAL_STRIDE),
    space,
    row,
    address(COTANGENTS),
    bits & vjpBits,
    address(OUTPUT),
    address(OUT_BASEPOINT),
    address(OUT_INITIAL),
    0,
    space + signatures,
    scratch,
  );
  if (backwards < 0) return failed.INTERNAL;
  if (backwards !== code.FINE && finite !== undefined) {
    const { call, cotangents } = finite();
    if (!passes(() => checkCotangent(call, cotangents))) return NOT_FINITE;
  }
  return 0;
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (isPathSignatureError(error)) return false;
    throw error;
  }
}

/**
 * Carries out the task at byte `at` of any memory, whatever its paths' lengths; the instance's own is used for staging.
 * @returns 0, {@link NOT_FINITE}, or one of task.ts's codes.
 * @throws what the kernel throws where it traps
 */
export function performVjp(instance: Instance, buffer: ArrayBufferLike, at: number): number {
  const { call, options, cotangents, gradients, lone } = new StagedBlock(buffer, at);
  // What lies past the end of a path is not written.
  gradients.paths.fill(0);
  try {
    gradientsOf(instance, call, options, undefined, cotangents, gradients, lone);
    return 0;
  } catch (error) {
    if (!isPathSignatureError(error)) throw error;
    return codeOf(error.code);
  }
}

function optionsOf(bits: number, depth: number, checkFinite: boolean): ReadOptions {
  const options = new ReadOptions();
  options.depth = depth;
  options.stream = (bits & STREAM) !== 0;
  options.inverse = (bits & INVERSE) !== 0;
  options.scalarTerm = (bits & SCALAR_TERM) !== 0;
  options.algorithm = bits & (HORNER | PRUNED);
  options.checkFinite = checkFinite;
  return options;
}

function codeOf(error: string): number {
  if (error === "NOT_FINITE" || error === "NOT_REPRESENTABLE") return NOT_FINITE;
  if (error === "OUT_OF_MEMORY") return failed.OUT_OF_MEMORY;
  return error === "SIZE_TOO_LARGE" ? failed.UNSUPPORTED : failed.INTERNAL;
}
