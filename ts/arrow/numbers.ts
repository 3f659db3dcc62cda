// Numbers of primitive columns of Arrow.

import { kindOf, type NumericView } from "../input/arrays.ts";
import { typeError } from "../input/errors.ts";
import { type ArrowData, type ArrowType, type ArrowVector, typeIds } from "./structure.ts";

const numeric: readonly number[] = [typeIds.int, typeIds.float];
const temporal: readonly number[] = [typeIds.date, typeIds.time, typeIds.timestamp, typeIds.duration];

/** A number of half precision by its bits. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** Whether a column has numbers. */
export const isNumeric = ({ typeId }: ArrowType): boolean => numeric.includes(typeId);

/**
 * The numbers of a chunk: its own typed array, or a copy with NaN for what is missing.
 * @throws PathSignatureTypeError TABLE_TYPE for a column of another type
 */
export function numbersIn(data: ArrowData, argument: string, withTimes = false): NumericView {
  const { type, length, nullCount } = data;
  const values = data.values as NumericView;
  if (!(isNumeric(type) || (withTimes && temporal.includes(type.typeId))) || kindOf(values) === -1)
    throw typeError("TABLE_TYPE", argument, `a column of the type ${type}`, "a column of numbers");
  const isHalf = type.typeId === typeIds.float && type.precision === 0;
  if (nullCount === 0 && !isHalf) return values;
  return Float64Array.from({ length }, (_, i) => {
    const value = Number(values[i]);
    return data.getValid(i) ? (isHalf ? half(value) : value) : Number.NaN;
  });
}

/** The numbers of a column of a table, float64. @throws as {@link numbersIn} */
export function columnNumbers({ data, length }: ArrowVector, argument: string, withTimes = false): Float64Array {
  const all = new Float64Array(length);
  let at = 0;
  for (const chunk of data) {
    const values = numbersIn(chunk, argument, withTimes);
    for (let i = 0; i < chunk.length; i++) all[at + i] = Number(values[i]);
    at += chunk.length;
  }
  return all;
}
