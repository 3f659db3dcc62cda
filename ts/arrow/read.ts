// Paths from columns and tables of Apache Arrow.

import { copyIn, type Kind, kindOf } from "../input/arrays.ts";
import type { PointsInput } from "../input/containers.ts";
import { describe, typeError } from "../input/errors.ts";
import { type LongTableOptions, seriesOf } from "../tables/long-table.ts";
import { checkMissing, type Missing, withoutMissing } from "../tables/missing.ts";
import type { Id, Series } from "../tables/series.ts";
import { type Points, pathsIn } from "./lists.ts";
import { columnNumbers } from "./numbers.ts";
import type { ArrowTable, ArrowVector } from "./structure.ts";

/** Options for a column of paths. */
export interface ColumnOptions {
  /**
   * Number of the channels, or their names. Needed for lists of numbers, point after point;
   * optional for lists of points.
   *
   * @example channels: ["x", "y"]
   */
  readonly channels?: number | readonly string[] | undefined;
  /**
   * What becomes of missing values. Default `"error"`.
   *
   * @example missing: "drop-row"
   */
  readonly missing?: Missing | undefined;
}

const isVector = (value: unknown): value is ArrowVector =>
  typeof value === "object" && value !== null && "type" in value && Array.isArray((value as ArrowVector).data);

const isTable = (value: unknown): value is ArrowTable =>
  typeof value === "object" && value !== null && "schema" in value && "getChild" in value;

/** Points without missing values: those of the chunk itself if there are none to replace. */
function complete(points: Points, first: number, missing: Missing | undefined): Points {
  const { data, channels } = points;
  const hasNaN = Array.prototype.includes.call(data, Number.NaN);
  if (!hasNaN && missing !== "mask-channel") return points;
  const offsets = Float64Array.from(points.offsets as ArrayLike<number>);
  const names = typeof channels === "number" ? Array.from({ length: channels }, (_, i) => `${i}`) : channels;
  const ids = Array.from({ length: offsets.length - 1 }, (_, i) => first + i);
  return withoutMissing({ data: Float64Array.from(data as ArrayLike<number>), offsets, channels: names, ids }, missing);
}

/**
 * The paths of a column, one input of `signature` for each chunk. Nothing is copied where the child
 * array is a plain typed array without missing values, and points are no structs.
 *
 * @param column - a `List` or `FixedSizeList` of points (`FixedSizeList`, `List` or `Struct` of
 *   numbers), or of numbers with `channels`.
 * @throws PathSignatureError TABLE_TYPE, CHANNELS_INVALID, RAGGED_ROW, SHAPE_MISMATCH,
 *   MISSING_VALUE, MISSING_INVALID
 *
 * @example
 * for (const paths of chunksFromArrow(table.getChild("path"))) use(signature(paths, { depth: 3 }));
 */
export function* chunksFromArrow(column: ArrowVector, options: ColumnOptions = {}): Generator<Points, void> {
  const { channels, missing } = options;
  if (!isVector(column)) throw typeError("TABLE_TYPE", "column", describe(column), "a Vector of apache-arrow");
  checkMissing(missing);
  let first = 0;
  for (const chunk of column.data) {
    if (chunk.length > 0) yield complete(pathsIn(chunk, channels, "column"), first, missing);
    first += chunk.length;
  }
}

/** Paths of several chunks as one. */
function join(chunks: readonly Points[]): PointsInput {
  const [first] = chunks;
  if (first === undefined) return { data: new Float64Array(0), offsets: [0], channels: 1 };
  if (chunks.length === 1) return first;
  const { channels } = first;
  const width = typeof channels === "number" ? channels : channels.length;
  const offsets = [0];
  const ranges = chunks.map(({ data, offsets: own }) => {
    const start = Number(own[0]);
    const base = offsets[offsets.length - 1] as number;
    for (let i = 1; i < own.length; i++) offsets.push(base + Number(own[i]) - start);
    return { data, from: start * width, to: base * width, count: (Number(own[own.length - 1]) - start) * width };
  });
  const isFloat32 = chunks.every(({ data }) => data instanceof Float32Array);
  const all = new (isFloat32 ? Float32Array : Float64Array)((offsets[offsets.length - 1] as number) * width);
  for (const { data, from, to, count } of ranges) copyIn(data, kindOf(data) as Kind, from, count, all, to);
  return { data: all, offsets, channels };
}

/**
 * Paths of a column or of a long table of apache-arrow, of any version, as an input of `signature`.
 *
 * A column holds a path in each row: see {@link chunksFromArrow}. The chunks of a column are
 * joined, with a copy if there are several. A table holds a point in each row, with columns for
 * channels, for the path's id, and, if given, for the time.
 *
 * @returns for a table also `ids`, in the order of the paths.
 * @throws PathSignatureError TABLE_TYPE, MISSING_VALUE, MISSING_INVALID, and for columns those of
 *   {@link chunksFromArrow}
 *
 * @example
 * const paths = pathsFromArrow(table, { id: "gesture", time: "t", channels: ["x", "y"] });
 * signature(paths, { depth: 3 });
 */
export function pathsFromArrow(column: ArrowVector, options?: ColumnOptions): PointsInput;
export function pathsFromArrow(table: ArrowTable, options: LongTableOptions): Series;
export function pathsFromArrow(source: ArrowVector | ArrowTable, options?: ColumnOptions | LongTableOptions) {
  if (isTable(source)) return longTable(source, options as LongTableOptions);
  return join([...chunksFromArrow(source, options as ColumnOptions)]);
}

function longTable(table: ArrowTable, options: LongTableOptions): Series {
  if (typeof options !== "object" || options === null || !Array.isArray(options.channels))
    throw typeError("TABLE_TYPE", "options", describe(options), "{ id, channels: [names of columns] }");
  const { id, time, channels, missing } = options;
  const column = (name: string, option: string): ArrowVector => {
    const found = table.getChild(name);
    if (found) return found;
    const names = table.schema.fields.map((field) => field.name).join(", ");
    throw typeError("TABLE_TYPE", `options.${option}`, describe(name), `the name of a column: ${names}`);
  };
  const idColumn = column(id, "id");
  return seriesOf(
    {
      ids: Array.from({ length: table.numRows }, (_, row) => idColumn.get(row) as Id | null),
      times: time === undefined ? undefined : columnNumbers(column(time, "time"), `column ${time}`, true),
      channels: channels.map((name, i) => ({
        name,
        values: columnNumbers(column(name, `channels[${i}]`), `column ${name}`, name === time),
      })),
    },
    missing,
  );
}
