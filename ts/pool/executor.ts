// The interface of executors, which run the scheduler's tasks: on workers that share memory
// (shared-executor.ts), on workers that tasks are transferred to (transfer-executor.ts), or on the
// calling thread (calling-thread.ts). Types only.

import type { Memory } from "../run/head.ts";
import type { Task } from "./call.ts";

/** How tasks and results travel. */
export type Mode = "shared" | "transfer" | "calling thread";

/** Optional members are absent if they would do nothing. */
export interface Executor {
  readonly mode: Mode;
  /** Number of further tasks that it accepts now. */
  readonly freeSlots: number;
  readonly workers: WorkerGroup;
  /** Bytes of memory for staging, including the kernels' memory if it is the same. */
  readonly memoryBytes: number;
  /** Stages a task and submits it to a worker. */
  submit(task: Task): void;
  /** Runs light tasks on the calling thread and reports them. */
  readonly local?: { run(task: Task): void };
  /** Ends a series of submissions: wakes sleeping workers. */
  flush?(): void;
  /** Withdraws tasks that no worker has started. They are reported without results. */
  cancel?(tasks: (task: Task) => boolean): void;
  /** Reports finished tasks, until `enough` returns true. */
  collect?(enough: () => boolean): void;
  /**
   * Requests a wake-up when tasks are finished.
   * @param more - whether the scheduler has further tasks to submit then
   * @param urgent - whether a call waits for just this task
   */
  requestWake?(more: boolean, urgent: (task: Task) => boolean): void;
  /** Terminates all workers. Nothing is reported afterwards. */
  close(): Promise<void>;
}

export interface WorkerGroup {
  /** Number of workers that are ready, and of workers that were replaced. */
  readonly ready: number;
  readonly replaced: number;
  /** Whether workers keep the process alive; initially they do. */
  keepAlive?(needed: boolean): void;
}

/** Callbacks from an executor to the scheduler. */
export interface ExecutorEvents {
  /** There are results to collect, or free slots. */
  wake(): void;
  /** A task has run. `code` is one of task.ts and abi.ts; its results can be read if it is ≥ 0. */
  finished(task: Task, code: number, memory: Memory, at: number): void;
  /** Numbers of a task could not be copied: a buffer of a caller is gone. */
  failed(task: Task, error: unknown): void;
  /**
   * A task was lost.
   * @param blamed - whether the worker that ran it died, or its kernel trapped
   */
  lost(task: Task, blamed: boolean, reason: string): void;
  /** No workers are available any more. All tasks have been reported. */
  unavailable(reason: string): void;
}

/** Creates executors. */
export interface ExecutorFactory {
  /**
   * Identifies the binary of an executor created now. Executors with another one are out of date.
   */
  readonly binary: unknown;
  /** The mode of an executor created now, unless workers fail to start. */
  readonly mode: Mode;
  create(threads: number, events: ExecutorEvents): Promise<Executor>;
  /** Creates an executor that needs no workers. */
  createFallback(events: ExecutorEvents): Promise<Executor>;
}
