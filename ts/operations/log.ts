// `log` and `logVjp` of the family `algebra`: the public functions and their descriptors.

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
 * Logarithms in the truncated tensor algebra, Σ (−1)^{k+1} (a − 1)ᵏ / k: of a signature, its
 * log-signature in expanded form. With `scalarTerm`, defined if the term is positive.
 *
 * @param a - rows; see {@link Rows}.
 * @returns rows (…batch, size), with views by level and word.
 * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
 *   CHANNELS_INVALID, DEPTH_INVALID, SCALAR_TERM_INVALID, NOT_FINITE and others, each a `TypeError`
 *   or a `RangeError` by kind. After an error `out` is unchanged, and the next call works.
 *
 * @example
 * const logSignature = log(signature(path, { depth }), { channels, depth });
 */
export type LogFunction = RowsFunction;

/**
 * Gradients of a function of `log(a)`: from ∂f/∂result, the cotangent, to ∂f/∂a.
 *
 * @param cotangent - numbers of the result's shape.
 * @throws PathSignatureError as for `log`, and COTANGENT_TYPE, COTANGENT_SHAPE.
 */
export type LogVjpFunction = RowsVjpFunction;

const log = {
  name: "log",
  code: 19,
  vjp: 23,
  operands: 1,
  products: 1,
  scalars: [(scalar: number) => scalar > 0, "rows whose scalar term is positive"],
} as const;

export const logOperation = /* @__PURE__ */ rowsOperation(log);
export const logVjpOperation = /* @__PURE__ */ rowsVjpOperation(log);

/** Makes `log` for a runtime. */
export const bindLog = (runtime: Runtime): LogFunction => bind(runtime, logOperation) as unknown as LogFunction;

/** Makes `logVjp` for a runtime. */
export const bindLogVjp = (runtime: Runtime): LogVjpFunction =>
  bind(runtime, logVjpOperation) as unknown as LogVjpFunction;
