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

/** Options of an engine's functions: those of the synchronous ones, a signal and a listener to progress. */
export interface EngineRowsOptions extends RowsOptions, EngineCallOptions {}
export interface EngineRowsVjpOptions extends RowsVjpOptions, EngineCallOptions {}

/** What {@link Engine.explain} is asked about: the shape of the rows, and the options of the call. */
export interface RowsSizes extends Omit<EngineRowsOptions, "out" | "signal" | "onProgress"> {
  /** (…batch, size). */
  readonly shape: ArrayLike<number>;
}

/** Names of the functions that `prepare` and `explain` know. */
export type OperationName = "multiply" | "multiplyVjp" | "inverse" | "inverseVjp" | "exp" | "expVjp" | "log" | "logVjp";

/** Batches of rows on all threads. Made by `createEngine`. */
export interface Engine extends EngineBase {
  /** As `multiply`, on the engine's threads: the same result, to the bit. */
  multiply<const A extends Rows, const B extends Rows, const O extends EngineRowsOptions>(
    a: A,
    b: B,
    options: Only<O, EngineRowsOptions>,
  ): Promise<RowsOf<A, O, B>>;
  /** As `multiplyVjp`, on the engine's threads. */
  multiplyVjp<const A extends Rows, const B extends Rows, const O extends EngineRowsVjpOptions>(
    a: A,
    b: B,
    cotangent: Cotangent,
    options: Only<O, EngineRowsVjpOptions>,
  ): Promise<TwoRowsGradients<RowsDType<A, O, B>>>;
  /** As `inverse`, on the engine's threads: the same result, to the bit. */
  inverse<const A extends Rows, const O extends EngineRowsOptions>(
    a: A,
    options: Only<O, EngineRowsOptions>,
  ): Promise<RowsOf<A, O>>;
  /** As `inverseVjp`, on the engine's threads. */
  inverseVjp<const A extends Rows, const O extends EngineRowsVjpOptions>(
    a: A,
    cotangent: Cotangent,
    options: Only<O, EngineRowsVjpOptions>,
  ): Promise<RowsGradients<RowsDType<A, O>>>;
  /** As `exp`, on the engine's threads: the same result, to the bit. */
  exp<const A extends Rows, const O extends EngineRowsOptions>(
    a: A,
    options: Only<O, EngineRowsOptions>,
  ): Promise<RowsOf<A, O>>;
  /** As `expVjp`, on the engine's threads. */
  expVjp<const A extends Rows, const O extends EngineRowsVjpOptions>(
    a: A,
    cotangent: Cotangent,
    options: Only<O, EngineRowsVjpOptions>,
  ): Promise<RowsGradients<RowsDType<A, O>>>;
  /** As `log`, on the engine's threads: the same result, to the bit. */
  log<const A extends Rows, const O extends EngineRowsOptions>(
    a: A,
    options: Only<O, EngineRowsOptions>,
  ): Promise<RowsOf<A, O>>;
  /** As `logVjp`, on the engine's threads. */
  logVjp<const A extends Rows, const O extends EngineRowsVjpOptions>(
    a: A,
    cotangent: Cotangent,
    options: Only<O, EngineRowsVjpOptions>,
  ): Promise<RowsGradients<RowsDType<A, O>>>;
  /** Makes ready what a call needs, so that the first one does not wait. @throws as the function would (as a rejection) */
  prepare(name: OperationName, sizes: RowsSizes): Promise<void>;
  /** What the engine would do with a call of such sizes, and why. Starts nothing. @throws as the function would */
  explain(name: OperationName, sizes: RowsSizes): CallPlan;
}
