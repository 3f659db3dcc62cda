// float32 paths whose gradients float32 arithmetic does not give to its usual accuracy, and how they are computed: in float64, rounded in the end. A path alone decides, never its neighbours
// (docs/gradients.md, "Cost and rounding").

import { allocateNumbers, copyIn, FLOAT32, FLOAT64, KIND_BIGINTS } from "../input/arrays.ts";
import { Call, lengthOf, startOf } from "../input/call.ts";
import { checkCotangent } from "../input/cotangent.ts";
import { checkPaths } from "../input/finite.ts";
import { ReadOptions } from "../input/options.ts";
import { ReadPaths, ReadRows } from "../input/paths.ts";
import type { GradientArrays } from "./vjp-stage.ts";

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

/** Whether some of the paths [first, first + count) need float64. */
export function someNeedDouble(call: Call, first: number, count: number): boolean {
  for (let i = first; i < first + count; i++) if (needsDouble(call, i)) return true;
  return false;
}

/** A part of a call: paths [first, first + count), in float32 or float64. */
export interface Part {
  readonly call: Call;
  readonly given: ReadOptions;
  readonly cotangent: ReadRows;
  readonly first: number;
  readonly isDouble: boolean;
}

/** The parts of a call in the order of its paths; `undefined` where no path needs float64. */
export function partsOf(call: Call, given: ReadOptions, cotangent: ReadRows): Part[] | undefined {
  const { batch } = call;
  if (!someNeedDouble(call, 0, batch)) return undefined;
  if (call.checkFinite) {
    // Parts could not say which of the call's numbers is meant.
    checkPaths(call, 0, batch);
    checkCotangent(call, cotangent);
  }
  const parts: Part[] = [];
  for (let first = 0, end = 0; first < batch; first = end) {
    const isDouble = needsDouble(call, first);
    for (end = first + 1; end < batch && needsDouble(call, end) === isDouble; ) end++;
    parts.push(partOf(call, given, cotangent, first, end - first, isDouble));
  }
  return parts;
}

function partOf(
  call: Call,
  given: ReadOptions,
  cotangent: ReadRows,
  first: number,
  count: number,
  isDouble: boolean,
): Part {
  const { points, channels, size, row, paths, lengths, basepoint, initial } = call;
  const dtype = isDouble ? FLOAT64 : FLOAT32;
  const numbers = allocateNumbers(dtype, count * points * channels, "paths");
  for (let i = 0; i < count; i++) {
    const length = lengthOf(call, first + i) * channels;
    copyIn(paths.view, paths.kind, startOf(call, first + i), length, numbers, i * points * channels);
  }
  const rows = ({ view, kind, stride }: ReadRows, width: number): ReadRows => {
    const copies = stride === 0 ? 1 : count;
    const copy = allocateNumbers(dtype, copies * width, "paths");
    for (let i = 0; i < copies; i++) copyIn(view, kind, (first + i) * stride, width, copy, i * width);
    return new ReadRows(copy, dtype, stride && width, width);
  };
  const options = Object.assign(new ReadOptions(), given, { checkFinite: false });
  const some = new Call(
    new ReadPaths(numbers, dtype, [count], count, points, channels, dtype, undefined),
    options,
    dtype,
    size,
    lengths?.subarray(first, first + count),
    basepoint === undefined || basepoint === true ? basepoint : rows(basepoint, channels),
    initial && rows(initial, size),
  );
  return { call: some, given: options, cotangent: rows(cotangent, row), first, isDouble };
}

/** Computes a part by `run` into the call's gradients. */
export function intoPart({ call, first, isDouble }: Part, to: GradientArrays, run: (to: GradientArrays) => void): void {
  const numbers = call.points * call.channels;
  const place = to.paths.subarray(first * numbers, (first + call.batch) * numbers);
  const paths = isDouble ? allocateNumbers(FLOAT64, place.length, "paths") : place;
  const behind = (take: GradientArrays["basepoint"]): GradientArrays["basepoint"] =>
    take && ((heap, at, from, count) => take(heap, at, first + from, count));
  run({ paths, basepoint: behind(to.basepoint), initial: behind(to.initial) });
  if (isDouble) place.set(paths);
}
