// A call that is one block of one segment, by far the most common: stages everything, calls the kernel once. What does not
// fit is batch.ts's.
//
// The kernel may take well under a microsecond (a path of a hundred points), so nothing here makes closures, or objects other
// than the result. That is also why the kernel's arguments are written out here and in task.ts once more.

import { copyIn } from "../input/arrays.ts";
import { type Call, internal, lengthOf, startOf } from "../input/call.ts";
import { checkPaths } from "../input/finite.ts";
import { code } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { align, deliver, heapOf, pathsAsTheyStand, scratchFor, stageBasepoint, stageRows } from "./arena.ts";

/** A call that is one block of one segment. */
export function runOnce(
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array {
  const { paths, batch, points, channels, dtype, bytes, lengths, basepoint, initial, size } = call;
  const scratch = scratchFor(instance, call);
  const shift = dtype + 2;
  const inputBytes = align(batch * points * channels * bytes);
  const outputBytes = align(count * bytes);
  const lengthsBytes = lengths === undefined ? 0 : align(batch * 4);
  const basepointBytes =
    basepoint === undefined ? 0 : align((basepoint === true || basepoint.stride === 0 ? 1 : batch) * channels * bytes);
  const initialBytes = initial === undefined ? 0 : align((initial.stride === 0 ? 1 : batch) * size * bytes);

  const total = inputBytes + outputBytes + lengthsBytes + basepointBytes + initialBytes + scratch;
  const input = instance.reserve(total);
  const output = input + inputBytes;
  const lengthsAt = output + outputBytes;
  const basepointAt = lengthsAt + lengthsBytes;
  const initialAt = basepointAt + basepointBytes;
  const scratchAt = initialAt + initialBytes;

  const heap = heapOf(instance, dtype);
  const { starts } = paths;
  if (starts === undefined) copyIn(paths.view, paths.kind, 0, batch * points * channels, heap, input / bytes);
  else {
    for (let i = 0; i < batch; i++) {
      copyIn(
        paths.view,
        paths.kind,
        startOf(call, i),
        lengthOf(call, i) * channels,
        heap,
        input / bytes + i * points * channels,
      );
    }
  }
  let basepointStride = 0;
  let initialStride = 0;
  if (lengths !== undefined) instance.u32.set(lengths, lengthsAt >>> 2);
  if (basepoint !== undefined)
    basepointStride = stageBasepoint(basepoint, channels, pathsAsTheyStand, 0, batch, heap, basepointAt / bytes, false);
  if (initial !== undefined)
    initialStride = stageRows(initial, size, pathsAsTheyStand, 0, batch, heap, initialAt / bytes, false);

  const result = instance.kernels.signature(
    dtype,
    input,
    batch,
    points,
    channels,
    call.depth,
    lengths === undefined ? 0 : lengthsAt,
    basepoint === undefined ? 0 : basepointAt,
    basepointStride,
    initial === undefined ? 0 : initialAt,
    initialStride,
    call.bits,
    output,
    scratchAt,
    scratch,
  );
  instance.refresh();
  if (result !== code.FINE) {
    if (result !== code.INCREMENTS_NOT_FINITE) throw internal(call, `code ${result}`);
    if (call.checkFinite) checkPaths(call, 0, batch);
  }
  return deliver(heapOf(instance, dtype), output >>> shift, count, out);
}
