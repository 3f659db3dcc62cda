// Coalesces small calls with equal options: a task computes dozens of them.

import type { Budget } from "../run/blocks.ts";
import type { Job, Task } from "./call.ts";
import { coalescedBudget, coalescedCost } from "./division.ts";
import type { Mode } from "./executor.ts";
import type { QueueEntry } from "./queue.ts";

/** Number of batches that are kept before empty ones are dropped. */
const maxBatches = 1000;

/** Jobs that wait to be coalesced. */
export class CoalescedBatch implements QueueEntry {
  isQueued = false;
  readonly #budget: Budget;
  readonly #threads: number;
  readonly #jobs: Job[] = [];
  #cost = 0;

  constructor(budget: Budget, threads: number) {
    this.#budget = budget;
    this.#threads = threads;
  }

  accepts(job: Job): boolean {
    const [first] = this.#jobs;
    return first === undefined || first.canCoalesceWith(job);
  }

  add(job: Job): void {
    this.#jobs.push(job);
    this.#cost += job.cost;
  }

  /** Whether the jobs fill more than one task, so that waiting for further ones gains nothing. */
  get isFull(): boolean {
    return this.#cost >= 2 * coalescedCost(0, 1);
  }

  get hasNext(): boolean {
    return this.#jobs.length > 0;
  }

  next(): Task | undefined {
    const task = this.#jobs[0]?.coalesce(this.#jobs, this.#budget, coalescedCost(this.#cost, this.#threads));
    if (task !== undefined) for (const job of task.jobs) this.#cost -= job.cost;
    // An overestimate: dropped jobs of cancelled calls have not been subtracted.
    if (!this.hasNext) this.#cost = 0;
    return task;
  }
}

/** The batches of a scheduler. */
export class Coalescing {
  readonly #batches = new Map<number, CoalescedBatch>();
  readonly #threads: number;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Adds a job to the batch of its key. */
  add(job: Job, key: number, mode: Mode): CoalescedBatch {
    const batches = this.#batches;
    let at = key | 0;
    let batch = batches.get(at);
    // Jobs that differ but have equal keys use the keys that follow.
    while (batch !== undefined && !batch.accepts(job)) batch = batches.get(++at);
    if (batch === undefined) {
      // A program uses few different options. One that generates them must not fill memory.
      if (batches.size > maxBatches) for (const [old, { hasNext }] of batches) if (!hasNext) batches.delete(old);
      batch = new CoalescedBatch(coalescedBudget(mode), this.#threads);
      batches.set(at, batch);
    }
    batch.add(job);
    return batch;
  }
}
