// What a pool hands to its crew: something that can be staged into memory, done by a kernel there, and read back. Types only.

import type { Memory } from "../run/stage.ts";

/** Tasks of works. */
export interface Task {
  /** Whose results it makes: of one work, or of several that were joined. */
  readonly works: readonly Work[];
  /** Bytes of memory. */
  readonly bytes: number;
  /** Whether it takes no longer than the way to a thread and back. */
  readonly isLight: boolean;
  /** Copies everything to memory, byte `at`. May be called again, where the first memory was lost. */
  stage(memory: Memory, at: number): void;
  /** Takes the results, and lets its works know. */
  take(memory: Memory, at: number): void;
  /** The same again in tasks of one work each, where several were joined. */
  apart(): readonly Task[];
  /** In words, for an error: which paths. */
  readonly name: string;
}

/** All that one call needs done. */
export interface Work {
  /** Works of equal keys can be joined in one task; `undefined`: this one cannot. */
  readonly key: number | undefined;
  /** The pool's own: whom it is done for. */
  owner: unknown;
  /** Paths, and how many of them are done. */
  readonly total: number;
  readonly done: number;
  /** Set by the pool when nobody waits for it any more: results that still come are not to be written. */
  cancelled: boolean;
  /** Estimated time of all of it on one thread, in nanoseconds. */
  readonly cost: number;
  /**
   * The next task. `undefined`: there is none now, though there may be one when others are done.
   */
  next(): Task | undefined;
  /** Whether `next` may give a task at once. */
  readonly hasNext: boolean;
  /**
   * A kernel found that something in a task was not finite. What there is to look at, in parts of a millisecond or so; throws what
   * is wrong. `undefined`: nothing is to be looked at.
   */
  suspect(): Iterator<void> | undefined;
  /** The error for a task that a kernel did not carry out. */
  refused(code: number): Error;
}
