// Writes and reads the head of a task (its words are in wasm/abi.ts), and copies points that the
// caller left in shared memory into a task. With its head alone, a task can run on any thread in
// any memory.

import { type DTypeIndex, FLOAT32 } from "../input/arrays.ts";
import { move } from "../input/move.ts";
import { headBytes, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";

/** Views of a memory for every element type. */
export interface Memory {
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  /**
   * The number that identifies a buffer of the caller to the threads that run tasks; undefined if
   * they cannot access it.
   */
  readonly sourceOf?: (buffer: SharedArrayBuffer) => number;
}

/**
 * The view of the memory for a number type. Fetch it again after anything that may have grown the
 * memory.
 */
export const heapOf = ({ f32, f64 }: Memory, dtype: DTypeIndex): Float32Array | Float64Array =>
  dtype === FLOAT32 ? f32 : f64;

/**
 * Regions of a task are aligned to this: a cache line, and at least the alignment of every vector.
 */
export const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Assigns offsets to the regions of a task, one after the other. */
export class Layout {
  end = headBytes;

  /** The offset of a region of `bytes` bytes; 0 for none. */
  add(bytes: number): number {
    if (bytes === 0) return 0;
    const begin = this.end;
    this.end += align(bytes);
    return begin;
  }
}

/** Contents of a head besides its regions. */
export interface Head {
  readonly operation: number;
  readonly dtype: DTypeIndex;
  readonly channels: number;
  readonly depth: number;
  /** The kernels' option bits. */
  readonly options: number;
  readonly batch: number;
  readonly points: number;
  readonly lengths: number;
  readonly row: number;
  /** End of the staged inputs, and the bounds of the outputs. */
  readonly staged: number;
  readonly output: number;
  readonly end: number;
}

/** Writes a head at byte `at`, without regions. */
export function writeHead(u32: Uint32Array, at: number, head: Head): void {
  const w = at / 4;
  u32.fill(0, w, w + headBytes / 4);
  u32[w + word.OPERATION] = head.operation;
  u32[w + word.DTYPE] = head.dtype;
  u32[w + word.OUTPUT] = head.output;
  u32[w + word.END] = head.end;
  u32[w + word.STAGED] = head.staged;
  u32[w + word.CHANNELS] = head.channels;
  u32[w + word.DEPTH] = head.depth;
  u32[w + word.OPTIONS] = head.options;
  u32[w + word.BATCH] = head.batch;
  u32[w + word.POINTS] = head.points;
  u32[w + word.LENGTHS] = head.lengths;
  u32[w + word.ROW] = head.row;
}

/** Writes the offset of a region and the stride of its items, in numbers. */
export function writeRegion(u32: Uint32Array, at: number, region: number, offset: number, stride: number): void {
  const w = at / 4 + word.REGIONS + 2 * region;
  u32[w] = offset;
  u32[w + 1] = stride;
}

/** Buffers of callers that tasks copy numbers from, by their number in heads. */
export type Sources = ReadonlyMap<number, ArrayBufferLike>;

/**
 * 64-bit floats per entry of a gather list: first number in the source, count, first number in the
 * task.
 */
export const gatherEntry = 3;

/**
 * Records that the kernel's thread copies the numbers listed at offset `list` from a source, to the
 * place after the staged inputs.
 */
export function writeGather(
  u32: Uint32Array,
  at: number,
  source: number,
  dtype: DTypeIndex,
  list: number,
  count: number,
  staged: number,
): void {
  const w = at / 4;
  u32[w + word.STAGED] = staged;
  u32[w + word.SOURCE] = source;
  u32[w + word.SOURCE_DTYPE] = dtype;
  u32[w + word.GATHER] = list;
  u32[w + word.GATHER_COUNT] = count;
}

/** Copies the numbers that the task at byte `at` of the instance's memory takes from a source. */
export function gather(instance: Instance, at: number, sources: Sources): void {
  const { u32, f64 } = instance;
  const w = at / 4;
  const count = u32[w + word.GATHER_COUNT] as number;
  if (count === 0) return;
  const number = u32[w + word.SOURCE] as number;
  const buffer = sources.get(number);
  if (buffer === undefined) throw new Error(`source ${number} is not known`);
  const single = u32[w + word.SOURCE_DTYPE] === FLOAT32;
  const bytes = single ? 4 : 8;
  const length = Math.floor(buffer.byteLength / bytes);
  const source = single ? new Float32Array(buffer, 0, length) : new Float64Array(buffer, 0, length);
  const heap = single ? instance.f32 : f64;
  const list = (at + (u32[w + word.GATHER] as number)) / 8;
  for (let i = list; i < list + count * gatherEntry; i += gatherEntry) {
    move(source, f64[i] as number, f64[i + 1] as number, heap, at / bytes + (f64[i + 2] as number));
  }
}
