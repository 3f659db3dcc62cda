// Containers of paths besides tensors and nested arrays: columns with names, points with offsets,
// and lists of paths that are read one by one.

import {
  allocateNumbers,
  copyIn,
  copyNumbers,
  type DTypeIndex,
  dtypeOfKind,
  FLOAT32,
  FLOAT64,
  KIND_FLOAT32,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import { pointsOf, ReadPaths } from "./read-paths.ts";
import { isRow, readNumbers, transpose } from "./shape.ts";
import { checkChannels } from "./size.ts";

/**
 * One path as a column of (length) numbers for each channel, whose names the result's `labels()`
 * have. The channels are in the order of the properties. No column can be named `data`, `shape`
 * or `dims`.
 */
export type ColumnsInput = { readonly [channel: string]: NumericView | readonly number[] | undefined } & {
  readonly data?: never;
  readonly shape?: never;
  readonly dims?: never;
};

/**
 * Points of (channels) numbers, one after the other. `channels` is their number, or a list of their
 * names.
 *
 * With `offsets`, path i has the points offsets[i] … offsets[i + 1] − 1 of `data`, as in a list
 * column of Arrow; there is one offset more than paths. Without, `data` is one path, or a list of
 * typed arrays, each a path.
 */
export interface PointsInput {
  readonly data: NumericView | readonly number[] | readonly NumericView[];
  readonly channels: number | readonly string[];
  readonly offsets?: readonly number[] | NumericView | undefined;
}

/** Reads one path of a list. */
type ReadOne = (path: unknown, argument: string, turned: boolean) => ReadPaths;

/** A batch of paths whose points are one after the other. */
function batchOf(
  view: NumericView,
  starts: Float64Array,
  channels: number,
  dtype: DTypeIndex,
  names: readonly string[] | undefined,
): ReadPaths {
  const batch = starts.length - 1;
  let longest = batch === 0 ? 1 : 0;
  let isRagged = (starts[0] as number) > 0;
  for (let i = 0; i < batch; i++) {
    const points = pointsOf(starts, i);
    if (i > 0 && points !== longest) isRagged = true;
    if (points > longest) longest = points;
  }
  const kind = kindOf(view) as Kind;
  const read = new ReadPaths(view, kind, [batch], batch, longest, channels, dtype, isRagged ? starts : undefined);
  read.names = names;
  return read;
}

/** A list of single paths: of tensors, columns or nested arrays. */
export function readList(items: readonly unknown[], argument: string, turned: boolean, read: ReadOne): ReadPaths {
  const all = Array.from(items, (item, i) => read(item, `${argument}[${i}]`, turned));
  const starts = new Float64Array(all.length + 1);
  const [first] = all as [ReadPaths];
  const { channels, names } = first;
  let dtype: DTypeIndex = FLOAT32;
  all.forEach((one, i) => {
    const name = `${argument}[${i}]`;
    if (one.lead.length > 0)
      throw typeError("PATHS_RANK", name, `a batch of ${countOf(one.batch, "path")}`, "one path, (length, channels)");
    const own = one.names?.join() ?? countOf(one.channels, "channel");
    const wanted = names?.join() ?? countOf(channels, "channel");
    if (one.channels !== channels || own !== wanted)
      throw rangeError("RAGGED_ROW", name, own, `${wanted}, as the first path`);
    if (one.dtype !== FLOAT32) dtype = FLOAT64;
    starts[i + 1] = (starts[i] as number) + one.points;
  });
  const flat = allocateNumbers(dtype, (starts[all.length] as number) * channels, argument, true);
  all.forEach(({ view, kind, points }, i) => {
    copyIn(view, kind, 0, points * channels, flat, (starts[i] as number) * channels);
  });
  return batchOf(flat, starts, channels, dtype, names);
}

/** The number of channels, and their names if they were given. */
function readChannels(given: unknown, argument: string): readonly [number, readonly string[] | undefined] {
  if (Array.isArray(given) && given.length > 0 && given.every((name) => typeof name === "string"))
    return [given.length, given];
  checkChannels(given, `${argument}.channels`);
  return [given, undefined];
}

/** Points of paths: {@link PointsInput}. */
export function readPoints(
  value: object,
  data: unknown,
  given: unknown,
  argument: string,
  turned: boolean,
  read: ReadOne,
): ReadPaths {
  const { offsets } = value as { offsets?: unknown };
  const [channels, names] = readChannels(given, argument);
  const name = `${argument}.data`;
  if (offsets === undefined) {
    const one = (list: unknown, argument: string): ReadPaths => {
      const { length } = isRow(list) ? list : [];
      if (length % channels !== 0)
        throw rangeError(
          "SHAPE_MISMATCH",
          argument,
          countOf(length, "number"),
          `a multiple of ${channels}, the channels`,
        );
      const shape = turned ? [channels, length / channels] : [length / channels, channels];
      return read({ data: list, shape }, argument, turned);
    };
    const paths = Array.isArray(data) && kindOf(data[0]) !== -1 ? readList(data, name, turned, one) : one(data, name);
    paths.names = names;
    return paths;
  }
  if (turned)
    throw typeError("LAYOUT_INVALID", "options.layout", '"channels-first"', '"channels-last" for points with offsets');
  const starts = readOffsets(offsets, `${argument}.offsets`);
  const end = (starts[starts.length - 1] as number) * channels;
  const { length } = isRow(data) ? data : [];
  if (length < end)
    throw rangeError(
      "SHAPE_MISMATCH",
      name,
      countOf(length, "number"),
      `${countOf(end, "number")} or more, as offsets say`,
    );
  const view = readNumbers(value, argument, "PATHS_TYPE", length, [length]);
  return batchOf(view, starts, channels, dtypeOfKind(kindOf(view) as Kind), names);
}

function readOffsets(given: unknown, argument: string): Float64Array {
  if (!isRow(given)) throw typeError("PATHS_TYPE", argument, describe(given), "an array of whole numbers");
  if (given.length === 0) throw rangeError("SHAPE_INVALID", argument, "an empty array", "one more than paths");
  const starts = allocateNumbers(FLOAT64, given.length, argument) as Float64Array;
  for (let i = 0; i < starts.length; i++) {
    const offset = typeof given[i] === "bigint" ? Number(given[i]) : given[i];
    const least = i === 0 ? 0 : (starts[i - 1] as number);
    if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < least)
      throw rangeError("SHAPE_INVALID", `${argument}[${i}]`, describe(given[i]), `a whole number from ${least} on`);
    if (i > 0 && offset === least)
      throw rangeError("EMPTY_PATH", `${argument}[${i}]`, `${offset}, as before`, "of a path of at least one point");
    starts[i] = offset;
  }
  return starts;
}

/** One path as columns: {@link ColumnsInput}. */
export function readColumns(value: object, argument: string, forms: string): ReadPaths {
  const names = Object.keys(value);
  const columns = names.map((name) => (value as Record<string, unknown>)[name]);
  if (!columns.some(isRow)) {
    const isPoint = names.length > 0 && kindOf(value) === -1 && columns.every((x) => typeof x === "number");
    const accepted = isPoint ? `an array of numbers, if it is a point: [${names.join(", ")}]` : forms;
    throw typeError("PATHS_TYPE", argument, describe(value), accepted);
  }
  const [first] = columns as [NumericView];
  const { length } = first;
  if (length === 0) throw rangeError("EMPTY_PATH", `${argument}.${names[0]}`, "an empty column", "at least one number");
  const dtype = columns.every((column) => kindOf(column) === KIND_FLOAT32) ? FLOAT32 : FLOAT64;
  const flat = allocateNumbers(dtype, names.length * length, argument);
  columns.forEach((column, c) => {
    const name = `${argument}.${names[c]}`;
    if (!isRow(column))
      throw typeError("PATHS_TYPE", name, describe(column), "a column of numbers, one for each point");
    if (column.length !== length) {
      const wanted = `${countOf(length, "number")}, as ${names[0]}`;
      throw rangeError("RAGGED_ROW", name, countOf(column.length, "number"), wanted);
    }
    const kind = kindOf(column);
    if (kind === -1) copyNumbers(column as readonly unknown[], length, flat as Float64Array, c * length, name);
    else copyIn(column as NumericView, kind, 0, length, flat, c * length);
  });
  const view = transpose(flat, 1, names.length, length);
  const read = new ReadPaths(view, kindOf(view) as Kind, [], 1, length, names.length, dtype, undefined);
  read.names = names;
  return read;
}
