// Whether results can be written to the caller's array while its inputs are still being read.

import type { NumericView } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";

/** Whether writing the results of a block to `out` would overwrite input of later blocks. */
export function spoils(call: Call, out: Float32Array | Float64Array): boolean {
  const { paths, basepoint, initial, operands } = call;
  // In-place continuation: each block reads its rows before it writes the same ones.
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

/** Whether two views overlap. */
const overlap = (a: NumericView, b: NumericView): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
