// A call of `signature` that fits one block, the most common case: stages everything and runs the
// kernel once.
//
// The kernel may take well under a microsecond (a path of a hundred points), so this code creates
// no closures and no objects except the result. For the same reason it writes the head of the task
// inline.

import { copyIn, copyOut, type Numbers } from "../input/arrays.ts";
import { beyondMemory, type Call, internal, lengthOf, startOf } from "../input/call.ts";
import { checkPaths } from "../input/finite.ts";
import { code, headBytes, region, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { heapOf } from "./head.ts";
import { pathsInOrder, stageRows } from "./rows.ts";

const align = (bytes: number): number => (bytes + 63) & ~63;
const { PATHS, BASEPOINT, INITIAL, OUT, STATE } = region;
const wordOf = (of: number): number => word.REGIONS + 2 * of;

/** Runs a call that is one block. @param count - numbers of the result */
export function runOnce(
  instance: Instance,
  call: Call,
  operation: number,
  out: Numbers | undefined,
  count: number,
): Numbers {
  const { paths, batch, points, channels, dtype, bytes, lengths, basepoint, initial, size } = call;
  const inputBytes = align(batch * points * channels * bytes);
  const outputBytes = align(count * bytes);
  const lengthsBytes = lengths === undefined ? 0 : align(batch * 4);
  const basepointBytes =
    basepoint === undefined ? 0 : align((basepoint === true || basepoint.stride === 0 ? 1 : batch) * channels * bytes);
  const initialBytes = initial === undefined ? 0 : align((initial.stride === 0 ? 1 : batch) * size * bytes);

  // Offsets from the head, which is at the start of the arena.
  const input = headBytes;
  const output = input + inputBytes;
  const lengthsAt = output + outputBytes;
  const basepointAt = lengthsAt + lengthsBytes;
  const initialAt = basepointAt + basepointBytes;
  const end = initialAt + initialBytes;

  const scratch = scratchOf(instance, call, operation);
  const head = instance.reserve(end + scratch);

  const heap = heapOf(instance, dtype);
  const { u32 } = instance;
  const w = head >>> 2;
  // Writes every word that the kernel reads; the others may hold anything.
  writeShape(u32, w, call, operation);
  u32[w + word.BATCH] = batch;
  u32[w + word.POINTS] = points;
  u32[w + word.LENGTHS] = 0;
  u32[w + wordOf(PATHS)] = input;
  u32[w + wordOf(BASEPOINT)] = 0;
  u32[w + wordOf(INITIAL)] = 0;
  u32[w + wordOf(OUT)] = output;
  u32[w + wordOf(STATE)] = 0;
  const { starts } = paths;
  const to = (head + input) / bytes;
  if (starts === undefined) copyIn(paths.view, paths.kind, 0, batch * points * channels, heap, to);
  else {
    for (let i = 0; i < batch; i++) {
      const numbers = lengthOf(call, i) * channels;
      copyIn(paths.view, paths.kind, startOf(call, i), numbers, heap, to + i * points * channels);
    }
  }
  if (lengths !== undefined) {
    u32.set(lengths, (head + lengthsAt) / 4);
    u32[w + word.LENGTHS] = lengthsAt;
  }
  if (basepoint !== undefined) {
    const at = (head + basepointAt) / bytes;
    u32[w + wordOf(BASEPOINT)] = basepointAt;
    u32[w + wordOf(BASEPOINT) + 1] = stageRows(basepoint, channels, pathsInOrder, 0, batch, heap, at, false);
  }
  if (initial !== undefined) {
    const at = (head + initialAt) / bytes;
    u32[w + wordOf(INITIAL)] = initialAt;
    u32[w + wordOf(INITIAL) + 1] = stageRows(initial, size, pathsInOrder, 0, batch, heap, at, false);
  }

  const done = instance.run(head, head + end, scratch);
  if (done !== code.FINE) {
    if (done !== code.INCREMENTS_NOT_FINITE) throw internal("signature", call, `code ${done}`);
    if (call.checkFinite) checkPaths(call);
  }
  const result = heapOf(instance, dtype);
  const at = (head + output) / bytes;
  if (out === undefined) return result.slice(at, at + count);
  copyOut(result, at, count, out, 0);
  return out;
}

/** The words of the head that determine the scratch of a signature, for any batch and length. */
function writeShape(u32: Uint32Array, w: number, { dtype, channels, depth, bits }: Call, operation: number): void {
  u32[w + word.OPERATION] = operation;
  u32[w + word.DTYPE] = dtype;
  u32[w + word.CHANNELS] = channels;
  u32[w + word.DEPTH] = depth;
  u32[w + word.OPTIONS] = bits;
}

/**
 * Bytes of scratch. The last result is cached, since consecutive calls mostly have the same
 * shape. @throws PathSignatureError SIZE_TOO_LARGE
 */
function scratchOf(instance: Instance, call: Call, operation: number): number {
  const { once } = instance;
  const { dtype, channels, depth, bits } = call;
  if (once.dtype !== dtype || once.channels !== channels || once.depth !== depth || once.bits !== bits) {
    const head = instance.headAddress;
    const { u32 } = instance;
    const w = head >>> 2;
    u32.fill(0, w, w + headBytes / 4);
    writeShape(u32, w, call, operation);
    once.scratch = instance.scratchBytes(head);
    if (once.scratch === 0) throw beyondMemory(call);
    once.dtype = dtype;
    once.channels = channels;
    once.depth = depth;
    once.bits = bits;
  }
  return once.scratch;
}
