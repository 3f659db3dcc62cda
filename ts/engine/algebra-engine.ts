// The engine of the family `algebra`: its functions and their options. Types only.

import type { Only } from "../input/types.ts";
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
 * Options of an engine's functions: those of the synchronous ones, a signal and a progress
 * listener.
 */
export interface EngineRowsOptions extends RowsOptions, EngineCallOptions {}
export interface EngineRowsVjpOptions extends RowsVjpOptions, EngineCallOptions {}

/** A function of one operand on an engine, and its gradient. */
export type EngineRowsFunction = <const A extends Rows, const O extends EngineRowsOptions>(
  a: A,
  options: Only<O, EngineRowsOptions>,
) => Promise<RowsOf<A, O>>;
export type EngineRowsVjpFunction = <const A extends Rows, const O extends EngineRowsVjpOptions>(
  a: A,
  cotangent: Cotangent,
  options: Only<O, EngineRowsVjpOptions>,
) => Promise<RowsGradients<RowsDType<A, O>>>;

/** Arguments of {@link Engine.explain}: the shape of the rows, and the options of the call. */
export interface RowsSizes extends Omit<EngineRowsOptions, "out" | "signal" | "onProgress"> {
  /** (…batch, size). */
  readonly shape: ArrayLike<number>;
}

/** Names of the functions that `prepare` and `explain` accept. */
export type OperationName = "multiply" | "multiplyVjp" | "inverse" | "inverseVjp" | "exp" | "expVjp" | "log" | "logVjp";

/** Computes batches of rows on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase {
  /** Like `multiply`, on the engine's threads: the same result, to the bit. */
  multiply<const A extends Rows, const B extends Rows, const O extends EngineRowsOptions>(
    a: A,
    b: B,
    options: Only<O, EngineRowsOptions>,
  ): Promise<RowsOf<A, O, B>>;
  /** Like `multiplyVjp`, on the engine's threads. */
  multiplyVjp<const A extends Rows, const B extends Rows, const O extends EngineRowsVjpOptions>(
    a: A,
    b: B,
    cotangent: Cotangent,
    options: Only<O, EngineRowsVjpOptions>,
  ): Promise<TwoRowsGradients<RowsDType<A, O, B>>>;
  /** Like `inverse`, on the engine's threads: the same result, to the bit. */
  readonly inverse: EngineRowsFunction;
  /** Like `inverseVjp`, on the engine's threads. */
  readonly inverseVjp: EngineRowsVjpFunction;
  /** Like `exp`, on the engine's threads: the same result, to the bit. */
  readonly exp: EngineRowsFunction;
  /** Like `expVjp`, on the engine's threads. */
  readonly expVjp: EngineRowsVjpFunction;
  /** Like `log`, on the engine's threads: the same result, to the bit. */
  readonly log: EngineRowsFunction;
  /** Like `logVjp`, on the engine's threads. */
  readonly logVjp: EngineRowsVjpFunction;
  /**
   * Makes ready what a call needs, so that the first one does not wait. @throws as the function
   * would (as a rejection)
   */
  prepare(name: OperationName, sizes: RowsSizes): Promise<void>;
  /**
   * How the engine would run a call of such a shape, and why. Starts nothing. @throws as the
   * function
   */
  explain(name: OperationName, sizes: RowsSizes): CallPlan;
}
