// Workers for fault tests: each is known and can be terminated from outside, as a host does that
// runs out of memory.

import { Worker } from "node:worker_threads";
import type { WorkerLike } from "../../ts/index.ts";

const file = new URL("../../ts/entry/worker.ts", import.meta.url);

/** Starts workers and keeps track of the live ones. */
export class Nursery {
  readonly alive = new Set<Worker>();
  readonly ready = new Set<Worker>();
  started = 0;

  /** For `workerFactory`. */
  readonly start = (): WorkerLike => {
    const worker = new Worker(file);
    this.started += 1;
    this.alive.add(worker);
    // Its first message says that it is ready.
    worker.once("message", () => this.ready.add(worker));
    worker.once("exit", () => {
      this.alive.delete(worker);
      this.ready.delete(worker);
    });
    return worker as unknown as WorkerLike;
  };

  /** Terminates one of the ready workers, chosen by a number from 0 to 1. */
  async kill(which: number): Promise<void> {
    const all = [...this.ready];
    // An idle engine lets the process end, perhaps before the worker has.
    const timer = setInterval(() => undefined, 1000);
    await all[Math.floor(which * all.length)]?.terminate();
    clearInterval(timer);
  }
}
