// The engine of the family `algebra`: its functions and their options. Types only.

import type { DType } from "../input/arrays.ts";
import type {
  Rows,
  RowsDType,
  RowsGradients,
  RowsOf,
  RowsOptions,
  RowsVjpOptions,
  TwoRowsGradients,
} from "../operations/rows-operation.ts";
import type { Cotangent } from "../operations/signature-vjp.ts";
import type { EngineCallOptions } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";

/**
 * Options of an engine's gradients: those of the synchronous functions, a signal and a progress
 * listener.
 */
export interface EngineRowsVjpOptions<T extends DType = DType> extends RowsVjpOptions<T>, EngineCallOptions {}

/**
 * Options of an engine's functions: those of the synchronous ones, a signal and a progress
 * listener.
 */
export interface EngineRowsOptions<T extends DType = DType> extends RowsOptions<T>, EngineCallOptions {}

/** Arguments of {@link Engine.explain}: the shape of the rows, and the options of the call. */
export interface RowsSizes extends Omit<EngineRowsVjpOptions, "signal" | "onProgress"> {
  /** (…batch, size). */
  readonly shape: ArrayLike<number>;
}

/** Names of the functions that `prepare` and `explain` accept. */
export type OperationName = "multiply" | "multiplyVjp" | "inverse" | "inverseVjp" | "exp" | "expVjp" | "log" | "logVjp";

/** Computes batches of rows on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase {
  /**
   * Like `multiply`, on the engine's threads: the same result, to the bit. Rows have shape (…batch,
   * size).
   *
   * @example const result = await engine.multiply(a, b, { channels: 2, depth: 3 });
   */
  multiply<A extends Rows, B extends Rows, T extends DType = RowsDType<A, B>>(
    a: A,
    b: B,
    options: EngineRowsOptions<T>,
  ): Promise<RowsOf<T>>;
  /**
   * Like `multiplyVjp`, on the engine's threads: the same gradients, to the bit.
   *
   * @example const { a: da } = await engine.multiplyVjp(a, b, cotangent, options);
   */
  multiplyVjp<A extends Rows, B extends Rows, T extends DType = RowsDType<A, B>>(
    a: A,
    b: B,
    cotangent: Cotangent,
    options: EngineRowsVjpOptions<T>,
  ): Promise<TwoRowsGradients<T>>;
  /**
   * Like `inverse`, on the engine's threads: the same result, to the bit. Rows have shape (…batch,
   * size).
   *
   * @example const result = await engine.inverse(a, { channels: 2, depth: 3 });
   */
  inverse<A extends Rows, T extends DType = RowsDType<A>>(a: A, options: EngineRowsOptions<T>): Promise<RowsOf<T>>;
  /**
   * Like `inverseVjp`, on the engine's threads: the same gradients, to the bit.
   *
   * @example const { a: da } = await engine.inverseVjp(a, cotangent, { channels: 2, depth: 3 });
   */
  inverseVjp<A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: EngineRowsVjpOptions<T>,
  ): Promise<RowsGradients<T>>;
  /**
   * Like `exp`, on the engine's threads: the same result, to the bit. Rows have shape (…batch,
   * size).
   *
   * @example const result = await engine.exp(a, { channels: 2, depth: 3 });
   */
  exp<A extends Rows, T extends DType = RowsDType<A>>(a: A, options: EngineRowsOptions<T>): Promise<RowsOf<T>>;
  /**
   * Like `expVjp`, on the engine's threads: the same gradients, to the bit.
   *
   * @example const { a: da } = await engine.expVjp(a, cotangent, { channels: 2, depth: 3 });
   */
  expVjp<A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: EngineRowsVjpOptions<T>,
  ): Promise<RowsGradients<T>>;
  /**
   * Like `log`, on the engine's threads: the same result, to the bit. Rows have shape (…batch,
   * size).
   *
   * @example const result = await engine.log(a, { channels: 2, depth: 3 });
   */
  log<A extends Rows, T extends DType = RowsDType<A>>(a: A, options: EngineRowsOptions<T>): Promise<RowsOf<T>>;
  /**
   * Like `logVjp`, on the engine's threads: the same gradients, to the bit.
   *
   * @example const { a: da } = await engine.logVjp(a, cotangent, { channels: 2, depth: 3 });
   */
  logVjp<A extends Rows, T extends DType = RowsDType<A>>(
    a: A,
    cotangent: Cotangent,
    options: EngineRowsVjpOptions<T>,
  ): Promise<RowsGradients<T>>;
  /**
   * Makes ready what a call needs, so that the first one does not wait.
   *
   * @param name - the function that will be called.
   * @param sizes - `shape`, (…batch, size), and the options of the call.
   * @throws as the function would (as a rejection)
   *
   * @example await engine.prepare("multiply", { shape: [512, 14], channels: 2, depth: 3 });
   */
  prepare(name: OperationName, sizes: RowsSizes): Promise<void>;
  /**
   * How the engine would run a call of such a shape, and why. Starts nothing.
   *
   * @param name - the function.
   * @param sizes - `shape`, (…batch, size), and the options of the call.
   * @throws as the function
   *
   * @example engine.explain("multiply", { shape: [512, 14], channels: 2, depth: 3 }).reasons;
   */
  explain(name: OperationName, sizes: RowsSizes): CallPlan;
}
