// What all ways of running a call (once.ts, stage.ts, chain.ts) do alike in memory: how regions are aligned, how basepoints and
// initial signatures are staged, how results are brought back. Which regions there are and where is theirs.

import { copyIn, copyOut, type DTypeIndex, FLOAT32 } from "../input/arrays.ts";
import { type Call, startOf } from "../input/call.ts";
import type { ReadRows } from "../input/paths.ts";
import { tooLarge } from "../input/size.ts";
import type { Instance } from "../wasm/instance.ts";

/** Regions of the arena begin at multiples of this: a cache line, and more than any vector asks for. */
export const align = (bytes: number): number => (bytes + 63) & ~63;
/** The same beyond 2^31, where bit operations end. */
export const alignLarge = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** The memory as numbers of a number type. To be asked for anew after whatever may have grown it. */
export function heapOf(
  memory: { readonly f32: Float32Array; readonly f64: Float64Array },
  dtype: DTypeIndex,
): Float32Array | Float64Array {
  return dtype === FLOAT32 ? memory.f32 : memory.f64;
}

/** The error for a call that the kernels do not compute. */
export const beyondMemory = ({ channels, depth, size }: Call): Error =>
  tooLarge(channels, depth, size, "options.depth", "such that a call fits into 32-bit WebAssembly memory");

/**
 * Bytes of scratch that the call needs.
 * @throws PathSignatureError SIZE_TOO_LARGE
 */
export function scratchFor(instance: Instance, call: Call): number {
  const bytes = instance.scratchBytes(call.dtype, call.channels, call.depth, call.bits);
  if (bytes > 0) return bytes;
  throw beyondMemory(call);
}

/** Brings `count` numbers of staged output to the caller. */
export function deliver(
  heap: Float32Array | Float64Array,
  at: number,
  count: number,
  out: Float32Array | Float64Array | undefined,
) {
  if (out === undefined) return heap.slice(at, at + count);
  copyOut(heap, at, count, out, 0);
  return out;
}

/**
 * Copies the basepoints of a cut's items [first, first + count) to `heap[at…]`; returns the numbers from one to the next.
 * `each`: also where all paths share one, every item gets its own.
 */
export function stageBasepoint(
  basepoint: ReadRows | true,
  channels: number,
  items: Paths,
  first: number,
  count: number,
  heap: Float32Array | Float64Array,
  at: number,
  each: boolean,
): number {
  if (basepoint === true) {
    heap.fill(0, at, at + (each ? count : 1) * channels);
    return each ? channels : 0;
  }
  return stageRows(basepoint, channels, items, first, count, heap, at, each);
}

/** The paths that items belong to. */
interface Paths {
  /** Whether item i is path i of them all, up to where they begin. */
  readonly inOrder: boolean;
  pathOf(item: number): number;
}

/** The same for rows of any kind; of each the last `size` numbers, so that an initial signature comes without its scalar term. */
export function stageRows(
  given: ReadRows,
  size: number,
  items: Paths,
  first: number,
  count: number,
  heap: Float32Array | Float64Array,
  at: number,
  each: boolean,
): number {
  const { view, kind, stride, width } = given;
  const skip = width - size;
  if (stride === 0) {
    copyIn(view, kind, skip, size, heap, at);
    if (!each) return 0;
    for (let i = 1; i < count; i++) heap.copyWithin(at + i * size, at, at + size);
  } else if (skip === 0 && items.inOrder) {
    copyIn(view, kind, items.pathOf(first) * size, count * size, heap, at);
  } else {
    for (let i = 0; i < count; i++)
      copyIn(view, kind, items.pathOf(first + i) * stride + skip, size, heap, at + i * size);
  }
  return size;
}

/** The paths of a batch as they stand. */
export const pathsAsTheyStand: Paths = { inOrder: true, pathOf: (item) => item };

/** Copies points [from, from + count) of a path to `heap[to…]`; point −1 is its basepoint. */
export function stagePoints(
  call: Call,
  path: number,
  from: number,
  count: number,
  heap: Float32Array | Float64Array,
  to: number,
): void {
  const { channels, basepoint } = call;
  const { view, kind } = call.paths;
  if (from < 0) {
    stageBasepoint(basepoint as ReadRows | true, channels, pathsAsTheyStand, path, 1, heap, to, false);
    to += channels;
    from = 0;
    count -= 1;
  }
  copyIn(view, kind, startOf(call, path) + from * channels, count * channels, heap, to);
}
