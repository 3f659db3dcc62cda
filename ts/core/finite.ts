// Whether the numbers of a call are finite, and the error that names the first one that is not. Looks at what the caller gave,
// never at WebAssembly memory. None of it runs where `checkFinite` is false.
//
// The kernel tells for nothing whether anything that it took a difference of was not finite: the first level, a sum of all
// increments, is not finite then. Only in that case are the numbers looked at one by one (checkPaths). What takes part in no
// increment (initial, paths of one point) is looked at always (checkBesides).

import { firstNonFinite } from "./arrays.ts";
import { type Call, lengthOf, startOf } from "./call.ts";
import { rangeError } from "./errors.ts";

/** The error for a number that is not finite. */
export function notFinite(
  argument: string,
  value: number,
  where: string,
  position: { path?: number; point?: number; channel?: number },
): Error {
  const given = `${value} at ${where}`;
  if (value - value === 0) {
    return rangeError(
      "NOT_REPRESENTABLE",
      argument,
      given,
      'within the range of float32, 3.4e38 (or say dtype: "float64")',
      position,
    );
  }
  return rangeError("NOT_FINITE", argument, given, "finite numbers (or say checkFinite: false)", position);
}

/** Throws for the first number of paths [first, first + count) that is not finite. */
export function checkPaths(call: Call, first: number, count: number): void {
  const { paths, channels, lengths, points, dtype } = call;
  const { view, kind, starts } = paths;
  if (lengths === undefined && starts === undefined) {
    const at = firstNonFinite(view, kind, dtype, first * points * channels, count * points * channels);
    if (at >= 0) throw pathNotFinite(call, at, Math.floor(at / (points * channels)));
    return;
  }
  for (let i = first; i < first + count; i++) {
    const from = startOf(call, i);
    const at = firstNonFinite(view, kind, dtype, from, lengthOf(call, i) * channels);
    if (at >= 0) throw pathNotFinite(call, at, i);
  }
}

function pathNotFinite(call: Call, at: number, path: number): Error {
  const within = at - startOf(call, path);
  const point = Math.floor(within / call.channels);
  const channel = within % call.channels;
  const where = `path ${path}, point ${point}, channel ${channel}`;
  return notFinite("paths", Number(call.paths.view[at]), where, { path, point, channel });
}

/** Throws for what the kernel's first level does not tell about. */
export function checkBesides(call: Call): void {
  const { paths, basepoint, initial, dtype, lengths } = call;
  if (basepoint !== undefined && basepoint !== true) {
    const { view, kind, stride, width } = basepoint;
    const at = firstNonFinite(view, kind, dtype, 0, view.length);
    if (at >= 0) {
      const channel = at % width;
      const path = stride === 0 ? undefined : Math.floor(at / width);
      const where = path === undefined ? `channel ${channel}` : `path ${path}, channel ${channel}`;
      throw notFinite(
        "options.basepoint",
        Number(view[at]),
        where,
        path === undefined ? { channel } : { path, channel },
      );
    }
  }
  if (initial !== undefined) {
    const { view, kind, stride, width } = initial;
    const at = firstNonFinite(view, kind, dtype, 0, view.length);
    if (at >= 0) {
      const path = stride === 0 ? undefined : Math.floor(at / width);
      const where = path === undefined ? `index ${at}` : `path ${path}, index ${at % width}`;
      throw notFinite("options.initial", Number(view[at]), where, path === undefined ? {} : { path });
    }
  }
  if (basepoint !== undefined || paths.resident) return;
  if (paths.points === 1) checkPaths(call, 0, paths.batch);
  else if (lengths !== undefined) {
    for (let i = 0; i < lengths.length; i++) if (lengths[i] === 1) checkPaths(call, i, 1);
  }
}
