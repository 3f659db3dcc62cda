// `multiply` and `multiplyVjp` of the family `algebra`: the public functions and their descriptors.

import type { Only } from "../input/types.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import {
  type Rows,
  type RowsDType,
  type RowsOf,
  type RowsOptions,
  type RowsVjpOptions,
  rowsOperation,
  rowsVjpOperation,
  type TwoRowsGradients,
} from "./rows-operation.ts";
import type { Cotangent } from "./signature-vjp.ts";

/**
 * Products in the truncated tensor algebra, `(a ⊗ b)_k = Σ a_i ⊗ b_{k−i}`. The product of two
 * signatures is the signature of the first path followed by the second: Chen's identity (Chen
 * 1957).
 *
 * @param a - rows, or one row for all of `b`; `b` likewise. See {@link Rows}.
 * @returns rows (…batch, size), with views by level and word.
 * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
 *   CHANNELS_INVALID, DEPTH_INVALID, NOT_FINITE and others, each a `TypeError` or a `RangeError` by
 *   kind. After an error `out` is unchanged, and the next call works.
 *
 * @example
 * const [s, t] = [signature(first, { depth }), signature(second, { depth })];
 * const whole = multiply(s, t, { channels, depth });
 */
export type MultiplyFunction = <const A extends Rows, const B extends Rows, const O extends RowsOptions>(
  a: A,
  b: B,
  options: Only<O, RowsOptions>,
) => RowsOf<A, O, B>;

/**
 * Gradients of a function of `multiply(a, b)`: from ∂f/∂result, the cotangent, to ∂f/∂a and ∂f/∂b.
 * Where one row is shared by all, its gradient is the sum over them.
 *
 * @param cotangent - numbers of the result's shape.
 * @throws PathSignatureError as for `multiply`, and COTANGENT_TYPE, COTANGENT_SHAPE.
 */
export type MultiplyVjpFunction = <const A extends Rows, const B extends Rows, const O extends RowsVjpOptions>(
  a: A,
  b: B,
  cotangent: Cotangent,
  options: Only<O, RowsVjpOptions>,
) => TwoRowsGradients<RowsDType<A, O, B>>;

const multiply = {
  name: "multiply",
  code: 16,
  vjp: 20,
  operands: 2,
  products: 1,
} as const;

export const multiplyOperation = /* @__PURE__ */ rowsOperation(multiply);
export const multiplyVjpOperation = /* @__PURE__ */ rowsVjpOperation(multiply);

/** Makes `multiply` for a runtime. */
export const bindMultiply = (runtime: Runtime): MultiplyFunction =>
  bind(runtime, multiplyOperation) as unknown as MultiplyFunction;

/** Makes `multiplyVjp` for a runtime. */
export const bindMultiplyVjp = (runtime: Runtime): MultiplyVjpFunction =>
  bind(runtime, multiplyVjpOperation) as unknown as MultiplyVjpFunction;
