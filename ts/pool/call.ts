// The calls that the pool runs: a call becomes a job, which is divided into tasks. Types only.

import type { Budget } from "../run/blocks.ts";
import type { Job } from "../run/job.ts";

export type { Job } from "../run/job.ts";
export type { Task } from "../run/task.ts";

/** Options of a call besides its arguments. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Progress of a call. */
export interface Progress {
  /** Number of paths whose results are complete. Never decreases; equals `total` at the end. */
  readonly done: number;
  /** Number of paths of the call. */
  readonly total: number;
}

/** A validated call, in the form that the scheduler needs. */
export interface CheckedCall<R = unknown> {
  /** Number of paths. */
  readonly batch: number;
  /** Bytes of input and of output. */
  readonly input: number;
  readonly output: number;
  /** Estimated time on one thread, in nanoseconds. */
  readonly cost: number;
  /**
   * Checks that must pass before anything runs. Throws a fault, or returns the longer checks, which
   * throw likewise, in steps of about a millisecond. `undefined`: none is left.
   */
  check(): Iterator<void> | undefined;
  /** The call's job, divided by a budget. @throws if there is no memory for the result */
  job(budget: Budget): Job;
  /** What to reject with for an error of its checks, tasks or result. */
  fault(error: unknown): unknown;
  /** The result, once the job is done. */
  result(): R;
}
