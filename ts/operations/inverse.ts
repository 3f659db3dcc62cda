// `inverse` and `inverseVjp` of the family `algebra`: the public functions and their descriptors.

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

/** The type of `inverse`. */
export interface InverseFunction {
  /**
   * Inverses in the truncated tensor algebra: the inverse of a signature is the signature of the
   * reversed path. With `scalarTerm`, defined if the term is not 0.
   *
   * @param a - (…batch, size) or one row of (size) numbers, size = `signatureSize(channels,
   *   depth)`; see {@link Rows}.
   * @param options - `channels`, `depth`, and the optional {@link RowsOptions}.
   * @returns rows (…batch, size), with views by level and word.
   * @throws PathSignatureError ROWS_TYPE, ROWS_SHAPE, SHAPE_INVALID, SHAPE_MISMATCH,
   *   CHANNELS_INVALID, DEPTH_INVALID, SCALAR_TERM_INVALID, NOT_FINITE and others, each a
   *   `TypeError` or a `RangeError` by kind. After an error `out` is unchanged, and the next call
   *   works.
   *
   * @example
   * const back = inverse(signature(path, { depth }), { channels, depth });
   */
  <A extends Rows, T extends DType = RowsDType<A>>(a: A, options: RowsOptions<T>): RowsOf<T>;
}

/** The type of `inverseVjp`. */
export interface InverseVjpFunction {
  /**
   * Gradients of a function of `inverse(a)`: from ∂f/∂result, the cotangent, to ∂f/∂a.
   *
   * @param a - (…batch, size), as for `inverse`.
   * @param cotangent - numbers of the result's shape, (…batch, size).
   * @param options - those of `inverse` without `out`.
   * @returns `{ a }`, a tensor with the shape of that argument.
   * @throws PathSignatureError as for `inverse`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { a: da } = inverseVjp([1, 2, 0, 0, 0, 0], cotangent, { channels: 2, depth: 2 });
   * da.shape; // [6], as of a
   */
  <A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: RowsVjpOptions<T>,
  ): RowsGradients<T>;
}

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
