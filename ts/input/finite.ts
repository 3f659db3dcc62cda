// Whether the numbers of a call are finite, and the error that names the first one that is not. Looks
// at what the caller gave, never at WebAssembly memory. None of it runs where `checkFinite` is false.
//
// Kernels report at no cost whether an increment was not finite: the first level, a sum of all
// increments, is not finite then. Only in that case are points looked at one by one. What takes part
// in no increment (initial signatures, paths of one point) is always looked at.

import { type DTypeIndex, firstNonFinite } from "./arrays.ts";
import { type Call, lengthOf, startOf } from "./call.ts";
import { type Position, rangeError } from "./errors.ts";
import type { ReadRows } from "./rows.ts";

/** Numbers looked at in one go where others wait for the thread: about a millisecond. */
export const numbersAtOnce = 2 ** 20;

/** Checks in parts, between which the event loop may run; throws what is wrong. */
export type Checks = Iterator<void>;

/** Runs checks to their end. */
export function runChecks(checks: Checks): void {
  while (!checks.next().done);
}

/** The error for a number that is not finite, or not as a float32. Its position is told in the order of its names. */
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

/** Throws for the first number of paths [first, first + count) that is not finite. */
export function checkPaths(call: Call, first = 0, count = call.batch): void {
  runChecks(pathChecks(call, Number.POSITIVE_INFINITY, first, count));
}

/** The same in parts of so many numbers. */
export function* pathChecks(call: Call, numbers: number, first = 0, count = call.batch): Generator<void> {
  const { points, channels, lengths, paths } = call;
  // Without lengths and padding, all points of all paths stand one after the other.
  const together = lengths === undefined && paths.starts === undefined;
  const [items, itemNumbers] = together ? [1, count * points * channels] : [count, 0];
  let budget = numbers;
  for (let i = 0; i < items; i++) {
    let at = startOf(call, first + i);
    const end = at + (together ? itemNumbers : lengthOf(call, first + i) * channels);
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

function pathNotFinite(call: Call, at: number): Error {
  const path = pathAt(call, at);
  const within = at - startOf(call, path);
  const point = Math.floor(within / call.channels);
  return notFinite("paths", Number(call.paths.view[at]), { path, point, channel: within % call.channels });
}

/** The path that a number of the input belongs to. */
function pathAt(call: Call, at: number): number {
  const { starts } = call.paths;
  if (starts === undefined) return Math.floor(at / (call.points * call.channels));
  let path = 0;
  while ((starts[path + 1] as number) * call.channels <= at) path += 1;
  return path;
}

/** Rows of a call as checks see them. */
export interface CheckedRows {
  /** The argument's name, and what a position in a row is called. */
  readonly name: string;
  readonly noun: "channel" | "index";
  /** "step": one for each row of the result; else one for each item, or one that all share. */
  readonly per: "item" | "step";
  readonly of: (call: Call) => ReadRows | true | undefined;
  /** First numbers of each row that play no part. */
  readonly skip?: (call: Call) => number;
  /**
   * "before": whether they are finite is looked at before a kernel runs. "reported": only after the
   * kernel reported that something is not. "never": the library's own numbers.
   */
  readonly checked: "before" | "reported" | "never";
}

/** Throws for the first number of a call's rows that is not finite, in parts of so many numbers. */
export function* rowChecks(rows: CheckedRows, call: Call, numbers: number): Generator<void> {
  const given = rows.of(call);
  if (given === undefined || given === true) return;
  const { view, kind, width, stride } = given;
  const skip = rows.skip?.(call) ?? 0;
  const widthOfPath = rows.per === "step" ? width * call.rows : width;
  const { length } = view;
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

/** Whether some path of a call has one point only, and no increment that a kernel could report about. */
const hasSinglePoints = ({ basepoint, paths, lengths }: Call): boolean =>
  basepoint === undefined &&
  paths.points > 0 &&
  paths.resident === undefined &&
  (paths.points === 1 || lengths !== undefined);

/** Paths of one point, in parts of so many numbers. */
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

/** Numbers that {@link checksBefore} look at; 0: there are none. */
export function unreportedNumbers(inputs: readonly CheckedRows[], call: Call): number {
  let numbers = hasSinglePoints(call) ? call.paths.batch * call.channels : 0;
  for (const { checked, of } of inputs) {
    const rows = checked === "before" ? of(call) : undefined;
    if (rows !== undefined && rows !== true) numbers += rows.view.length;
  }
  return numbers;
}

/** Checks of what no kernel reports about, in parts of so many numbers. */
export function* checksBefore(inputs: readonly CheckedRows[], call: Call, numbers: number): Generator<void> {
  for (const rows of inputs) if (rows.checked === "before") yield* rowChecks(rows, call, numbers);
  if (hasSinglePoints(call)) yield* singlePointChecks(call, numbers);
}

/** Checks of what kernels report about, in the order of the call's arguments. */
export function* checksAfter(inputs: readonly CheckedRows[], call: Call, numbers: number): Generator<void> {
  if (call.points > 0) yield* pathChecks(call, numbers);
  for (const rows of inputs) if (rows.checked === "reported") yield* rowChecks(rows, call, numbers);
}

/** Throws for what no kernel reports about. */
export function checkBefore(inputs: readonly CheckedRows[], call: Call): void {
  if (unreportedNumbers(inputs, call) > 0) runChecks(checksBefore(inputs, call, Number.POSITIVE_INFINITY));
}
