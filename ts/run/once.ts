// A call for signatures or log-signatures that is one block, by far the most common: stages
// everything, runs the kernel once.
//
// The kernel may take well under a microsecond (a path of a hundred points), so this code creates
// no closures and no objects except the result. For the same reason it writes the head of the task
// inline.

import { allocateNumbers, copyOut, type Numbers } from "../input/arrays.ts";
import { beyondMemory, type Call, internal } from "../input/call.ts";
import { checkPaths } from "../input/finite.ts";
import { code, headBytes, region, word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { heapOf } from "./head.ts";
import type { Operation } from "./operation.ts";
import { pathsInOrder, stagePaths, stageRows } from "./rows.ts";
import { mostSliced } from "./sinks.ts";

const align = (bytes: number): number => (bytes + 63) & ~63;
/** Words of the head, as constants of this file: the engine folds them. */
const { OPERATION, DTYPE, CHANNELS, DEPTH, OPTIONS, BATCH, POINTS, LENGTHS, SCRATCH, SCRATCH_BYTES, REGIONS } = word;
const PATHS = REGIONS + 2 * region.PATHS;
const BASEPOINT = REGIONS + 2 * region.BASEPOINT;
const INITIAL = REGIONS + 2 * region.INITIAL;
const OUT = REGIONS + 2 * region.OUT;
const STATE = REGIONS + 2 * region.STATE;

/** Runs a call that is one block. @param count - numbers of the result */
export function runOnce(
  instance: Instance,
  call: Call,
  operation: Operation,
  out: Numbers | undefined,
  count: number,
): Numbers {
  const { batch, points, channels, dtype, bytes, lengths, basepoint, initial, size } = call;
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

  const shift = dtype + 2;
  const operationCode = operation.kernel.code;
  const scratch = scratchOf(instance, call, operationCode);
  const head = instance.reserve(end + scratch);

  const heap = heapOf(instance, dtype);
  const { u32 } = instance;
  const w = head >>> 2;
  // Every word that the kernel reads. What it does not read may hold anything.
  writeShape(u32, w, call, operationCode);
  u32[w + BATCH] = batch;
  u32[w + POINTS] = points;
  u32[w + LENGTHS] = 0;
  u32[w + PATHS] = input;
  u32[w + BASEPOINT] = 0;
  u32[w + INITIAL] = 0;
  u32[w + OUT] = output;
  u32[w + STATE] = 0;
  u32[w + SCRATCH] = head + end;
  u32[w + SCRATCH_BYTES] = scratch;
  stagePaths(call, 0, batch, points, heap, (head + input) >>> shift);
  if (lengths !== undefined) {
    u32.set(lengths, (head + lengthsAt) >>> 2);
    u32[w + LENGTHS] = lengthsAt;
  }
  if (basepoint !== undefined) {
    const at = (head + basepointAt) >>> shift;
    u32[w + BASEPOINT] = basepointAt;
    u32[w + BASEPOINT + 1] = stageRows(basepoint, channels, pathsInOrder, 0, batch, heap, at, false);
  }
  if (initial !== undefined) {
    const at = (head + initialAt) >>> shift;
    u32[w + INITIAL] = initialAt;
    u32[w + INITIAL + 1] = stageRows(initial, size, pathsInOrder, 0, batch, heap, at, false);
  }

  const done = instance.kernels.run(head);
  instance.refresh();
  if (done !== code.FINE) {
    if (done !== code.INCREMENTS_NOT_FINITE) throw internal(operation.name, call, `code ${done}`);
    if (call.checkFinite) checkPaths(call);
  }
  const result = heapOf(instance, dtype);
  const at = (head + output) >>> shift;
  if (out === undefined && count <= mostSliced) return result.slice(at, at + count);
  const to = out ?? allocateNumbers(dtype, count, "paths", true);
  copyOut(result, at, count, to, 0);
  return to;
}

/** The words of the head that determine the scratch of a signature, for any batch and length. */
function writeShape(u32: Uint32Array, w: number, { dtype, channels, depth, bits }: Call, operation: number): void {
  u32[w + OPERATION] = operation;
  u32[w + DTYPE] = dtype;
  u32[w + CHANNELS] = channels;
  u32[w + DEPTH] = depth;
  u32[w + OPTIONS] = bits;
}

/**
 * Bytes of scratch. The last result is cached, since consecutive calls mostly have the same
 * shape. @throws PathSignatureError SIZE_TOO_LARGE
 */
function scratchOf(instance: Instance, call: Call, operation: number): number {
  const { once } = instance;
  const { dtype, channels, depth } = call;
  // Options and operation in one number.
  const bits = call.bits * 64 + operation;
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
