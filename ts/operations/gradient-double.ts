// float32 paths whose gradients float32 arithmetic does not give to its usual accuracy: they are computed
// in float64 and rounded in the end. A path alone decides, never its neighbours (docs/gradients.md,
// "Cost and rounding").

import { FLOAT32, KIND_BIGINTS } from "../input/arrays.ts";
import { type Call, lengthOf, startOf } from "../input/call.ts";

/** Steps that are looked at, spread evenly over a path. */
const samples = 16;
/** A path of fewer points is not looked at: float32 does it well enough. */
const leastPoints = 64;
/** To and fro: the gradient of a point is what is left of two terms this many times as large, or more. */
const mostCancelled = 64;
/** Length of the way over the size of the place in which it stays. Sums over a path that turns back so often lose digits, the more so the more levels they pass through. */
const mostRough = (depth: number): number => (depth < 5 ? 5000 : 600);

/** Whether the gradient of a path needs float64. */
export function needsDouble(call: Call, path: number): boolean {
  const { channels, depth, paths, dtype, stream } = call;
  // Depth 2 has no term that could cancel.
  if (dtype !== FLOAT32 || stream || depth < 3 || channels < 2 || paths.kind === KIND_BIGINTS) return false;
  const length = lengthOf(call, path);
  if (length < leastPoints) return false;
  const view = paths.view as ArrayLike<unknown> as ArrayLike<number>;
  const begin = startOf(call, path);
  return (
    cancels(view, begin, length, channels) ||
    (length > mostRough(depth) && roughness(view, begin, length, channels) > mostRough(depth))
  );
}

/** The point before sample number `j` of a path. */
const sampleOf = (j: number, length: number): number => Math.floor(((j + 0.5) * (length - 2)) / samples);

/** Whether every step that is looked at is all but undone by the next one. Most paths are out after the first. */
function cancels(view: ArrayLike<number>, begin: number, length: number, channels: number): boolean {
  let hasMoved = false;
  for (let j = 0; j < samples; j++) {
    const at = begin + sampleOf(j, length) * channels;
    let squares = 0;
    let left = 0;
    for (let i = at; i < at + channels; i++) {
      const before = view[i] as number;
      squares += ((view[i + channels] as number) - before) ** 2;
      left += ((view[i + 2 * channels] as number) - before) ** 2;
    }
    if (!(left * mostCancelled ** 2 <= squares)) return false;
    hasMoved ||= squares > 0;
  }
  return hasMoved;
}

/** The length of the way over the size of the box in which it stays, by the steps that are looked at. */
function roughness(view: ArrayLike<number>, begin: number, length: number, channels: number): number {
  let way = 0;
  let box = 0;
  for (let c = 0; c < channels; c++) {
    let least = view[begin + c] as number;
    let most = least;
    for (let j = 0; j < samples; j++) {
      const at = begin + sampleOf(j, length) * channels + c;
      const here = view[at] as number;
      const next = view[at + channels] as number;
      way += Math.abs(next - here);
      least = Math.min(least, here, next);
      most = Math.max(most, here, next);
    }
    box += most - least;
  }
  return (way / samples / box) * length;
}

/** Whether some path of a call needs float64. */
export function someNeedDouble(call: Call): boolean {
  for (let i = 0; i < call.batch; i++) if (needsDouble(call, i)) return true;
  return false;
}
