// What the pool runs: a call becomes a job, which is divided into tasks. Types only.

import type { Budget } from "../run/blocks.ts";
import type { Job } from "../run/job.ts";

export type { Job } from "../run/job.ts";
export type { Task } from "../run/task.ts";

/** What a call brings besides its arguments. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How far a call has come. */
export interface Progress {
  /** Paths whose results are there. Never less than it was before; `total` in the end. */
  readonly done: number;
  /** Paths of the call. */
  readonly total: number;
}

/** A call whose arguments have been read and checked: all that the scheduler knows of it. */
export interface CheckedCall<R = unknown> {
  /** Paths. */
  readonly batch: number;
  /** Bytes of input and of output. */
  readonly input: number;
  readonly output: number;
  /** Estimated time on one thread, in nanoseconds. */
  readonly cost: number;
  /**
   * Checks to pass before anything runs. Throws what is wrong, or returns the checks that take
   * longer, in steps of about a millisecond that throw likewise. `undefined`: nothing is left.
   */
  check(): Iterator<void> | undefined;
  /** The call's job, divided by a budget. @throws where there is no memory for the result */
  job(budget: Budget): Job;
  /** The result, once the job is done. */
  result(): R;
}
