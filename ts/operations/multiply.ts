// `multiply` and `multiplyVjp` of the family `algebra`: the public functions and their descriptors.

import type { DType } from "../input/arrays.ts";
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

/** The type of `multiply`. */
export interface MultiplyFunction {
  /**
   * Products in the truncated tensor algebra, `(a ⊗ b)_k = Σ a_i ⊗ b_{k−i}`. The product of two
   * signatures is the signature of the first path followed by the second: Chen's identity (Chen
   * 1957).
   *
   * @param a - (…batch, size), or one row of (size) numbers for all of `b`; size =
   *   `signatureSize(channels, depth)`. See {@link Rows}.
   * @param b - likewise.
   * @param options - `channels`, `depth`, and the optional {@link RowsOptions}.
   * @returns rows (…batch, size), with views by level and word.
   * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
   *   CHANNELS_INVALID, DEPTH_INVALID, NOT_FINITE and others, each a `TypeError` or a `RangeError`
   *   by kind. After an error `out` is unchanged, and the next call works.
   *
   * @example
   * const [s, t] = [signature(first, { depth }), signature(second, { depth })];
   * const whole = multiply(s, t, { channels, depth });
   */
  <A extends Rows, B extends Rows, T extends DType = RowsDType<A, B>>(a: A, b: B, options: RowsOptions<T>): RowsOf<T>;
}

/** The type of `multiplyVjp`. */
export interface MultiplyVjpFunction {
  /**
   * Gradients of a function of `multiply(a, b)`: from ∂f/∂result, the cotangent, to ∂f/∂a and
   * ∂f/∂b. Where one row is shared by all, its gradient is the sum over them.
   *
   * @param a - (…batch, size), as for `multiply`.
   * @param b - (…batch, size), as for `multiply`.
   * @param cotangent - numbers of the result's shape, (…batch, size).
   * @param options - those of `multiply` without `out`.
   * @returns `{ a, b }`, tensors with the shapes of those arguments.
   * @throws PathSignatureError as for `multiply`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { a: da, b: db } = multiplyVjp(s, t, gradientOfLoss(multiply(s, t, options)), options);
   */
  <A extends Rows, B extends Rows, T extends DType = RowsDType<A, B>>(
    a: A,
    b: B,
    cotangent: Cotangent,
    options: RowsVjpOptions<T>,
  ): TwoRowsGradients<T>;
}

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
