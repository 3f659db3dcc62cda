// The executor for hosts without workers: runs tasks on the calling thread, a few milliseconds in
// each iteration of the event loop, and reports them as they finish.

import type { Task } from "./call.ts";
import type { Executor, ExecutorEvents } from "./executor.ts";
import { type Instances, LocalRunner } from "./local.ts";
import { nextTick } from "./next-tick.ts";

/** Tasks accepted at once, so that there are few ticks of the scheduler. */
const maxTasks = 8;
/** Milliseconds of an iteration after which no task is started. */
const sliceMilliseconds = 3;

export class CallingThreadExecutor implements Executor {
  readonly mode = "calling thread";
  readonly workers = { ready: 0, replaced: 0 };
  readonly #local: LocalRunner;
  readonly #events: ExecutorEvents;
  #tasks: Task[] = [];
  #isScheduled = false;
  #isClosed = false;

  constructor(instances: Instances, events: ExecutorEvents) {
    this.#local = new LocalRunner(instances, events);
    this.#events = events;
  }

  get freeSlots(): number {
    return this.#isClosed ? 0 : maxTasks - this.#tasks.length;
  }

  get memoryBytes(): number {
    return this.#local.memoryBytes;
  }

  submit(task: Task): void {
    this.#tasks.push(task);
    this.#schedule();
  }

  cancel(tasks: (task: Task) => boolean): void {
    const withdrawn = this.#tasks.filter(tasks);
    this.#tasks = this.#tasks.filter((task) => !tasks(task));
    for (const task of withdrawn) this.#events.lost(task, false, "it was cancelled");
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tasks = [];
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    nextTick(() => {
      this.#isScheduled = false;
      this.#runSlice();
    });
  }

  #runSlice(): void {
    const end = performance.now() + sliceMilliseconds;
    for (let task = this.#tasks.shift(); task !== undefined && !this.#isClosed; task = this.#tasks.shift()) {
      this.#local.run(task);
      if (performance.now() >= end) break;
    }
    this.#events.wake();
    if (this.#tasks.length > 0) this.#schedule();
  }
}
