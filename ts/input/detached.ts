// The error for a call whose input, or `out`, lost its buffer or a part of it while the call was
// under way. What copies numbers notices it (views.ts); this finds out which argument it was.

import { isDetached, type NumericView } from "./arrays.ts";
import type { Call } from "./call.ts";
import { countOf, isPathSignatureError, typeError } from "./errors.ts";
import { type CheckedRows, numbersOf } from "./finite.ts";
import { lengthOfView } from "./views.ts";

/** What to throw for an error of a call: INPUT_DETACHED if that is the reason, else the same. */
export function faultOf(error: unknown, call: Call, inputs: readonly CheckedRows[]): unknown {
  if (isPathSignatureError(error)) return error;
  const { rows, row, paths } = call;
  const { batch, points, channels } = paths.augmented?.source.raw ?? call;
  const { starts, resident } = paths.augmented?.source.raw.paths ?? paths;
  const given: (readonly [argument: string, view: NumericView, numbers: number])[] = [];
  if (resident === undefined)
    given.push(["paths", paths.view, (starts === undefined ? batch * points : (starts[batch] as number)) * channels]);
  for (const input of inputs) {
    const of = input.of(call);
    if (typeof of === "object" && of.resident === undefined)
      given.push([input.name, of.view, numbersOf(input, of, call)]);
  }
  if (call.options.out !== undefined) given.push(["options.out", call.options.out, batch * rows * row]);
  const lost = given.find(([, view, numbers]) => lengthOfView(view) < numbers);
  if (lost === undefined) return error;
  const [argument, view, numbers] = lost;
  return typeError(
    "INPUT_DETACHED",
    argument,
    isDetached(view)
      ? "a typed array whose buffer was detached in the meantime"
      : `a typed array of which ${lengthOfView(view)} of ${countOf(numbers, "number")} are left`,
    "left as it is until the call has ended (await the call first, or pass a copy)",
  );
}
