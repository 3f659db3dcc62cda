// A call in several blocks, or cut in time: runs its blocks in turn, and sees to it that those already written to `out` spoil
// nothing, neither inputs that are still to be read nor `out` itself where an error follows. The work on one block is
// stage.ts's.

import { deliver, heapOf } from "./arena.ts";
import { allocateNumbers, copyIn, dtypeOfKind, type NumericView } from "./arrays.ts";
import { planBlocks } from "./blocks.ts";
import type { Call } from "./call.ts";
import { checkPaths } from "./finite.ts";
import type { ReadPaths, ReadRows } from "./input.ts";
import type { Instance } from "./instance.ts";
import { Stage } from "./stage.ts";

/** A call in several blocks, or cut in time. */
export function runBlocks(
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array {
  const plan = planBlocks(call);
  if (out !== undefined && !plan.staged && call.checkFinite) {
    // Blocks are written as they are done, and an error must not leave half of them: find it before.
    checkPaths(call, 0, call.batch);
  }
  if (out !== undefined && !plan.staged) keepApart(call, out);
  const stage = new Stage(instance, call, plan);
  const result = plan.staged ? undefined : (out ?? allocateNumbers(call.dtype, count, "paths"));
  for (let first = 0; first < call.batch; first += plan.paths) {
    stage.block(first, Math.min(plan.paths, call.batch - first), result);
  }
  return result ?? deliver(heapOf(instance, call.dtype), stage.output / call.bytes, count, out);
}

/** Gives a call copies of those inputs that share memory with `out`, where writing blocks would spoil what later ones read. */
function keepApart(call: Call, out: Float32Array | Float64Array): void {
  const { paths, basepoint, initial } = call;
  // Continuing in place: each block reads its rows before it writes the same ones.
  const inPlace =
    initial !== undefined &&
    !call.stream &&
    initial.view.byteOffset === out.byteOffset &&
    initial.view.byteLength === out.byteLength &&
    initial.stride === call.row;
  if (overlap(paths.view, out)) keep(paths);
  if (basepoint !== undefined && basepoint !== true && overlap(basepoint.view, out)) keep(basepoint);
  if (initial !== undefined && !inPlace && overlap(initial.view, out)) keep(initial);
}

/** Whether two views have a byte in common. */
function overlap(a: NumericView, b: NumericView): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Replaces what was read by a copy. */
function keep(input: ReadPaths | ReadRows): void {
  const { view, kind } = input;
  const dtype = dtypeOfKind(kind);
  const copy = allocateNumbers(dtype, view.length, "options.out");
  copyIn(view, kind, 0, view.length, copy, 0);
  input.view = copy;
  input.kind = dtype;
}
