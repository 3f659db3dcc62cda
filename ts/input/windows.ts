// Windows: stretches of paths of which each has a signature. They are read as a batch of paths that
// lie in the caller's numbers and may overlap, so nothing is copied.

import { kindOf } from "./arrays.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import { ReadPaths, type WindowsOf } from "./read-paths.ts";

/** Windows of paths; see `SignatureOptions.windows`. */
export type Windows =
  /** Points k · step to k · step + length. `step` is 1 by default. */
  | { readonly type: "sliding"; readonly length: number; readonly step?: number | undefined }
  /** The first `start` points, and `step` more for each window. Both are 1 by default. */
  | { readonly type: "expanding"; readonly start?: number | undefined; readonly step?: number | undefined }
  /**
   * The whole path, its halves, … down to 2^depth pieces: 2^(depth + 1) − 1 windows. Adjacent
   * pieces share a point, so that no segment is lost.
   */
  | { readonly type: "dyadic"; readonly depth: number }
  /**
   * Points of the time from t₀ + k · step to length later, t₀ being the first; the end is excluded.
   * `times` has (length) increasing numbers for all paths, or (…batch, length), flat.
   */
  | {
      readonly type: "times";
      readonly times: ArrayLike<number>;
      readonly length: number;
      readonly step: number;
    }
  /** Points from a to b; b is excluded. */
  | readonly (readonly [from: number, to: number])[];

/** The windows of a batch of paths, as paths (…batch, windows), and their lengths. */
export interface ReadWindows {
  readonly paths: ReadPaths;
  readonly lengths: Uint32Array | undefined;
}

/** The interval of window k of a path of n points; `undefined` if the path has no such window. */
interface IntervalOf {
  (k: number, n: number, path: number): readonly [from: number, to: number] | undefined;
  /** Where all windows are alike: the points of one, and from one to the next. */
  sliding?: NonNullable<WindowsOf["sliding"]>;
}

const name = "options.windows";
const types = '"sliding", "expanding", "dyadic" or "times"';
const forms = `an array of intervals [[from, to], …] or an object whose type is ${types}`;

const isWhole = (value: unknown, least: number): value is number =>
  Number.isInteger(value) && (value as number) >= least;

function whole(value: unknown, option: string, least: number): number {
  if (!isWhole(value, least))
    throw rangeError("WINDOWS_RANGE", `${name}.${option}`, describe(value), `a whole number from ${least} on`);
  return value;
}

/** A number of points from 1 to those of the longest path. */
function within(value: unknown, option: string, points: number): number {
  const count = whole(value, option, 1);
  if (count <= points) return count;
  const accepted = `at most ${points}, the points of the longest path`;
  throw rangeError("WINDOWS_RANGE", `${name}.${option}`, describe(count), accepted);
}

function positive(value: unknown, option: string): number {
  if (typeof value !== "number" || !(value > 0) || value === Number.POSITIVE_INFINITY)
    throw rangeError("WINDOWS_RANGE", `${name}.${option}`, describe(value), "a positive number, in the unit of times");
  return value;
}

/** Rejects names that a form of windows does not have. */
function checkNames(given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (key !== "type" && !known.includes(key))
      throw typeError(
        "WINDOWS_TYPE",
        `${name}.${key}`,
        describe((given as Record<string, unknown>)[key]),
        `absent: there are type, ${known.join(", ")}`,
      );
  }
}

function readIntervals(given: readonly unknown[], points: number): IntervalOf {
  const intervals = given.map((one, i) => {
    const [from, to] = Array.isArray(one) && one.length === 2 ? (one as unknown[]) : [];
    if (!isWhole(from, 0) || !isWhole(to, from + 1) || to > points)
      throw rangeError(
        "WINDOWS_RANGE",
        `${name}[${i}]`,
        Array.isArray(one) ? `[${one.map(describe).join(", ")}]` : describe(one),
        `[from, to] with 0 ≤ from < to ≤ ${points}, whole numbers`,
      );
    return [from, to] as const;
  });
  if (intervals.length === 0) throw rangeError("WINDOWS_RANGE", name, "no interval", "one interval or more");
  return (k, n) => {
    const interval = intervals[k];
    return interval && interval[0] < n ? [interval[0], Math.min(interval[1], n)] : interval && [n - 1, n];
  };
}

/** The first index in [from, n) whose time is at least `time`; n if there is none. */
function firstAt(times: ArrayLike<number>, offset: number, from: number, n: number, time: number): number {
  let [low, high] = [from, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[offset + middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readTimes({ times, length, step }: Record<string, unknown>, { batch, points }: ReadPaths): IntervalOf {
  if (!Array.isArray(times) && kindOf(times) === -1)
    throw typeError("WINDOWS_TYPE", `${name}.times`, describe(times), "an array of increasing numbers");
  const list = Float64Array.from(times as ArrayLike<number>, Number);
  const each = list.length === batch * points && batch > 1;
  if (list.length !== points && !each) {
    const all = batch > 1 ? `, or ${batch * points}, one for each point of each path` : "";
    const accepted = `${points}, one for each point${all}`;
    throw rangeError("WINDOWS_RANGE", `${name}.times`, countOf(list.length, "number"), accepted);
  }
  for (let i = 1; i < list.length; i++) {
    if (i % points !== 0 && !((list[i] as number) > (list[i - 1] as number)))
      throw rangeError(
        "WINDOWS_RANGE",
        `${name}.times`,
        `${list[i]} after ${list[i - 1]} at ${i}`,
        "finite, increasing numbers",
      );
  }
  const [span, pace] = [positive(length, "length"), positive(step, "step")];
  return (k, n, path) => {
    const offset = each ? path * points : 0;
    const from = (list[offset] as number) + k * pace;
    // The last point closes the last window.
    if (k > 0 && from + span > (list[offset + n - 1] as number) + pace) return undefined;
    const begin = firstAt(list, offset, 0, n, from);
    if (begin === n) return undefined;
    // A gap in time: a window of one point, whose signature is the identity.
    return [begin, Math.max(begin + 1, firstAt(list, offset, begin, n, from + span))];
  };
}

function readForm(given: unknown, paths: ReadPaths): IntervalOf {
  if (Array.isArray(given)) return readIntervals(given, paths.points);
  if (typeof given !== "object" || given === null) throw typeError("WINDOWS_TYPE", name, describe(given), forms);
  const form = given as Record<string, unknown>;
  switch (form.type) {
    case "sliding": {
      checkNames(form, ["length", "step"]);
      const length = within(form.length, "length", paths.points);
      const step = whole(form.step ?? 1, "step", 1);
      const intervalOf: IntervalOf = (k, n) => (k * step + length <= n ? [k * step, k * step + length] : undefined);
      return Object.assign(intervalOf, { sliding: { length, step } });
    }
    case "expanding": {
      checkNames(form, ["start", "step"]);
      const start = within(form.start ?? 1, "start", paths.points);
      const step = whole(form.step ?? 1, "step", 1);
      return (k, n) => (start + k * step <= n ? [0, start + k * step] : undefined);
    }
    case "dyadic": {
      checkNames(form, ["depth"]);
      const depth = whole(form.depth, "depth", 0);
      if (depth > 20) throw rangeError("WINDOWS_RANGE", `${name}.depth`, describe(depth), "at most 20");
      return (k, n) => {
        const level = 31 - Math.clz32(k + 1);
        if (level > depth) return undefined;
        const at = (i: number) => Math.floor((i * (n - 1)) / 2 ** level);
        const i = k + 1 - 2 ** level;
        return [at(i), at(i + 1) + 1];
      };
    }
    case "times":
      checkNames(form, ["times", "length", "step"]);
      return readTimes(form, paths);
    default:
      throw typeError("WINDOWS_TYPE", `${name}.type`, describe(form.type), types);
  }
}

/** More windows than this are refused: their positions would not fit into memory. */
const mostWindows = 2 ** 26;

/**
 * Reads the windows of paths.
 * @param lengths - points of each path; `undefined`: all
 * @throws PathSignatureError WINDOWS_TYPE, WINDOWS_RANGE
 */
export function readWindows(given: unknown, paths: ReadPaths, lengths: Uint32Array | undefined): ReadWindows {
  const { batch, points } = paths;
  const intervalOf = readForm(given, paths);
  const { sliding } = intervalOf;
  const lengthOf = (path: number): number => lengths?.[path] ?? points;
  const counts = new Uint32Array(batch);
  let perPath = 0;
  // Paths of one length have as many windows.
  const known = new Map<number, number>();
  for (let path = 0; path < batch; path++) {
    const n = lengthOf(path);
    let count = known.get(n) ?? 0;
    if (sliding !== undefined) count = Math.max(0, Math.floor((n - sliding.length) / sliding.step) + 1);
    else if (count === 0) {
      while (count * batch <= mostWindows && intervalOf(count, n, path) !== undefined) count += 1;
      if (!isOfTimes(given)) known.set(n, count);
    }
    counts[path] = count;
    perPath = Math.max(perPath, count);
  }
  if (batch * perPath > mostWindows)
    throw rangeError("WINDOWS_RANGE", name, `more than ${mostWindows} windows`, "fewer: a longer step");
  const total = batch * perPath;
  const starts = new Float64Array(total);
  const sizes = new Uint32Array(total);
  let longest = 1;
  let isRagged = false;
  for (let path = 0, at = 0; path < batch; path++) {
    const first = paths.starts?.[path] ?? path * points;
    if (sliding !== undefined && counts[path] === perPath) {
      for (let k = 0; k < perPath; k++, at++) starts[at] = first + k * sliding.step;
      sizes.fill(sliding.length, at - perPath, at);
      isRagged ||= sizes[0] !== sliding.length;
      longest = Math.max(longest, sliding.length);
      continue;
    }
    for (let k = 0; k < perPath; k++, at++) {
      // Rows behind a path's last window are the identity: a window of one point.
      const [from, to] = intervalOf(k, lengthOf(path), path) ?? [0, 1];
      starts[at] = first + from;
      sizes[at] = to - from;
      isRagged ||= at > 0 && sizes[at] !== sizes[0];
      longest = Math.max(longest, to - from);
    }
  }
  const { view, kind, lead, channels, dtype } = paths;
  const read = new ReadPaths(view, kind, [...lead, perPath], total, longest, channels, dtype, starts);
  read.resident = paths.resident;
  read.names = paths.names;
  read.windows = { of: paths, counts, perPath, sliding, basepoint: "none" };
  return { paths: read, lengths: isRagged ? sizes : undefined };
}

const isOfTimes = (given: unknown): boolean => (given as { type?: unknown }).type === "times";
