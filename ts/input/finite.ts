// Whether the numbers of a call are finite, and the error that names the first one that is not. Looks at what the caller gave,
// never at WebAssembly memory. None of it runs where `checkFinite` is false.
//
// The kernel tells for nothing whether anything that it took a difference of was not finite: the first level, a sum of all
// increments, is not finite then. Only in that case are the numbers looked at one by one (checkPaths). What takes part in no
// increment (initial, paths of one point) is looked at always (checkBesides).

import { type DTypeIndex, firstNonFinite } from "./arrays.ts";
import { type Call, lengthOf, startOf } from "./call.ts";
import { type Position, rangeError } from "./errors.ts";
import type { ReadRows } from "./paths.ts";

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
export function checkPaths(call: Call, first: number, count: number): void {
  const { points, channels, lengths } = call;
  if (lengths === undefined && call.paths.starts === undefined) {
    checkNumbers(call, first * points * channels, count * points * channels);
    return;
  }
  for (let i = first; i < first + count; i++) checkNumbers(call, startOf(call, i), lengthOf(call, i) * channels);
}

/** The same for all paths, with a pause after about so many numbers. */
export function* checkPathsInParts(call: Call, numbers: number): Generator<void> {
  let budget = numbers;
  for (let i = 0; i < call.batch; i++) {
    const end = startOf(call, i) + lengthOf(call, i) * call.channels;
    for (let at = startOf(call, i); at < end; ) {
      const count = Math.min(end - at, budget);
      checkNumbers(call, at, count);
      at += count;
      budget -= count;
      if (budget > 0) continue;
      yield;
      budget = numbers;
    }
  }
}

function checkNumbers(call: Call, from: number, count: number): void {
  const { paths, dtype } = call;
  const at = firstNonFinite(paths.view, paths.kind, dtype, from, count);
  if (at >= 0) throw pathNotFinite(call, at);
}

function pathNotFinite(call: Call, at: number): Error {
  const path = pathAt(call, at);
  const within = at - startOf(call, path);
  const point = Math.floor(within / call.channels);
  return notFinite("paths", Number(call.paths.view[at]), { path, point, channel: within % call.channels });
}

/** Throws for the first number of rows, one for each row of a call's result, that is not finite; the first `skip` of each are not looked at. */
export function checkRows(argument: string, rows: ReadRows, dtype: DTypeIndex, rowsOfPath: number, skip: number): void {
  checkRowsWithin(argument, rows, dtype, rowsOfPath, skip, 0, rows.view.length);
}

/** The same, with a pause after so many numbers. */
export function* checkRowsInParts(
  argument: string,
  rows: ReadRows,
  dtype: DTypeIndex,
  rowsOfPath: number,
  skip: number,
  numbers: number,
): Generator<void> {
  const { length } = rows.view;
  for (let from = 0; from < length; from += numbers) {
    checkRowsWithin(argument, rows, dtype, rowsOfPath, skip, from, Math.min(length, from + numbers));
    yield;
  }
}

function checkRowsWithin(
  argument: string,
  rows: ReadRows,
  dtype: DTypeIndex,
  rowsOfPath: number,
  skip: number,
  from: number,
  end: number,
): void {
  const { view, kind, width } = rows;
  for (let at = from; ; at++) {
    at = firstNonFinite(view, kind, dtype, at, end - at);
    if (at < 0) return;
    if (at % width < skip) continue;
    const path = Math.floor(at / (width * rowsOfPath));
    throw notFinite(argument, Number(view[at]), { path, index: at - path * width * rowsOfPath });
  }
}

/** The path that a number of the input belongs to. */
function pathAt(call: Call, at: number): number {
  const { starts } = call.paths;
  if (starts === undefined) return Math.floor(at / (call.points * call.channels));
  let path = 0;
  while ((starts[path + 1] as number) * call.channels <= at) path += 1;
  return path;
}

/** Throws for what the kernel's first level does not tell about. */
export function checkBesides(call: Call): void {
  const { paths, basepoint, initial, lengths } = call;
  if (basepoint !== undefined && basepoint !== true) checkBasepoint(call, basepoint, 0, basepoint.view.length);
  if (initial !== undefined) checkInitial(call, initial, 0, initial.view.length);
  if (basepoint !== undefined || paths.resident) return;
  if (paths.points === 1) checkPaths(call, 0, paths.batch);
  else if (lengths !== undefined) {
    for (let i = 0; i < lengths.length; i++) if (lengths[i] === 1) checkPaths(call, i, 1);
  }
}

/** The same, with a pause after so many numbers. */
export function* checkBesidesInParts(call: Call, numbers: number): Generator<void> {
  const { paths, basepoint, initial, lengths } = call;
  if (basepoint !== undefined && basepoint !== true) {
    for (let at = 0; at < basepoint.view.length; at += numbers) {
      checkBasepoint(call, basepoint, at, Math.min(numbers, basepoint.view.length - at));
      yield;
    }
  }
  if (initial !== undefined) {
    for (let at = 0; at < initial.view.length; at += numbers) {
      checkInitial(call, initial, at, Math.min(numbers, initial.view.length - at));
      yield;
    }
  }
  if (basepoint !== undefined || (paths.points > 1 && lengths === undefined)) return;
  const stride = Math.max(1, Math.floor(numbers / call.channels));
  for (let i = 0; i < paths.batch; i++) {
    if (lengths === undefined || lengths[i] === 1) checkPaths(call, i, 1);
    if ((i + 1) % stride === 0) yield;
  }
}

function checkGiven(
  { dtype }: Call,
  argument: string,
  noun: "channel" | "index",
  { view, kind, stride, width }: ReadRows,
  from: number,
  count: number,
): void {
  const at = firstNonFinite(view, kind, dtype, from, count);
  if (at < 0) return;
  const within = { [noun]: at % width };
  throw notFinite(argument, Number(view[at]), stride === 0 ? within : { path: Math.floor(at / width), ...within });
}

const checkBasepoint = (call: Call, rows: ReadRows, from: number, count: number): void =>
  checkGiven(call, "options.basepoint", "channel", rows, from, count);

const checkInitial = (call: Call, rows: ReadRows, from: number, count: number): void =>
  checkGiven(call, "options.initial", "index", rows, from, count);
