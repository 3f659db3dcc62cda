// Columns of Arrow in which each row is a path: a list of points.

import { dtypeOfKind, FLOAT32, type Kind, kindOf, type NumericView } from "../input/arrays.ts";
import type { PointsInput } from "../input/containers.ts";
import { countOf, describe, rangeError, typeError } from "../input/errors.ts";
import { isNumeric, numbersIn } from "./numbers.ts";
import { type ArrowData, isList, typeIds } from "./structure.ts";

/** Points of the paths of a chunk, one after the other. */
export interface Points extends PointsInput {
  readonly data: NumericView;
  readonly offsets: NumericView;
}

const forms =
  "a List or FixedSizeList column of points (FixedSizeList, List or Struct of numbers), " +
  "or of numbers with options.channels";

/** Where the lists of a chunk begin in its child, and the end. */
function offsetsOf({ type, length, valueOffsets }: ArrowData): Int32Array | Float64Array {
  // Buffers may be longer than what they hold.
  if (valueOffsets instanceof Int32Array) return valueOffsets.subarray(0, length + 1);
  const size = type.listSize ?? 0;
  return Float64Array.from({ length: length + 1 }, (_, i) => (valueOffsets ? Number(valueOffsets[i]) : i * size));
}

function checkNoNulls(data: ArrowData, argument: string, what: string): void {
  if (data.nullCount === 0) return;
  for (let i = 0; i < data.length; i++)
    if (!data.getValid(i))
      throw rangeError("MISSING_VALUE", argument, `null in row ${i}`, `a ${what} in every row of the chunk`);
}

/** Numbers of points, whose number of channels and names the type tells, if it does. */
interface Flat {
  readonly numbers: NumericView;
  readonly channels: number | readonly string[] | undefined;
}

function pointsIn(data: ArrowData, argument: string): Flat {
  const { type, children, length } = data;
  if (isNumeric(type)) return { numbers: numbersIn(data, argument), channels: undefined };
  checkNoNulls(data, argument, "point");
  if (type.typeId === typeIds.struct) {
    const columns = children.map((child) => numbersIn(child, argument));
    const isFloat32 = columns.every((column) => dtypeOfKind(kindOf(column) as Kind) === FLOAT32);
    const numbers = new (isFloat32 ? Float32Array : Float64Array)(length * columns.length);
    columns.forEach((column, c) => {
      for (let i = 0; i < length; i++) numbers[i * columns.length + c] = Number(column[i]);
    });
    return { numbers, channels: (type.children ?? []).map(({ name }) => name) };
  }
  const [child] = children;
  if (!isList(type) || child === undefined || !isNumeric(child.type))
    throw typeError("TABLE_TYPE", argument, `a list column of the type ${type}`, forms);
  const offsets = offsetsOf(data);
  const [first = 0, second = 0] = offsets;
  const channels = length === 0 ? (type.listSize ?? 1) : second - first;
  for (let i = 0; i < length; i++) {
    const own = (offsets[i + 1] as number) - (offsets[i] as number);
    if (own !== channels)
      throw rangeError("RAGGED_ROW", argument, `${countOf(own, "number")} in point ${i}`, `${channels}, as the first`);
  }
  const numbers = numbersIn(child, argument) as Float64Array;
  return { numbers: numbers.subarray(first, first + length * channels), channels };
}

/**
 * The paths of a chunk of a list column. Its numbers are those of the child array itself, where
 * that is a typed array without missing values and the points are no structs.
 * @param channels - of lists of numbers; names for the channels of others
 */
export function pathsIn(data: ArrowData, channels: number | readonly string[] | undefined, argument: string): Points {
  const [child] = data.children;
  if (!isList(data.type) || child === undefined)
    throw typeError("TABLE_TYPE", argument, `a column of the type ${data.type}`, forms);
  checkNoNulls(data, argument, "path");
  const offsets = offsetsOf(data);
  const points = pointsIn(child, argument);
  const own = points.channels;
  if (own !== undefined) {
    const count = typeof own === "number" ? own : own.length;
    const wanted = typeof channels === "object" ? channels.length : (channels ?? count);
    if (wanted !== count)
      throw rangeError(
        "CHANNELS_INVALID",
        "options.channels",
        countOf(wanted, "channel"),
        `${count}, as the column has`,
      );
    return { data: points.numbers, offsets, channels: typeof channels === "object" ? channels : own };
  }
  if (channels === undefined)
    throw rangeError("CHANNELS_INVALID", "options.channels", "undefined", "given: the column has lists of numbers");
  const width = typeof channels === "object" ? channels.length : channels;
  const inPoints = Float64Array.from(offsets, (offset) => offset / width);
  const broken = inPoints.findIndex((offset) => !Number.isInteger(offset));
  if (broken >= 0)
    throw rangeError(
      "SHAPE_MISMATCH",
      argument,
      `lists to ${describe(offsets[broken])}`,
      `lists of ${width} numbers a point`,
    );
  return { data: points.numbers, offsets: inPoints, channels };
}
