// Shared by the tests of the tensor algebra: its functions as JavaScript sees them, rows, and the
// accepted forms of rows.

import * as algebra from "../ts/algebra.ts";
import { type OperationName, operations, rowSize, type Shape } from "./algebra-reference.ts";

export { type OperationName, operations, rowSize, type Shape };

export type Numbers = Float32Array | Float64Array;

export interface Result {
  readonly data: Numbers;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** All functions, untyped. */
export const functions = algebra as unknown as Record<
  OperationName | `${OperationName}Vjp`,
  (...args: unknown[]) => unknown
>;

export const call = (name: OperationName) => functions[name] as (...args: unknown[]) => Result;

/** Operands of an operation. */
export const arity = (name: OperationName): number => (name === "multiply" ? 2 : 1);

/** Whether each operand is shared by all items, in every combination. */
export const sharings = (name: OperationName): boolean[][] =>
  arity(name) === 1
    ? [[false], [true]]
    : [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ];

/** A row for which an operation is defined, of numbers that float32 represents. */
export function makeRow(name: OperationName, shape: Shape, next: () => number): number[] {
  const row = Array.from({ length: rowSize(shape) }, () => Math.fround(2 * next() - 1));
  if (!shape.scalarTerm) return row;
  const scalar = Math.fround(0.5 + next());
  if (name === "log") row[0] = scalar;
  if (name === "inverse") row[0] = next() < 0.5 ? scalar : -scalar;
  return row;
}

/** Rows in one of the accepted forms: a tensor, nested arrays, or the numbers of one row. */
export function tensor(rows: readonly number[][], shape: Shape, lead: readonly number[], form: number): unknown {
  const data = rows.flat();
  const dims = [...lead, rowSize(shape)];
  const nests = lead.length === 1 && rows.length > 0;
  switch (form % 5) {
    case 0:
      return { data, shape: dims };
    case 1:
      return { data: Float32Array.from(data), dims };
    case 2:
      return lead.length === 0 ? data : nests ? rows : { data, shape: dims };
    case 3:
      return lead.length === 0
        ? Float64Array.from(data)
        : nests
          ? rows.map((row) => Float32Array.from(row))
          : { data, dims };
    default:
      return { data: Float64Array.from(data), shape: dims };
  }
}
