// A round-robin queue: entries give one task each in turn, so that a small call does not wait for
// a huge one.

import type { Task } from "./call.ts";

/** Something that gives tasks: a call, or a batch of coalesced calls. */
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

  /** Adds an entry at the end, unless it waits already. */
  add(entry: QueueEntry): void {
    if (entry.isQueued) return;
    entry.isQueued = true;
    this.#entries.push(entry);
  }

  /** The next task; its entry goes to the end. */
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
