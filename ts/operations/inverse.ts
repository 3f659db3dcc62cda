// `inverse` and `inverseVjp` of the family `algebra`: the public functions and their descriptors.

import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import {
  type Rows,
  type RowsFunction,
  type RowsVjpFunction,
  rowsOperation,
  rowsVjpOperation,
} from "./rows-operation.ts";

/**
 * Inverses in the truncated tensor algebra: the inverse of a signature is the signature of the
 * reversed path. With `scalarTerm`, defined if the term is not 0.
 *
 * @param a - rows; see {@link Rows}.
 * @returns rows (…batch, size), with views by level and word.
 * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
 *   CHANNELS_INVALID, DEPTH_INVALID, SCALAR_TERM_INVALID, NOT_FINITE and others, each a `TypeError`
 *   or a `RangeError` by kind. After an error `out` is unchanged, and the next call works.
 *
 * @example
 * const back = inverse(signature(path, { depth }), { channels, depth });
 */
export type InverseFunction = RowsFunction;

/**
 * Gradients of a function of `inverse(a)`: from ∂f/∂result, the cotangent, to ∂f/∂a.
 *
 * @param cotangent - numbers of the result's shape.
 * @throws PathSignatureError as for `inverse`, and COTANGENT_TYPE, COTANGENT_SHAPE.
 */
export type InverseVjpFunction = RowsVjpFunction;

const inverse = {
  name: "inverse",
  code: 17,
  vjp: 21,
  operands: 1,
  products: 1,
  scalars: [(scalar: number) => scalar !== 0, "rows whose scalar term is not 0"],
} as const;

export const inverseOperation = /* @__PURE__ */ rowsOperation(inverse);
export const inverseVjpOperation = /* @__PURE__ */ rowsVjpOperation(inverse);

/** Makes `inverse` for a runtime. */
export const bindInverse = (runtime: Runtime): InverseFunction =>
  bind(runtime, inverseOperation) as unknown as InverseFunction;

/** Makes `inverseVjp` for a runtime. */
export const bindInverseVjp = (runtime: Runtime): InverseVjpFunction =>
  bind(runtime, inverseVjpOperation) as unknown as InverseVjpFunction;
