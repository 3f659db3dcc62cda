// Whether results may be written to the caller's array while its inputs are still being read.

import type { NumericView } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";

/** Whether a block's results, written to `out`, would spoil what later blocks read. */
export function spoils(call: Call, out: Float32Array | Float64Array): boolean {
  const { paths, basepoint, initial, operands } = call;
  // Continuing in place: each block reads its rows before it writes the same ones.
  const inPlace =
    initial !== undefined &&
    !call.stream &&
    initial.view.byteOffset === out.byteOffset &&
    initial.view.byteLength === out.byteLength &&
    initial.stride === call.row;
  return [paths, basepoint, inPlace ? undefined : initial, ...operands].some(
    (input) => typeof input === "object" && overlap(input.view, out),
  );
}

/** Whether two views have a byte in common. */
const overlap = (a: NumericView, b: NumericView): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
