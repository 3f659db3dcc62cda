// The engine of the family `algebra`: what it has besides its functions. Types only.

import type { Functions } from "../generated/engines/algebra.ts";
import type { RowsVjpOptions } from "../operations/rows-operation.ts";
import type { OnEngine } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";

/** Arguments of {@link Engine.explain}: the shape of the rows, and the options of the call. */
export interface RowsSizes extends Omit<OnEngine<RowsVjpOptions>, "signal" | "onProgress"> {
  /**
   * (…batch, size).
   *
   * @example shape: [512, 14]
   */
  readonly shape: ArrayLike<number>;
}

/** Names of the functions that `prepare` and `explain` accept. */
export type OperationName = keyof Functions;

/** Computes batches of rows on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase, Functions {
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
