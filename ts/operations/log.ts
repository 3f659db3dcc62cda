// `log` and `logVjp` of the family `algebra`: the public functions and their descriptors.

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

/** The type of `log`. */
export interface LogFunction {
  /**
   * Logarithms in the truncated tensor algebra, Σ (−1)^{k+1} (a − 1)ᵏ / k: of a signature, its
   * log-signature in expanded form. With `scalarTerm`, defined if the term is positive.
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
   * const logSignature = log(signature(path, { depth }), { channels, depth });
   */
  <A extends Rows, T extends DType = RowsDType<A>>(a: A, options: RowsOptions<T>): RowsOf<T>;
}

/** The type of `logVjp`. */
export interface LogVjpFunction {
  /**
   * Gradients of a function of `log(a)`: from ∂f/∂result, the cotangent, to ∂f/∂a.
   *
   * @param a - (…batch, size), as for `log`.
   * @param cotangent - numbers of the result's shape, (…batch, size).
   * @param options - those of `log` without `out`.
   * @returns `{ a }`, a tensor with the shape of that argument.
   * @throws PathSignatureError as for `log`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { a: da } = logVjp(signature(path, { depth: 2 }), cotangent, { channels: 2, depth: 2 });
   * da.shape; // [6], as of a
   */
  <A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: RowsVjpOptions<T>,
  ): RowsGradients<T>;
}

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
