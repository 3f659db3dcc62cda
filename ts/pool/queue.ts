// A round-robin queue: each entry gives one task in turn, so that a small call does not wait for a
// huge one.

import type { Task } from "./call.ts";

/** A source of tasks: a call, or a batch of coalesced calls. */
export interface QueueEntry {
  /** Set by the queue. */
  isQueued: boolean;
  readonly hasNext: boolean;
  next(): Task | undefined;
}

export class RoundRobinQueue {
  readonly #entries: QueueEntry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** Adds an entry at the end, unless it is queued already. */
  add(entry: QueueEntry): void {
    if (entry.isQueued) return;
    entry.isQueued = true;
    this.#entries.push(entry);
  }

  /** The next task; its entry moves to the end. */
  next(): Task | undefined {
    for (let entry = this.#entries.shift(); entry !== undefined; entry = this.#entries.shift()) {
      const task = entry.hasNext ? entry.next() : undefined;
      if (entry.hasNext) this.#entries.push(entry);
      else entry.isQueued = false;
      if (task !== undefined) return task;
    }
    return undefined;
  }
}
