// Reads the options of `engine.calibrate`. trials.ts measures.

import { describe, rangeError, typeError } from "../input/errors.ts";
import { readSignal } from "./context.ts";

/** The functions to measure. */
export interface Measured {
  signature(paths: unknown, options: unknown): Promise<unknown>;
}

/** The machine to measure. */
export interface Calibration {
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly threads: number;
  /** On all threads, and on the calling thread only. */
  readonly engine: Measured;
  readonly alone: (paths: unknown, options: unknown) => unknown;
}

/** Default budget in milliseconds. */
const usualBudget = 2000;

/** @throws PathSignatureError OPTION_TYPE, ENGINE_OPTION, ENGINE_OPTION_TYPE */
export function calibrationOf(
  options: unknown,
  threads: number,
  engine: Measured,
  alone: (paths: unknown, options: unknown) => unknown,
): Calibration {
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw typeError("OPTION_TYPE", "options", describe(options), "an object");
  const { budgetMs = usualBudget, signal } = (options ?? {}) as { budgetMs?: unknown; signal?: unknown };
  if (typeof budgetMs !== "number" || !(budgetMs > 0) || budgetMs === Number.POSITIVE_INFINITY)
    throw rangeError("ENGINE_OPTION", "options.budgetMs", describe(budgetMs), "a number of milliseconds above 0");
  return { budgetMs, signal: readSignal(signal), threads, engine, alone };
}
