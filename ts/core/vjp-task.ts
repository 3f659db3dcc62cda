// Gradients of a block of paths as a task (task.ts): how it is laid out and staged, and how whoever has its memory carries it out: by the same steps as a call
// on this thread, signatures and then gradients, of which the block is the whole batch. The bits are the call's, since where a path is cut depends on the
// path alone.

import { HORNER, INVERSE, PRUNED, SCALAR_TERM, STREAM } from "./abi.ts";
import { alignLarge, heapOf, pathsAsTheyStand, stageBasepoint, stageRows } from "./arena.ts";
import { copyIn, type DTypeIndex, dtypeOfKind, FLOAT32, type Kind } from "./arrays.ts";
import { Call, lengthOf, startOf } from "./call.ts";
import { isPathSignatureError } from "./errors.ts";
import { ReadPaths, ReadRows } from "./input.ts";
import type { Instance } from "./instance.ts";
import { ReadOptions } from "./options.ts";
import { countCoefficients } from "./size.ts";
import type { Memory } from "./stage.ts";
import {
  BASEPOINT,
  BASEPOINT_STRIDE,
  BATCH,
  CHANNELS,
  DEPTH,
  DTYPE,
  failed,
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
  writeHead,
} from "./task.ts";
import { backward, forward, ownCall } from "./vjp-run.ts";
import type { GradientArrays } from "./vjp-stage.ts";

type Numbers = Float32Array | Float64Array;

/** Some numbers of the block are not finite, so it was not computed: whoever has the whole call says which is the first. */
export const NOT_FINITE = 2;

// Words of the head; those of task.ts precede them. Addresses count bytes from the head on; 0 is nothing.
const COTANGENTS = 17;
const OUT_BASEPOINT = 18;
const OUT_INITIAL = 19;
const CHECK_FINITE = 20;

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
    if (call.lengths === undefined && starts === undefined) {
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
      options: call.bits,
      staged: this.output,
      output: this.output,
      end: this.end,
    });
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

/**
 * Carries out the task at byte `at` of any memory; the instance's own is used for staging.
 * @returns 0, {@link NOT_FINITE}, or one of task.ts's codes.
 * @throws what the kernel throws where it traps
 */
export function performVjp(instance: Instance, buffer: ArrayBufferLike, at: number): number {
  const head = new Uint32Array(buffer, at, headBytes / 4);
  const word = (n: number) => head[n] as number;
  const dtype = word(DTYPE) as DTypeIndex;
  const batch = word(BATCH);
  const points = word(POINTS);
  const channels = word(CHANNELS);
  const numbers = (offset: number, count: number): Numbers => {
    const begin = at + offset;
    return dtype === FLOAT32 ? new Float32Array(buffer, begin, count) : new Float64Array(buffer, begin, count);
  };
  const rowsAt = (offset: number, stride: number, width: number): ReadRows =>
    new ReadRows(numbers(offset, stride === 0 ? width : batch * width), dtype as Kind, stride, width);

  const options = optionsOf(word(OPTIONS), word(DEPTH), word(CHECK_FINITE) === 1);
  const size = countCoefficients(channels, options.depth);
  const input = numbers(word(PATHS), batch * points * channels);
  const paths = new ReadPaths(
    input,
    dtype as Kind,
    [batch],
    batch,
    points,
    channels,
    dtypeOfKind(dtype as Kind),
    undefined,
  );
  const lengths = word(LENGTHS) === 0 ? undefined : new Uint32Array(buffer, at + word(LENGTHS), batch);
  const basepoint = word(BASEPOINT) === 0 ? undefined : rowsAt(word(BASEPOINT), word(BASEPOINT_STRIDE), channels);
  const initial = word(INITIAL) === 0 ? undefined : rowsAt(word(INITIAL), word(INITIAL_STRIDE), size);
  const call = new Call(paths, options, dtype, size, lengths, basepoint, initial);
  const cotangents = new ReadRows(
    numbers(word(COTANGENTS), batch * call.rows * call.row),
    dtype as Kind,
    call.row,
    call.row,
  );
  const gradients = numbers(word(OUTPUT), batch * points * channels);
  // What lies past the end of a path is not written.
  gradients.fill(0);
  const to: GradientArrays = {
    paths: gradients,
    basepoint: takeRows(numbers, word(OUT_BASEPOINT), batch, channels),
    initial: takeRows(numbers, word(OUT_INITIAL), batch, size),
  };
  try {
    backward(instance, call, forward(instance, ownCall(call, options)), cotangents, to);
    return 0;
  } catch (error) {
    if (!isPathSignatureError(error)) throw error;
    return codeOf(error.code);
  }
}

/** Rows of gradients to a region of the task; `undefined` where it has none. */
function takeRows(
  numbers: (offset: number, count: number) => Numbers,
  offset: number,
  batch: number,
  width: number,
): GradientArrays["basepoint"] {
  if (offset === 0) return undefined;
  const rows = numbers(offset, batch * width);
  return (heap, from, first, count) => rows.set(heap.subarray(from, from + count * width), first * width);
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
