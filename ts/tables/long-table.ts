// Paths from a long table: a row for each point, a column for each channel, and columns that say to
// which path a row belongs and when it was.

import { describe, rangeError } from "../input/errors.ts";
import { checkMissing, type Missing, withoutMissing } from "./missing.ts";
import type { Id, Series } from "./series.ts";

/** Columns of a long table, and what becomes of missing values. */
export interface LongTableOptions {
  /**
   * Column that identifies the path of a row. Rows of a path need not follow each other.
   *
   * @example id: "gesture"
   */
  readonly id: string;
  /**
   * Column of numbers, dates or timestamps by which the rows of a path are ordered. Default: as
   * they are.
   *
   * @example time: "t"
   */
  readonly time?: string | undefined;
  /**
   * Columns of the channels, in their order. `time` may be one of them.
   *
   * @example channels: ["x", "y"]
   */
  readonly channels: readonly string[];
  /**
   * What becomes of missing values. Default `"error"`.
   *
   * @example missing: "interpolate"
   */
  readonly missing?: Missing | undefined;
}

/** A long table as columns of equal lengths; a missing value is null, undefined or NaN. */
export interface LongTable {
  readonly ids: ArrayLike<Id | null | undefined>;
  readonly times: ArrayLike<number> | undefined;
  readonly channels: readonly { readonly name: string; readonly values: ArrayLike<number> }[];
}

/**
 * The paths of a long table, in the order in which their ids appear; rows of equal times stay in
 * their order.
 * @throws PathSignatureError MISSING_VALUE, MISSING_INVALID
 */
export function seriesOf({ ids, times, channels }: LongTable, missing: Missing | undefined): Series {
  checkMissing(missing);
  const count = ids.length;
  const found = new Map<Id, number>();
  const paths = new Uint32Array(count);
  const lengths: number[] = [];
  for (let row = 0; row < count; row++) {
    const id = ids[row];
    if (id === null || id === undefined || Number.isNaN(times?.[row])) {
      const [column, value] = id === null || id === undefined ? ["id", id] : ["time", times?.[row]];
      throw rangeError("MISSING_VALUE", `options.${column}`, `${describe(value)} in row ${row}`, "there in every row");
    }
    let path = found.get(id);
    if (path === undefined) {
      path = found.size;
      found.set(id, path);
      lengths.push(0);
    }
    paths[row] = path;
    lengths[path] = (lengths[path] as number) + 1;
  }
  const offsets = new Float64Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    offsets[i + 1] = (offsets[i] as number) + length;
  });
  const order = new Uint32Array(count);
  const next = offsets.slice();
  for (let row = 0; row < count; row++) {
    const path = paths[row] as number;
    order[next[path] as number] = row;
    next[path] = (next[path] as number) + 1;
  }
  if (times !== undefined)
    lengths.forEach((_, i) => {
      order.subarray(offsets[i], offsets[i + 1]).sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
    });
  const width = channels.length;
  const data = new Float64Array(count * width);
  channels.forEach(({ values }, channel) => {
    for (let point = 0; point < count; point++)
      data[point * width + channel] = values[order[point] as number] as number;
  });
  const series = { data, offsets, channels: channels.map(({ name }) => name), ids: [...found.keys()] };
  const sorted = times && Float64Array.from(order, (row) => times[row] as number);
  return withoutMissing(series, missing, sorted);
}
