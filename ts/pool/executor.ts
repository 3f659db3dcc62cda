// What does a pool's tasks: threads that share memory (shared.ts), threads that are sent it (transfer.ts), or the calling thread
// (calling.ts). Types only.

import type { Memory } from "../run/stage.ts";
import type { Task } from "./job.ts";

/** How tasks and results travel. */
export type Mode = "shared" | "transfer" | "calling thread";

export interface Crew {
  readonly mode: Mode;
  /** How many more tasks it takes now. */
  readonly room: number;
  /** Threads that are there, and workers that had to be replaced so far. */
  readonly workers: number;
  readonly replaced: number;
  /** Bytes of memory that tasks are staged in, and kernels' memory where it is the same. */
  readonly memoryBytes: number;
  /** Stages a task and lets a thread have it. */
  submit(task: Task): void;
  /** Does a task that is light on the calling thread, and reports it. Absent: it has no way to. */
  doHere?(task: Task): void;
  /** No more tasks come for the moment: whoever can do one should know. */
  announce(): void;
  /** Takes back tasks that no thread has begun; their results are reported as the others', and mean nothing. */
  cancel(tasks: (task: Task) => boolean): void;
  /** Reports what is done, until `enough` says that there has been enough of it for now. */
  collect(enough: () => boolean): void;
  /**
   * The pool has nothing to do until tasks are done. `more`: it has others to submit then. `urgent`: somebody waits for just this.
   */
  rest(more: boolean, urgent: (task: Task) => boolean): void;
  /** Whether a process has to live on for it. */
  hold(needed: boolean): void;
  /** Ends all threads. Nothing is reported any more. */
  close(): Promise<void>;
}

/** What a crew tells its pool. */
export interface CrewEvents {
  /** There is something to collect, or room. */
  awake(): void;
  /** A task is done: its results can be read. `code` is that of task.ts and abi.ts. */
  finished(task: Task, code: number, memory: Memory, at: number): void;
  /** A task is not done and will not be. `blamed`: the thread that had it in hand ended, or its kernel trapped. */
  lost(task: Task, blamed: boolean, reason: string): void;
  /** No worker can be had (any more), for this reason. All tasks have been reported. */
  unable(reason: string): void;
}
