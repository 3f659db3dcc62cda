// The workers of an executor: started while there are tasks for them, replaced when they die, and
// given up if several in a row fail to start.

import type { WorkerGroup } from "./executor.ts";
import type { StartWorker } from "./host.ts";
import { WorkerHandle } from "./worker-handle.ts";

/** Consecutive workers that may fail to start before no more are tried. */
const maxFailures = 3;

export class Workers implements WorkerGroup {
  readonly #limit: number;
  readonly #startWorker: StartWorker;
  readonly #onWake: () => void;
  readonly #onDeath: (handle: WorkerHandle, reason: string) => void;
  /** By number. */
  readonly #handles = new Map<number, WorkerHandle>();
  #failures = 0;
  replaced = 0;
  #isKeptAlive = true;

  /**
   * @param onWake - called for each wake message of a worker
   * @param onDeath - called when a worker has died or could not start, and is removed
   */
  constructor(
    limit: number,
    startWorker: StartWorker,
    onWake: () => void,
    onDeath: (handle: WorkerHandle, reason: string) => void,
  ) {
    this.#limit = limit;
    this.#startWorker = startWorker;
    this.#onWake = onWake;
    this.#onDeath = onDeath;
  }

  [Symbol.iterator](): IterableIterator<WorkerHandle> {
    return this.#handles.values();
  }

  get count(): number {
    return this.#handles.size;
  }

  get ready(): number {
    return [...this].filter(({ isReady }) => isReady).length;
  }

  /** Maximum number of workers; the current one after too many have failed. */
  get capacity(): number {
    return this.#failures < maxFailures ? this.#limit : this.count;
  }

  /** Adds a worker, to be started by the caller. */
  add(): WorkerHandle {
    let number = 0;
    while (this.#handles.has(number)) number++;
    const handle = new WorkerHandle(number, this.#startWorker, this.#onWake, (reason) => this.#remove(handle, reason));
    handle.keepAlive(this.#isKeptAlive);
    this.#handles.set(number, handle);
    return handle;
  }

  /** Records that a worker has started, which resets the count of failures. */
  started(): void {
    this.#failures = 0;
  }

  /** Terminates a worker that does not stop. Another one takes its place. */
  discard(handle: WorkerHandle): void {
    this.#handles.delete(handle.number);
    this.replaced += 1;
    void handle.terminate();
  }

  keepAlive(needed: boolean): void {
    if (this.#isKeptAlive === needed) return;
    this.#isKeptAlive = needed;
    for (const handle of this) handle.keepAlive(needed);
  }

  /** Terminates all workers. No more are started. */
  async close(): Promise<void> {
    this.#failures = maxFailures;
    const handles = [...this];
    this.#handles.clear();
    await Promise.all(handles.map((handle) => handle.terminate()));
  }

  #remove(handle: WorkerHandle, reason: string): void {
    this.#handles.delete(handle.number);
    if (handle.isReady) this.replaced += 1;
    else this.#failures += handle.isSilent ? maxFailures : 1;
    this.#onDeath(handle, reason);
  }
}
