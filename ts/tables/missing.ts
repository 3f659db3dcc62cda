// Missing values of paths that come from tables and files: NaN stands for them here.

import { describe, rangeError, typeError } from "../input/errors.ts";
import type { Series } from "./series.ts";

/**
 * What becomes of missing values (null, NaN):
 *
 * - `"error"`, the default: they are refused, with the id of the path, the row and the channel;
 * - `"ffill"`: the last value before is carried forward;
 * - `"interpolate"`: linear between the values before and after, in the time column if there is
 *   one, else in the row; the first and last values are carried to the ends;
 * - `"drop-row"`: rows in which a value is missing are left out;
 * - `"mask-channel"`: values are carried forward (backward before the first, 0 where there is
 *   none), and for each channel x a channel `x_missing` is added, 1 where the value is missing and
 *   0 elsewhere.
 */
export type Missing = "error" | "ffill" | "interpolate" | "drop-row" | "mask-channel";

const names: readonly Missing[] = ["error", "ffill", "interpolate", "drop-row", "mask-channel"];

/** @throws PathSignatureTypeError MISSING_INVALID */
export function checkMissing(missing: unknown): asserts missing is Missing | undefined {
  if (missing === undefined || names.includes(missing as Missing)) return;
  throw typeError("MISSING_INVALID", "options.missing", describe(missing), `one of ${names.join(", ")}`);
}

const refuse = ({ ids, channels }: Series, path: number, row: number, channel: number, accepted: string): Error =>
  rangeError(
    "MISSING_VALUE",
    `channel ${channels[channel]}`,
    `a missing value at id ${describe(ids[path])}, row ${row}`,
    accepted,
    { path, point: row, channel },
  );

/**
 * Paths without missing values. Changes the numbers of `series` in place where it can.
 * @param times - of all points, for "interpolate"
 * @throws PathSignatureRangeError MISSING_VALUE
 */
export function withoutMissing(series: Series, missing: Missing = "error", times?: ArrayLike<number>): Series {
  const { data, offsets, channels, ids } = series;
  const width = channels.length;
  if (missing === "drop-row") return withoutRows(series);
  // Most series are complete; to find that takes a small part of the time of looking for gaps. The
  // difference is 0 for finite numbers alone.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] as number) - (data[i] as number);
  if (sum === 0 && missing !== "mask-channel") return series;
  const time = (point: number): number => (times === undefined ? point : (times[point] as number));
  const mask = missing === "mask-channel" ? Uint8Array.from(data, (x) => +Number.isNaN(x)) : undefined;
  for (let path = 0; path < ids.length; path++) {
    const first = offsets[path] as number;
    const end = offsets[path + 1] as number;
    for (let channel = 0; channel < width; channel++) {
      const at = (point: number): number => data[point * width + channel] as number;
      for (let point = first, next = first; point < end; point = next + 1) {
        // The gap is [point, next).
        for (next = point; next < end && Number.isNaN(at(next)); ) next++;
        if (next === point) continue;
        const [isAfter, isBefore] = [point > first, next < end];
        const accepted =
          missing === "error"
            ? `there, or missing one of ${names.slice(1).join(", ")}`
            : missing === "ffill" && !isAfter
              ? 'preceded by a value to carry forward (or say missing: "interpolate")'
              : missing === "interpolate" && !isAfter && !isBefore
                ? "in one row at least of the path"
                : undefined;
        if (accepted !== undefined) throw refuse(series, path, point - first, channel, accepted);
        const before = isAfter ? at(point - 1) : isBefore ? at(next) : 0;
        const isLinear = missing === "interpolate" && isAfter && isBefore;
        const slope = isLinear ? (at(next) - before) / (time(next) - time(point - 1) || 1) : 0;
        for (let i = point; i < next; i++)
          data[i * width + channel] = isLinear ? before + slope * (time(i) - time(point - 1)) : before;
      }
    }
  }
  if (mask === undefined) return series;
  const wide = new Float64Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    const to = Math.floor(i / width) * 2 * width + (i % width);
    wide[to] = data[i] as number;
    wide[to + width] = mask[i] as number;
  }
  return { data: wide, offsets, channels: [...channels, ...channels.map((name) => `${name}_missing`)], ids };
}

function withoutRows(series: Series): Series {
  const { data, offsets, channels, ids } = series;
  const width = channels.length;
  const kept = new Float64Array(offsets.length);
  let to = 0;
  for (let path = 0; path < ids.length; path++) {
    const first = offsets[path] as number;
    for (let point = first; point < (offsets[path + 1] as number); point++) {
      const row = data.subarray(point * width, (point + 1) * width);
      if (row.some(Number.isNaN)) continue;
      data.copyWithin(to++ * width, point * width, (point + 1) * width);
    }
    if (to === kept[path]) throw refuse(series, path, 0, 0, "in one row at least of each path that remains");
    kept[path + 1] = to;
  }
  return { data: data.subarray(0, to * width), offsets: kept, channels, ids };
}
