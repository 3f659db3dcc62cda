// What `engine.calibrate` is asked, read. How a machine is measured is trials.ts's.

import { describe, rangeError, typeError } from "../input/errors.ts";
import { readSignal } from "./context.ts";

/** The functions that are measured. */
export interface Measured {
  signature(paths: unknown, options: unknown): Promise<unknown>;
}

/** A machine to be measured. */
export interface Calibration {
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly threads: number;
  /** On all threads, and on this one alone. */
  readonly engine: Measured;
  readonly alone: (paths: unknown, options: unknown) => unknown;
}

/** Milliseconds unless something else is said. */
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
