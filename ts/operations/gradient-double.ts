// Detects float32 paths whose gradients would lose accuracy in float32 arithmetic. They are
// computed in float64 and rounded at the end. The decision depends on the path alone
// (docs/gradients.md, "Cost and rounding").

import { FLOAT32, KIND_BIGINTS } from "../input/arrays.ts";
import { type Call, lengthOf, startOf } from "../input/call.ts";

/** Number of sampled steps, spread evenly over a path. */
const samples = 16;
/** Shorter paths are not sampled: float32 is accurate enough. */
const leastPoints = 64;
/**
 * Back and forth: the gradient at a point is a difference of two terms at least this many times as
 * large.
 */
const mostCancelled = 64;
/**
 * Ratio of the length of the path to the size of its bounding box. Sums over a path that often
 * turns back lose digits, more of them at higher levels.
 */
const mostRough = (depth: number): number => (depth < 5 ? 5000 : 600);

/** Whether the gradient of a path needs float64. */
export function needsDouble(call: Call, path: number): boolean {
  const { channels, depth, paths, dtype, stream } = call;
  // Depth 2 has no terms that cancel.
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

/** The point at the start of sample `j` of a path. */
const sampleOf = (j: number, length: number): number => Math.floor(((j + 0.5) * (length - 2)) / samples);

/**
 * Whether every sampled step is almost undone by the next one. For most paths the first sample
 * decides.
 */
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

/** The length of the path divided by the size of its bounding box, from the sampled steps. */
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
