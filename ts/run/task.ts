// What a scheduler hands to a thread, and what a call is to it. Types only.

import type { Checks } from "../input/finite.ts";
import type { Memory } from "./head.ts";

/** Something that can be staged into memory, run by a kernel there, and read back. */
export interface Task {
  /** The jobs that it belongs to: one, or several whose calls were coalesced. */
  readonly jobs: readonly TaskSource[];
  /** Bytes of memory. */
  readonly bytes: number;
  /** Whether it takes no longer than a message to a thread and back. */
  readonly isLight: boolean;
  /** Copies everything to memory, byte `at`. May be called again, if the first memory was lost. */
  stage(memory: Memory, at: number): void;
  /** Takes the results, and tells its jobs. */
  take(memory: Memory, at: number): void;
  /** The same in tasks of one job each, where several were coalesced. */
  separate(): readonly Task[];
  /** In words, for an error: which paths. */
  readonly name: string;
}

/** All that one call needs done. */
export interface TaskSource {
  /** Only jobs of equal keys may be coalesced; `undefined`: this one cannot be. */
  readonly key: number | undefined;
  /** Whether two jobs of equal keys can be one batch. */
  canCoalesceWith(other: TaskSource): boolean;
  /** The scheduler's own: whom it is done for. */
  owner: unknown;
  /** Paths, and how many of them are done. */
  readonly total: number;
  readonly done: number;
  /** Set by the scheduler when nobody waits for it any more: results that still come are dropped. */
  cancelled: boolean;
  /** Estimated nanoseconds of all of it on one thread. */
  readonly cost: number;
  /** The next task; `undefined`: there is none now, though there may be one when others are done. */
  next(): Task | undefined;
  /** Whether `next` may return a task at once. */
  readonly hasNext: boolean;
  /** Checks to make after a kernel reported that something is not finite; `undefined`: none, they have been made. */
  inspect(): Checks | undefined;
  /** The error for a task that a kernel refused. */
  refused(code: number): Error;
}
