// Whether results can be written to the caller's array while its inputs are still being read.

import type { NumericView } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import { bufferOfView, bytesOfView, offsetOfView } from "../input/views.ts";

/** Whether writing the results of a block to `out` would overwrite input of later blocks. */
export function spoils(call: Call, out: Float32Array | Float64Array): boolean {
  const { paths, basepoint, initial, operands } = call;
  // In-place continuation: each block reads its rows before it writes the same ones.
  const inPlace =
    initial !== undefined &&
    !call.stream &&
    offsetOfView(initial.view) === offsetOfView(out) &&
    bytesOfView(initial.view) === bytesOfView(out) &&
    initial.stride === call.row;
  return [paths, basepoint, inPlace ? undefined : initial, ...operands].some(
    (input) => typeof input === "object" && overlap(input.view, out),
  );
}

/** Whether two views overlap. */
const overlap = (a: NumericView, b: NumericView): boolean =>
  bufferOfView(a) === bufferOfView(b) &&
  offsetOfView(a) < offsetOfView(b) + bytesOfView(b) &&
  offsetOfView(b) < offsetOfView(a) + bytesOfView(a);
