// Detects float32 paths whose gradients would lose accuracy in float32 arithmetic. They are
// computed in float64 and rounded at the end. The decision depends on the path and its basepoint
// alone (docs/gradients.md, "Cost and rounding").

import { FLOAT32, KIND_BIGINTS } from "../input/arrays.ts";
import { type Call, lengthOf, startOf } from "../input/call.ts";

/** Shorter paths are accurate enough in float32. As in crates/kernels/src/ops/vjp/whole.rs. */
const leastPoints = 32;
/**
 * Back and forth: over all steps, a step and the one after it together are at most this fraction as
 * long as the steps, as root mean squares. What cancels in the gradients loses digits, more of them
 * the more levels are involved. crates/kernels/src/ops/vjp/cancellation.rs has the squares.
 */
const mostCancelled = (depth: number): number => (depth < 6 ? 3 / 8 : depth === 6 ? 1 / 2 : 3 / 4);
/** Outside of these, sums of squares are not what they should be in float32. */
const leastSquares = 1e-30;
const mostSquares = 1e30;
/**
 * Ratio of the length of the path to the size of its bounding box. Sums over a path that often
 * turns back lose digits, more of them at higher levels.
 */
const mostRough = (depth: number): number => (depth < 5 ? 5000 : 600);
/** One step of so many is looked at for it; a power of two. */
const stride = 8;
/**
 * 2^32 / golden ratio: the step that is looked at changes from share to share so that no period of
 * a path hides its steps. A step is no longer than the box, so a path beyond the bound has at least
 * as many steps of weight as `mostRough`, and its length is known to a tenth.
 */
const golden = 0x9e3779b1;

/** The numbers of a path, and where in them it begins. Those of an augmented path are made. */
function numbersOf(call: Call, path: number): readonly [ArrayLike<unknown>, number] {
  const { channels, paths } = call;
  const { augmented } = paths;
  if (augmented === undefined) return [paths.view, startOf(call, path)];
  const length = lengthOf(call, path);
  const view = new Float32Array(length * channels);
  augmented.write(path, 0, length, view, 0);
  return [view, 0];
}

/**
 * Whether the steps of a path all but cancel, one by one. Asked for paths of which a kernel said
 * that they may: it has summed up every other pair of neighbours.
 */
export function cancels(call: Call, path: number): boolean {
  const { channels, depth, basepoint } = call;
  const length = lengthOf(call, path);
  if (length < leastPoints) return false;
  const [view, begin] = numbersOf(call, path);
  let squares = 0;
  let left = 0;
  for (let c = 0; c < channels; c++) {
    let here = Math.fround(Number(view[begin + c]));
    let step = 0;
    if (basepoint !== undefined) {
      const from = basepoint === true ? 0 : Number(basepoint.view[path * basepoint.stride + c]);
      step = here - Math.fround(from);
      squares += step * step;
    }
    for (let t = 1; t < length; t++) {
      const next = Math.fround(Number(view[begin + t * channels + c]));
      const before = step;
      step = next - here;
      here = next;
      squares += step * step;
      if (t > 1 || basepoint !== undefined) left += (before + step) ** 2;
    }
  }
  return squares > leastSquares && squares < mostSquares && left <= mostCancelled(depth) ** 2 * squares;
}

/** Whether a path is long, and rough. */
function isRough(call: Call, path: number): boolean {
  const { channels, depth } = call;
  const length = lengthOf(call, path);
  if (length <= mostRough(depth)) return false;
  const [view, begin] = numbersOf(call, path) as readonly [ArrayLike<number>, number];
  const steps = Math.floor(length / stride);
  let way = 0;
  let box = 0;
  for (let c = 0; c < channels; c++) {
    let least = view[begin + c] as number;
    let most = least;
    for (let j = 0; j < steps; j++) {
      const place = Math.imul(j, golden) >>> (32 - Math.log2(stride));
      const at = begin + Math.min(j * stride + place, length - 2) * channels + c;
      const here = view[at] as number;
      const next = view[at + channels] as number;
      way += Math.abs(next - here);
      least = Math.min(least, here, next);
      most = Math.max(most, here, next);
    }
    box += most - least;
  }
  return (way / steps / box) * length > mostRough(depth);
}

/** Whether the gradient of a path is computed in float64 from the start. */
export const needsDouble = (call: Call, path: number): boolean => mayBeRough(call) && isRough(call, path);

function mayBeRough({ dtype, stream, depth, channels, paths, points }: Call): boolean {
  // Depth 2 has no terms that cancel.
  const isPlain = dtype !== FLOAT32 || stream || depth < 3 || channels < 2 || paths.kind === KIND_BIGINTS;
  return !isPlain && points > mostRough(depth);
}

const answers = /* @__PURE__ */ new WeakMap<Call, boolean>();

/** Whether that is so of some path. Asked before a call is checked, and as it is cut. */
export function someNeedDouble(call: Call): boolean {
  if (!mayBeRough(call)) return false;
  let answer = answers.get(call);
  if (answer === undefined) {
    answer = false;
    for (let i = 0; i < call.batch && !answer; i++) answer = isRough(call, i);
    answers.set(call, answer);
  }
  return answer;
}
