// A task: one call of a kernel written down as numbers, at the head of the memory that it works on. Whoever has the memory can
// carry it out, this thread (batch.ts) or a worker (ts/pool), and all do it by the one function here. What is staged behind the
// head, and where, is stage.ts's.

import { type DTypeIndex, FLOAT32 } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import { SCALAR_TERM } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { move } from "./move.ts";

/** Bytes of a head. Tasks begin at multiples of this. */
export const headBytes = 128;

/** What a task computes. */
export const operation = {
  /** Signatures of a block of paths. */
  SIGNATURE: 1,
  /** One signature from those of consecutive stretches. */
  COMBINE: 2,
  /** Gradients of a block of paths: vjp-task.ts's. */
  VJP: 3,
} as const;

/** What a task can end with besides the codes of abi.ts. */
export const failed = {
  /** No memory for the kernel's scratch. */
  OUT_OF_MEMORY: -100,
  /** The shape is beyond what the kernels compute. */
  UNSUPPORTED: -101,
  /** The kernel trapped. */
  TRAP: -102,
  /** Something that is a fault of the library's. */
  INTERNAL: -103,
} as const;

// Words of the head. Addresses count bytes from the head on; 0 is nothing.
export const OPERATION = 0;
export const DTYPE = 1;
/** What it ended with. */
export const RESULT = 2;
/** Where the output begins, and where what follows it does. */
export const OUTPUT = 3;
export const END = 4;
/** Where what was staged ends. */
export const STAGED = 5;
export const CHANNELS = 6;
export const DEPTH = 7;
export const OPTIONS = 8;
// Numbers that are taken from elsewhere before the kernel runs: from which source, of which type, and the list of what goes where.
const SOURCE = 24;
const SOURCE_DTYPE = 25;
const GATHER = 26;
const GATHER_COUNT = 27;
// A signature's; gradients' begin alike (vjp-task.ts).
export const PATHS = 9;
export const BATCH = 10;
export const POINTS = 11;
export const LENGTHS = 12;
export const BASEPOINT = 13;
export const BASEPOINT_STRIDE = 14;
export const INITIAL = 15;
export const INITIAL_STRIDE = 16;
// A combination's.
const ROWS = 9;
const COUNT = 10;

/** What every task says. */
export interface Task {
  readonly dtype: DTypeIndex;
  readonly channels: number;
  readonly depth: number;
  /** The kernels' option bits. */
  readonly options: number;
  readonly staged: number;
  readonly output: number;
  readonly end: number;
}

/** What the kernel `signature` (abi.ts) is told of a block that is staged, besides what its call says. Regions as bytes from the block's beginning on; 0: there is none. */
export interface Staged {
  readonly paths: number;
  readonly batch: number;
  readonly points: number;
  readonly lengths: number;
  readonly basepoint: number;
  readonly basepointStride: number;
  readonly initial: number;
  readonly initialStride: number;
  readonly options: number;
  readonly output: number;
}

/** The numbers that make a kernel of a shape. */
export interface Form {
  readonly dtype: DTypeIndex;
  readonly channels: number;
  readonly depth: number;
}

/** Runs the kernel on a block at byte `at` of the instance's memory; memory may have grown afterwards. @returns A code of abi.ts */
export function runStaged(
  { kernels }: Instance,
  { dtype, channels, depth }: Form,
  staged: Staged,
  at: number,
  scratch: number,
  scratchBytes: number,
): number {
  const address = (offset: number) => offset && at + offset;
  return kernels.signature(
    dtype,
    at + staged.paths,
    staged.batch,
    staged.points,
    channels,
    depth,
    address(staged.lengths),
    address(staged.basepoint),
    staged.basepointStride,
    address(staged.initial),
    staged.initialStride,
    staged.options,
    at + staged.output,
    scratch,
    scratchBytes,
  );
}

/** `count` rows from `rows` on become one, to the left of it `initial`, the row before the first, where it is not 0. */
export interface CombineTask extends Task {
  readonly rows: number;
  readonly count: number;
  readonly initial: number;
}

/** Buffers that tasks take numbers from, by the numbers that heads call them by. */
export type Sources = ReadonlyMap<number, ArrayBufferLike>;

/** Words of an entry of the list: what it begins with in the source, how many, and where it goes, the first and last in numbers. */
export const gatherEntry = 3;

/** Fewer numbers are not worth a message about where they lie. */
const leastGather = 16384;

/** Whether so many numbers of a call's paths are worth being taken from where the caller has them, and can be: in memory that it shares, of the call's number type. */
export function canGather({ paths, dtype }: Call, numbers: number): boolean {
  const { view, kind } = paths;
  const isShared = typeof SharedArrayBuffer === "function" && view.buffer instanceof SharedArrayBuffer;
  return isShared && kind === dtype && numbers >= leastGather;
}

/** What a task takes from a source. */
export interface Gather {
  readonly source: number;
  readonly dtype: DTypeIndex;
  /** Where the list begins: (from, count, to) as 64-bit floats, `from` in numbers of the source, `to` in numbers from the head on. */
  readonly list: number;
  readonly count: number;
}

/** Tells a task's head what to take from a source. */
export function writeGather(u32: Uint32Array, at: number, given: Gather): void {
  const head = at / 4;
  u32[head + SOURCE] = given.source;
  u32[head + SOURCE_DTYPE] = given.dtype;
  u32[head + GATHER] = given.list;
  u32[head + GATHER_COUNT] = given.count;
}

/** Takes what the task at byte `at` of the instance's memory is to take from elsewhere. */
export function gather(instance: Instance, at: number, sources: Sources): void {
  const { u32, f64 } = instance;
  const head = at / 4;
  const count = u32[head + GATHER_COUNT] as number;
  if (count === 0) return;
  const buffer = sources.get(u32[head + SOURCE] as number);
  if (buffer === undefined) throw new Error(`source ${u32[head + SOURCE]} is not known`);
  const single = u32[head + SOURCE_DTYPE] === FLOAT32;
  const bytes = single ? 4 : 8;
  const source = single
    ? new Float32Array(buffer, 0, Math.floor(buffer.byteLength / 4))
    : new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
  const heap = single ? instance.f32 : f64;
  const list = (at + (u32[head + GATHER] as number)) / 8;
  for (let i = list; i < list + count * gatherEntry; i += gatherEntry) {
    move(source, f64[i] as number, f64[i + 1] as number, heap, at / bytes + (f64[i + 2] as number));
  }
}

/** Writes what every head begins with; returns its first word. */
export function writeHead(u32: Uint32Array, at: number, what: number, task: Task): number {
  const head = at / 4;
  u32[head + OPERATION] = what;
  u32[head + DTYPE] = task.dtype;
  u32[head + RESULT] = 0;
  u32[head + OUTPUT] = task.output;
  u32[head + END] = task.end;
  u32[head + STAGED] = task.staged;
  u32[head + CHANNELS] = task.channels;
  u32[head + DEPTH] = task.depth;
  u32[head + OPTIONS] = task.options;
  u32[head + GATHER_COUNT] = 0;
  return head;
}

/** Writes the head of a block's task at byte `at`: what precedes byte `end` of it is staged, what precedes `last` is all of it. */
export function writeSignature(
  u32: Uint32Array,
  at: number,
  { dtype, channels, depth }: Form,
  task: Staged,
  end: number,
  last: number,
): void {
  const { options, output } = task;
  const common = { dtype, channels, depth, options, staged: end, output, end: last };
  const head = writeHead(u32, at, operation.SIGNATURE, common);
  u32[head + PATHS] = task.paths;
  u32[head + BATCH] = task.batch;
  u32[head + POINTS] = task.points;
  u32[head + LENGTHS] = task.lengths;
  u32[head + BASEPOINT] = task.basepoint;
  u32[head + BASEPOINT_STRIDE] = task.basepointStride;
  u32[head + INITIAL] = task.initial;
  u32[head + INITIAL_STRIDE] = task.initialStride;
}

/** Writes the head of a task at byte `at`. */
export function writeCombine(u32: Uint32Array, at: number, task: CombineTask): void {
  const head = writeHead(u32, at, operation.COMBINE, task);
  u32[head + ROWS] = task.rows;
  u32[head + COUNT] = task.count;
  u32[head + INITIAL] = task.initial;
}

/** Bytes of scratch that a task needs besides its own memory, its head being at byte `at` of `u32`; 0 where the kernels cannot compute it. */
export function scratchOf(instance: Instance, u32: Uint32Array, at: number): number {
  const head = at / 4;
  if (u32[head + OPERATION] !== operation.SIGNATURE) return 64;
  return instance.scratchBytes(
    u32[head + DTYPE] as DTypeIndex,
    u32[head + CHANNELS] as number,
    u32[head + DEPTH] as number,
    u32[head + OPTIONS] as number,
  );
}

/**
 * Carries out the task at byte `at` of the instance's memory, with scratch elsewhere in it. Memory may have grown afterwards.
 * @returns A code of abi.ts; negative: it was not done.
 */
export function perform(instance: Instance, at: number, scratch: number, scratchBytes: number): number {
  const { u32, kernels } = instance;
  const head = at / 4;
  const word = (n: number) => u32[head + n] as number;
  const form: Form = { dtype: word(DTYPE) as DTypeIndex, channels: word(CHANNELS), depth: word(DEPTH) };
  if (word(OPERATION) === operation.COMBINE) {
    const combine = (rows: number, count: number) =>
      kernels.combine(form.dtype, form.channels, form.depth, at + rows, count);
    const done = combine(word(ROWS), word(COUNT));
    return done < 0 || word(INITIAL) === 0 ? done : combine(word(INITIAL), 2);
  }
  const staged: Staged = {
    paths: word(PATHS),
    batch: word(BATCH),
    points: word(POINTS),
    lengths: word(LENGTHS),
    basepoint: word(BASEPOINT),
    basepointStride: word(BASEPOINT_STRIDE),
    initial: word(INITIAL),
    initialStride: word(INITIAL_STRIDE),
    options: word(OPTIONS),
    output: word(OUTPUT),
  };
  return runStaged(instance, form, staged, at, scratch, scratchBytes);
}

/** The option bits of a stretch: its signature is multiplied with others, so it has no scalar term. */
export const stretchOptions = (bits: number): number => bits & ~SCALAR_TERM;
