// `exp` and `expVjp` of the family `algebra`: the public functions and their descriptors.

import type { DType } from "../input/arrays.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind } from "./bind.ts";
import {
  type Rows,
  type RowsDType,
  type RowsGradients,
  type RowsOf,
  type RowsOptions,
  type RowsVjpOptions,
  rowsOperation,
  rowsVjpOperation,
} from "./rows-operation.ts";
import type { Cotangent } from "./signature-vjp.ts";

/** The type of `exp`. */
export interface ExpFunction {
  /**
   * Exponentials in the truncated tensor algebra, Σ aᵏ / k!: of a Lie element, such as a
   * log-signature in its expanded form, a signature.
   *
   * @param a - (…batch, size) or one row of (size) numbers, size = `signatureSize(channels,
   *   depth)`; see {@link Rows}.
   * @param options - `channels`, `depth`, and the optional {@link RowsOptions}.
   * @returns rows (…batch, size), with views by level and word.
   * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
   *   CHANNELS_INVALID, DEPTH_INVALID, NOT_FINITE and others, each a `TypeError` or a `RangeError`
   *   by kind. After an error `out` is unchanged, and the next call works.
   *
   * @example
   * exp([1, 2], { channels: 2, depth: 1 }).data; // [1, 2]
   * exp([1, 0, 0, 0, 0, 0], { channels: 2, depth: 2 }).at([0, 0]); // 0.5
   */
  <A extends Rows, T extends DType = RowsDType<A>>(a: A, options: RowsOptions<T>): RowsOf<T>;
}

/** The type of `expVjp`. */
export interface ExpVjpFunction {
  /**
   * Gradients of a function of `exp(a)`: from ∂f/∂result, the cotangent, to ∂f/∂a.
   *
   * @param a - (…batch, size), as for `exp`.
   * @param cotangent - numbers of the result's shape, (…batch, size).
   * @param options - those of `exp` without `out`.
   * @returns `{ a }`, a tensor with the shape of that argument.
   * @throws PathSignatureError as for `exp`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { a: da } = expVjp([1, 2, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], { channels: 2, depth: 2 });
   * da.data; // Float64Array: the gradient of the coefficient of the word (0, 0)
   */
  <A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: RowsVjpOptions<T>,
  ): RowsGradients<T>;
}

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
