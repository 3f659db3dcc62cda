// Reads rows that accompany paths or rows of a batch: one that all share, or one for each.

import {
  allocateNumbers,
  checkAttached,
  copyIn,
  copyNumbers,
  FLOAT64,
  KIND_FLOAT64,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import type { ReadPaths } from "./read-paths.ts";
import type { Resident } from "./resident.ts";
import { describeShape, isRow, lengthOfList, readNumbers, readTensorShape } from "./shape.ts";
import { lengthOfView } from "./views.ts";

/** Rows that accompany paths: one for all, or one for each. */
export class ReadRows {
  view: NumericView;
  kind: Kind;
  /** Distance between the rows of consecutive paths, in numbers; 0 for a shared row. */
  stride: number;
  /** Width of a row as given. */
  width: number;
  /** Location of the numbers if they are on a device; `view` is then empty. */
  resident: Resident | undefined;

  constructor(view: NumericView, kind: Kind, stride: number, width: number) {
    this.view = view;
    this.kind = kind;
    this.stride = stride;
    this.width = width;
    this.resident = undefined;
  }
}

/** Error codes and texts that {@link readRows} uses for an argument. */
export interface RowsArgument {
  readonly name: string;
  readonly type: "BASEPOINT_TYPE" | "INITIAL_TYPE" | "ROWS_TYPE";
  readonly shape: "BASEPOINT_SHAPE" | "INITIAL_SHAPE" | "ROWS_SHAPE";
  readonly forms: string;
  /** What rows of a wrong width probably are. */
  readonly hint?: (given: number, channels: number, width: number) => string;
}

/** The shapes that rows may have, for errors. */
export function readRowsShapes(lead: readonly number[], widths: readonly number[]): string {
  const width = widths.join(" or ");
  return `of shape (${width})${lead.length === 0 ? "" : ` or (${[...lead, width].join(", ")})`}`;
}

/**
 * Reads rows: a flat array of `width` (or `otherWidth`) numbers shared by all paths, nested arrays
 * (batch, width), or a tensor (width) or (…batch, width).
 */
export function readRows(
  value: unknown,
  paths: ReadPaths,
  width: number,
  otherWidth: number,
  argument: RowsArgument,
): ReadRows {
  const { name } = argument;
  const fits = (n: number) => n === width || n === otherWidth;
  const widths = otherWidth === width ? [width] : [width, otherWidth];
  const wrongShape = (given: string, was: number) =>
    rangeError(
      argument.shape,
      name,
      given + ((was > 0 && argument.hint?.(was, paths.channels, width)) || ""),
      readRowsShapes(paths.lead, widths),
    );

  const kind = kindOf(value);
  if (kind !== -1) {
    const view = value as NumericView;
    const length = lengthOfView(view);
    if (!fits(length)) {
      checkAttached(view, name);
      throw wrongShape(`${countOf(length, "number")} without a shape`, length);
    }
    return new ReadRows(view, kind, 0, length);
  }
  if (Array.isArray(value)) {
    const length = lengthOfList(value);
    const first: unknown = value[0];
    if (length > 0 && isRow(first)) return readNestedRows(value, length, first, paths, fits, wrongShape, name);
    if (!fits(length)) throw wrongShape(`${countOf(length, "number")} without a shape`, length);
    const flat = new Float64Array(length);
    copyNumbers(value, length, flat, 0, name);
    return new ReadRows(flat, KIND_FLOAT64, 0, length);
  }
  if (typeof value !== "object" || value === null)
    throw typeError(argument.type, name, describe(value), argument.forms);
  return readTensorRows(value, paths, fits, wrongShape, argument);
}

function readNestedRows(
  value: readonly unknown[],
  length: number,
  first: unknown,
  paths: ReadPaths,
  fits: (n: number) => boolean,
  wrongShape: (given: string, was: number) => Error,
  name: string,
): ReadRows {
  const width = lengthOfList(first);
  if (paths.lead.length !== 1 || length !== paths.batch || !fits(width)) {
    throw wrongShape(`nested arrays of shape (${length}, ${width})`, width);
  }
  const flat = allocateNumbers(FLOAT64, paths.batch * width, name) as Float64Array;
  for (let i = 0; i < paths.batch; i++) {
    const row: unknown = i === 0 ? first : value[i];
    if (lengthOfList(row) !== width) throw wrongShape(`${describe(row)} at ${i} after rows of length ${width}`, width);
    const kind = kindOf(row);
    if (kind === -1) copyNumbers(row as readonly unknown[], width, flat, i * width, `${name}[${i}]`);
    else copyIn(row as NumericView, kind, 0, width, flat, i * width);
  }
  return new ReadRows(flat, KIND_FLOAT64, width, width);
}

function readTensorRows(
  value: object,
  paths: ReadPaths,
  fits: (n: number) => boolean,
  wrongShape: (given: string, was: number) => Error,
  { name, type, forms }: RowsArgument,
): ReadRows {
  const sizes = readTensorShape(value, name, type, forms);
  const { channels } = value as { channels?: unknown };
  if (typeof channels === "number" && channels !== paths.channels)
    throw wrongShape(`a signature of ${countOf(channels, "channel")} where there are ${paths.channels}`, -1);
  const rank = sizes.length;
  const width = sizes[rank - 1] ?? -1;
  const own = rank === paths.lead.length + 1 && paths.lead.every((n, i) => n === sizes[i]);
  if (!fits(width) || !(rank === 1 || own)) throw wrongShape(`a tensor of shape ${describeShape(sizes)}`, width);
  const view = readNumbers(value, name, type, own ? paths.batch * width : width, sizes);
  return new ReadRows(view, kindOf(view) as Kind, own ? width : 0, width);
}
