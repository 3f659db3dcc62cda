// What runs the scheduler's tasks: workers that share memory (shared-executor.ts), workers that
// are sent it (transfer-executor.ts), or the calling thread (calling-thread.ts). Types only.

import type { Memory } from "../run/head.ts";
import type { Task } from "./call.ts";

/** How tasks and results travel. */
export type Mode = "shared" | "transfer" | "calling thread";

/** What is optional is absent where there is nothing to do. */
export interface Executor {
  readonly mode: Mode;
  /** How many more tasks it takes now. */
  readonly freeSlots: number;
  readonly workers: WorkerGroup;
  /** Bytes of memory that tasks are staged in, and the kernels' memory where it is the same. */
  readonly memoryBytes: number;
  /** Stages a task and hands it to a worker. */
  submit(task: Task): void;
  /** Runs light tasks on the calling thread and reports them. */
  readonly local?: { run(task: Task): void };
  /** No more tasks follow for now: wakes workers that sleep. */
  flush?(): void;
  /** Withdraws tasks that no worker has begun. They are reported like others, without results. */
  cancel?(tasks: (task: Task) => boolean): void;
  /** Reports what is finished, until `enough` returns true. */
  collect?(enough: () => boolean): void;
  /**
   * Asks to be woken when tasks are finished.
   * @param more - whether the scheduler has other tasks to submit then
   * @param urgent - whether a call waits for just this task
   */
  requestWake?(more: boolean, urgent: (task: Task) => boolean): void;
  /** Ends all workers. Nothing is reported any more. */
  close(): Promise<void>;
}

export interface WorkerGroup {
  /** Workers that are ready, and workers that had to be replaced so far. */
  readonly ready: number;
  readonly replaced: number;
  /** Whether workers keep the process alive; they do from the start. */
  keepAlive?(needed: boolean): void;
}

/** What an executor reports to the scheduler. */
export interface ExecutorEvents {
  /** There are results to collect, or free slots. */
  wake(): void;
  /** A task has run. `code` is one of task.ts and abi.ts; its results can be read if it is ≥ 0. */
  finished(task: Task, code: number, memory: Memory, at: number): void;
  /**
   * A task was not finished and will not be.
   * @param blamed - whether the worker that ran it died, or its kernel trapped
   */
  lost(task: Task, blamed: boolean, reason: string): void;
  /** No worker can be had any more. All tasks have been reported. */
  unavailable(reason: string): void;
}

/** Makes executors. */
export interface ExecutorFactory {
  /** Identifies the binary of an executor made now; executors of another one are out of date. */
  readonly binary: unknown;
  /** The mode of an executor made now, unless workers turn out not to start. */
  readonly mode: Mode;
  create(threads: number, events: ExecutorEvents): Promise<Executor>;
  /** An executor that needs no workers. */
  createFallback(events: ExecutorEvents): Promise<Executor>;
}
