// Checks whether the numbers of a call are finite, and makes the error that locates the first one
// that is not. Reads the caller's input, never WebAssembly memory. Skipped where `checkFinite` is
// false.
//
// Kernels report a non-finite increment at no cost, because the first level, a sum of all
// increments, is then not finite. Only after such a report are points checked one by one. Input
// that enters no increment (initial signatures, paths of one point) is always checked.

import { firstNonFinite } from "./arrays.ts";
import type { PointSource } from "./augment/source.ts";
import { type Call, lengthOf, startOf } from "./call.ts";
import { type Position, rangeError } from "./errors.ts";
import type { ReadPaths } from "./read-paths.ts";
import type { ReadRows } from "./rows.ts";

/** Numbers checked per part where other tasks share the thread: about a millisecond. */
export const numbersAtOnce = 2 ** 20;

/** Runs checks in parts, between which the event loop may run. Throws the first fault. */
export type Checks = Iterator<void>;

/** Runs checks to completion. */
export function runChecks(checks: Checks): void {
  while (!checks.next().done);
}

/**
 * The error for a number that is not finite, or not finite as float32. The message lists the
 * position in the order of its keys.
 */
export function notFinite(argument: string, value: number, position: Position): Error {
  const finite = value - value === 0;
  const where = Object.entries(position).map(([name, at]) => `${name} ${at}`);
  return rangeError(
    finite ? "NOT_REPRESENTABLE" : "NOT_FINITE",
    argument,
    `${value} at ${where.join(", ")}`,
    finite
      ? 'within the range of float32, 3.4e38 (or say dtype: "float64")'
      : "finite numbers (or say checkFinite: false)",
    position,
  );
}

/** Throws for the first non-finite number of paths [first, first + count). */
export function checkPaths(call: Call, first = 0, count = call.batch): void {
  runChecks(pathChecks(call, Number.POSITIVE_INFINITY, first, count));
}

/** Checks all paths in parts of `numbers`. */
export function* pathChecks(call: Call, numbers: number, first = 0, count = call.batch): Generator<void> {
  const { points, channels, lengths, paths } = call;
  if (paths.augmented !== undefined) {
    const { source } = paths.augmented;
    yield* source.isMasked ? maskedChecks(source, first, count) : pathChecks(source.raw, numbers, first, count);
    return;
  }
  // Without lengths and padding, the points of all paths are contiguous.
  const together = lengths === undefined && paths.starts === undefined;
  const [items, itemNumbers] = together ? [1, count * points * channels] : [count, 0];
  let budget = numbers;
  // Windows overlap: numbers [low, high) have been checked.
  let [low, high] = [0, 0];
  for (let i = 0; i < items; i++) {
    let at = startOf(call, first + i);
    const end = at + (together ? itemNumbers : lengthOf(call, first + i) * channels);
    if (at < low || at > high) [low, high] = [at, end];
    else {
      at = high;
      high = Math.max(high, end);
    }
    while (at < end) {
      const part = Math.min(end - at, budget);
      const found = firstNonFinite(paths.view, paths.kind, call.dtype, at, part);
      if (found >= 0) throw pathNotFinite(call, found);
      at += part;
      budget -= part;
      if (budget > 0) continue;
      yield;
      budget = numbers;
    }
  }
}

/** Checks the numbers that a mask does not exclude, path by path. */
function* maskedChecks(source: PointSource, first: number, count: number): Generator<void> {
  const { raw } = source;
  const { view, kind } = raw.paths;
  for (let item = first; item < first + count; item++) {
    const [begin, end] = source.bounds(item);
    for (let i = begin * raw.channels; i < end * raw.channels; i++)
      if (source.isUsed(i) && firstNonFinite(view, kind, raw.dtype, i, 1) >= 0) throw pathNotFinite(raw, i);
    yield;
  }
}

function pathNotFinite(call: Call, at: number): Error {
  const { windows } = call.paths;
  const paths = windows?.of ?? call.paths;
  const path = pathAt(paths, at);
  const within = at - (paths.starts?.[path] ?? path * paths.points) * call.channels;
  const point = Math.floor(within / call.channels);
  return notFinite("paths", Number(call.paths.view[at]), { path, point, channel: within % call.channels });
}

/** The path that contains a number of the input. */
function pathAt({ starts, points, channels }: ReadPaths, at: number): number {
  if (starts === undefined) return Math.floor(at / (points * channels));
  let path = 0;
  while ((starts[path + 1] as number) * channels <= at) path += 1;
  return path;
}

/** Rows of a call, as checks read them. */
export interface CheckedRows {
  /** Name of the argument, and of an index within a row. */
  readonly name: string;
  readonly noun: "channel" | "index";
  /** "step": one row per row of the result; "item": one per item, or one that all items share. */
  readonly per: "item" | "step";
  readonly of: (call: Call) => ReadRows | true | undefined;
  /** Number of leading numbers of each row that are not checked. */
  readonly skip?: (call: Call) => number;
  /**
   * "before": checked before a kernel runs. "reported": checked only after the kernel reported a
   * non-finite value. "never": numbers of the library.
   */
  readonly checked: "before" | "reported" | "never";
}

/** Numbers of a call's rows. The array itself may be of a length that changes. */
export const numbersOf = ({ per }: CheckedRows, { stride, width }: ReadRows, { batch, rows }: Call): number =>
  stride === 0 ? width : batch * (per === "step" ? rows : 1) * width;

/** Throws for the first non-finite number of a call's rows; checks in parts of `numbers`. */
export function* rowChecks(rows: CheckedRows, call: Call, numbers: number): Generator<void> {
  const given = rows.of(call);
  if (given === undefined || given === true || given.resident !== undefined) return;
  const { view, kind, width, stride } = given;
  const length = numbersOf(rows, given, call);
  const skip = rows.skip?.(call) ?? 0;
  const widthOfPath = rows.per === "step" ? width * call.rows : width;
  for (let from = 0; from < length; from += numbers) {
    const end = Math.min(length, from + numbers);
    for (let at = from; ; at++) {
      at = firstNonFinite(view, kind, call.dtype, at, end - at);
      if (at < 0) break;
      if (at % width < skip) continue;
      const within = { [rows.noun]: at % widthOfPath };
      const position = stride === 0 ? within : { [call.item]: Math.floor(at / widthOfPath), ...within };
      throw notFinite(rows.name, Number(view[at]), position);
    }
    yield;
  }
}

/**
 * Whether a path of the call may have a single point. It has no increment for a kernel to report.
 */
const hasSinglePoints = ({ basepoint, paths, lengths }: Call): boolean =>
  basepoint === undefined &&
  paths.points > 0 &&
  paths.resident === undefined &&
  (paths.points === 1 || lengths !== undefined);

/** Checks paths of one point, in parts of `numbers`. */
function* singlePointChecks(call: Call, numbers: number): Generator<void> {
  const { lengths, paths } = call;
  if (paths.points === 1) {
    yield* pathChecks(call, numbers);
    return;
  }
  const pathsAtOnce = Math.max(1, Math.floor(numbers / call.channels));
  for (let i = 0; i < paths.batch; i++) {
    if (lengths === undefined || lengths[i] === 1) checkPaths(call, i, 1);
    if ((i + 1) % pathsAtOnce === 0) yield;
  }
}

/** Count of the numbers that {@link checksBefore} checks; 0 if none. */
export function unreportedNumbers(inputs: readonly CheckedRows[], call: Call): number {
  let numbers = hasSinglePoints(call) ? call.paths.batch * call.channels : 0;
  for (const input of inputs) {
    const rows = input.checked === "before" ? input.of(call) : undefined;
    if (rows !== undefined && rows !== true && rows.resident === undefined) numbers += numbersOf(input, rows, call);
  }
  return numbers;
}

/** Checks of input that no kernel reports, in parts of `numbers`. */
export function* checksBefore(inputs: readonly CheckedRows[], call: Call, numbers: number): Generator<void> {
  for (const rows of inputs) if (rows.checked === "before") yield* rowChecks(rows, call, numbers);
  if (hasSinglePoints(call)) yield* singlePointChecks(call, numbers);
}

/** Checks of input that kernels report, in the order of the call's arguments. */
export function* checksAfter(inputs: readonly CheckedRows[], call: Call, numbers: number): Generator<void> {
  if (call.points > 0) yield* pathChecks(call, numbers);
  for (const rows of inputs) if (rows.checked === "reported") yield* rowChecks(rows, call, numbers);
}

/** Throws for non-finite input that no kernel reports. */
export function checkBefore(inputs: readonly CheckedRows[], call: Call): void {
  if (unreportedNumbers(inputs, call) > 0) runChecks(checksBefore(inputs, call, Number.POSITIVE_INFINITY));
}
