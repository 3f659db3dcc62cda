// `exp` and `expVjp` of the family `algebra`: the public functions and their descriptors.

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
 * Exponentials in the truncated tensor algebra, Σ aᵏ / k!: of a Lie element, such as a
 * log-signature in its expanded form, a signature.
 *
 * @param a - rows; see {@link Rows}.
 * @returns rows (…batch, size), with views by level and word.
 * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
 *   CHANNELS_INVALID, DEPTH_INVALID, NOT_FINITE and others, each a `TypeError` or a `RangeError` by
 *   kind. After an error `out` is unchanged, and the next call works.
 *
 * @example
 * exp([1, 2], { channels: 2, depth: 1 }).data; // [1, 2]
 * exp([1, 0, 0, 0, 0, 0], { channels: 2, depth: 2 }).at([0, 0]); // 0.5
 */
export type ExpFunction = RowsFunction;

/**
 * Gradients of a function of `exp(a)`: from ∂f/∂result, the cotangent, to ∂f/∂a.
 *
 * @param cotangent - numbers of the result's shape.
 * @throws PathSignatureError as for `exp`, and COTANGENT_TYPE, COTANGENT_SHAPE.
 */
export type ExpVjpFunction = RowsVjpFunction;

const exp = {
  name: "exp",
  code: 18,
  vjp: 22,
  operands: 1,
  products: 1,
} as const;

export const expOperation = /* @__PURE__ */ rowsOperation(exp);
export const expVjpOperation = /* @__PURE__ */ rowsVjpOperation(exp);

/** Makes `exp` for a runtime. */
export const bindExp = (runtime: Runtime): ExpFunction => bind(runtime, expOperation) as unknown as ExpFunction;

/** Makes `expVjp` for a runtime. */
export const bindExpVjp = (runtime: Runtime): ExpVjpFunction =>
  bind(runtime, expVjpOperation) as unknown as ExpVjpFunction;
