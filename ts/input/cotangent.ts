// Reads the cotangent of a call: numbers with the shape of the signatures.

import {
  allocateNumbers,
  checkAttached,
  copyNumbers,
  FLOAT64,
  KIND_FLOAT64,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { type Call, shapeOf } from "./call.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import { ReadRows } from "./rows.ts";
import { isRow, lengthOfList, readNumbers, readTensorShape } from "./shape.ts";

/** What cotangents are accepted, for errors; "signatures'" or "result's" shape. */
const formsOf = (whose: string) => `a tensor { data, shape } of the ${whose} shape, or as many numbers in a flat array`;

/** Whether an argument is the options, where another one was expected. */
export const isOptions = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "depth" in value && !("data" in value || "buffer" in value);

/**
 * Throws for options in the place of a cotangent: it was forgotten, or they were exchanged.
 * @throws PathSignatureTypeError COTANGENT_TYPE
 */
export function checkIsCotangent(value: unknown, forms = formsOf("result's")): void {
  if (isOptions(value))
    throw typeError("COTANGENT_TYPE", "cotangent", "the options: the cotangent comes before them", forms);
}

/**
 * Cotangents as rows, one for each row of signatures. `own`: the shape of a result that is none.
 * @throws PathSignatureError COTANGENT_TYPE, COTANGENT_SHAPE, SHAPE_INVALID, ELEMENT_TYPE, STRIDED,
 *   DETACHED_BUFFER
 */
export function readCotangent(value: unknown, call: Call, own?: readonly number[]): ReadRows {
  const shape = own ?? shapeOf(call);
  const count = call.batch * call.rows * call.row;
  const isOther = own !== undefined || call.item === "row";
  const [whose, as] = isOther ? ["result's", "the result is"] : ["signatures'", "the signatures are"];
  const forms = formsOf(whose as string);
  const refuse = (given: string) =>
    rangeError("COTANGENT_SHAPE", "cotangent", given, `of shape (${shape.join(", ")}), as ${as}`);

  checkIsCotangent(value, forms);
  const argument = "cotangent";
  if (typeof value === "object" && value !== null && kindOf(value) === -1 && !Array.isArray(value)) {
    const sizes = readTensorShape(value, argument, "COTANGENT_TYPE", forms);
    if (sizes.length !== shape.length || sizes.some((n, i) => n !== shape[i])) {
      throw refuse(`a tensor of shape (${sizes.join(", ")})`);
    }
    const view = readNumbers(value, argument, "COTANGENT_TYPE", count, sizes);
    return new ReadRows(view, kindOf(view) as Kind, call.row, call.row);
  }
  const kind = kindOf(value);
  if (kind === -1 && !Array.isArray(value)) throw typeError("COTANGENT_TYPE", argument, describe(value), forms);
  const list = value as NumericView | readonly unknown[];
  const length = lengthOfList(list);
  if (length !== count) {
    if (kind !== -1) checkAttached(list as NumericView, argument);
    const isNested = kind === -1 && isRow(list[0]);
    throw refuse(isNested ? "nested arrays (give a flat array or { data, shape })" : countOf(length, "number"));
  }
  if (kind !== -1) return new ReadRows(list as NumericView, kind as Kind, call.row, call.row);
  const flat = allocateNumbers(FLOAT64, count, argument) as Float64Array;
  copyNumbers(list as readonly unknown[], count, flat, 0, argument);
  return new ReadRows(flat, KIND_FLOAT64, call.row, call.row);
}
