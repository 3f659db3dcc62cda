// Detects float32 paths whose gradients would lose accuracy in float32 arithmetic. They are
// computed in float64 and rounded at the end. The decision depends on the path alone
// (docs/gradients.md, "Cost and rounding").

import { FLOAT32, KIND_BIGINTS } from "../input/arrays.ts";
import { type Call, lengthOf, startOf } from "../input/call.ts";

/** Shorter paths are not examined: float32 is accurate enough. */
const leastPoints = 32;
/** Steps of a path that are looked at first, then of those in which much cancels. */
const fewSteps = 4;
const moreSteps = 16;
/** At last one step of so many. */
const stride = 8;
/** No more are looked at where a step and the next together are longer than this, of one. */
const mostLeft = 3 / 4;
/**
 * Back and forth: a step and the one after it together are, on average over the path, at most this
 * fraction as long as one of them. What cancels in the gradients loses digits, more of them the
 * more levels are involved.
 */
const mostCancelled = (depth: number): number => (depth < 6 ? 3 / 8 : 1 / 2);
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
  const view = readerOf(call, path);
  const steps = Math.max(moreSteps, Math.floor(length / stride));
  return (
    (left(view, length, channels, fewSteps) < mostLeft &&
      left(view, length, channels, moreSteps) < mostLeft &&
      left(view, length, channels, steps) <= mostCancelled(depth)) ||
    (length > mostRough(depth) && roughness(view, length, channels, steps) > mostRough(depth))
  );
}

/** Numbers of a path, and where among them those of a point and the two behind it begin. */
interface Reader {
  readonly view: ArrayLike<number>;
  readonly at: (point: number) => number;
}

function readerOf(call: Call, path: number): Reader {
  const { channels, paths } = call;
  const { augmented } = paths;
  if (augmented === undefined) {
    const begin = startOf(call, path);
    return { view: paths.view as ArrayLike<unknown> as ArrayLike<number>, at: (point) => begin + point * channels };
  }
  const length = lengthOf(call, path);
  const view = new Float32Array(3 * channels);
  const at = (point: number): number => {
    augmented.write(path, point, Math.min(point + 3, length), view, 0);
    return 0;
  };
  return { view, at };
}

/** The point before step `j` of the `steps` that are examined, in the middle of its share. */
const stepAt = (j: number, steps: number, length: number): number => Math.floor(((j + 0.5) * (length - 2)) / steps);

/**
 * How long a step and the one after it are together, relative to the step alone: on average over
 * some steps, weighted by their length, so that a calm part of the path does not hide another one,
 * unless it is as long. NaN without movement.
 */
function left({ view, at }: Reader, length: number, channels: number, steps: number): number {
  let way = 0;
  let left = 0;
  for (let j = 0; j < steps; j++) {
    const begin = at(stepAt(j, steps, length));
    for (let i = begin; i < begin + channels; i++) {
      const before = view[i] as number;
      way += Math.abs((view[i + channels] as number) - before);
      left += Math.abs((view[i + 2 * channels] as number) - before);
    }
  }
  return left / way;
}

/** The length of the path divided by the size of its bounding box, from the examined steps. */
function roughness({ view, at }: Reader, length: number, channels: number, steps: number): number {
  let way = 0;
  let box = 0;
  for (let c = 0; c < channels; c++) {
    let least = view[at(0) + c] as number;
    let most = least;
    for (let j = 0; j < steps; j++) {
      const i = at(stepAt(j, steps, length)) + c;
      const here = view[i] as number;
      const next = view[i + channels] as number;
      way += Math.abs(next - here);
      least = Math.min(least, here, next);
      most = Math.max(most, here, next);
    }
    box += most - least;
  }
  return (way / steps / box) * length;
}

const answers = /* @__PURE__ */ new WeakMap<Call, boolean>();

/** Whether some path of a call needs float64. Asked before a call is checked, and as it is cut. */
export function someNeedDouble(call: Call): boolean {
  let answer = answers.get(call);
  if (answer === undefined) {
    answer = false;
    for (let i = 0; i < call.batch && !answer; i++) answer = needsDouble(call, i);
    answers.set(call, answer);
  }
  return answer;
}
