// What the pool runs. A call becomes a job, a job is divided into tasks. A task is staged into
// memory, run there by a kernel, and its results are taken. Types only.

import type { Budget } from "../run/blocks.ts";
import type { Memory } from "../run/stage.ts";

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

/** All the tasks of one call. */
export interface Job {
  /**
   * A hash of all that has to be equal in jobs that share a task. Any number will do.
   * `undefined`: this job shares with none.
   */
  readonly key: number | undefined;
  /** The scheduler's entry for it. */
  owner: unknown;
  /** Paths, and how many of them are done. */
  readonly total: number;
  readonly done: number;
  /** Set by the scheduler once nobody waits for the job. Results that still come are dropped. */
  cancelled: boolean;
  /** Estimated time of all of it on one thread, in nanoseconds. */
  readonly cost: number;
  /** Whether `next` may return a task now. */
  readonly hasNext: boolean;
  /** The next task. `undefined`: none now, though others that finish may make one possible. */
  next(): Task | undefined;
  /** Whether a job of the same key can share a task with this one. Compares exactly. */
  canCoalesceWith(other: Job): boolean;
  /**
   * Makes one task of the first of some jobs, as many as fit a budget and a cost in nanoseconds,
   * and removes them from the list. This job can share with all of them.
   */
  coalesce(jobs: Job[], budget: Budget, cost: number): Task | undefined;
  /**
   * Called when a kernel met numbers that are not finite. Returns the search for them, in steps of
   * about a millisecond that throw what is wrong. `undefined`: there is nothing to look for.
   */
  inspect(): Iterator<void> | undefined;
  /** The error for a task that a kernel refused with a code. */
  refused(code: number): Error;
}

/** A part of a job, or several small jobs as one batch. */
export interface Task {
  readonly jobs: readonly Job[];
  /** Bytes of memory. */
  readonly bytes: number;
  /** Whether it takes no longer than a round trip to a worker. */
  readonly isLight: boolean;
  /** Which paths it computes, for error messages. */
  readonly name: string;
  /** Writes head and inputs to memory at byte `at`. Called again where that memory was lost. */
  stage(memory: Memory, at: number): void;
  /** Takes the results from memory, and updates its jobs. */
  take(memory: Memory, at: number): void;
  /** The same work in tasks of one job each. */
  separate(): readonly Task[];
}
