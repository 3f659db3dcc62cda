// The executor whose workers share memory: tasks are staged once in the shared heap, where workers
// run them and results are read back.
//
// A worker that dies, or whose kernel traps, may have corrupted the heap: the lock of the allocator
// may be held, or a table half written. So all workers are drained: each stops after its current
// task. Finished tasks are reported, the others are reported lost, and the workers continue on a
// new heap. Workers that do not stop in time are terminated.

import type { Task } from "./call.ts";
import type { Executor, ExecutorEvents } from "./executor.ts";
import { type StartWorker, textOf } from "./host.ts";
import { type Instances, LocalRunner } from "./local.ts";
import { SharedHeap } from "./shared-heap.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import { Workers } from "./workers.ts";

/** Timeout for a worker to stop: ten times longer than any task takes. */
const drainMilliseconds = 1000;

/** What the executor computes with. */
export interface Binary {
  readonly module: WebAssembly.Module;
  readonly variant: string;
  /** Whether kernels run in the shared heap; else each worker copies tasks to its own memory. */
  readonly inPlace: boolean;
}

export class SharedExecutor implements Executor {
  readonly mode = "shared";
  readonly #binary: Binary;
  readonly #threads: number;
  readonly #events: ExecutorEvents;
  readonly local: LocalRunner;
  readonly workers: Workers;
  #heap: SharedHeap;
  /** Workers that serve the heap, each with a promise that resolves when it has stopped or died. */
  readonly #serving = new Map<WorkerHandle, Promise<void>>();
  /** Why the heap is poisoned, by the number of the worker. */
  readonly #faults = new Map<number, string>();
  #isDraining = false;
  #isClosed = false;

  /** @throws if the engine cannot allocate shared memory */
  constructor(binary: Binary, threads: number, startWorker: StartWorker, instances: Instances, events: ExecutorEvents) {
    this.#binary = binary;
    this.#threads = threads;
    this.#events = events;
    this.local = new LocalRunner(instances, events);
    this.workers = new Workers(
      threads,
      startWorker,
      () => events.wake(),
      (handle, reason) => this.#onDeath(handle, reason),
    );
    this.#heap = this.#createHeap();
  }

  #createHeap(): SharedHeap {
    return new SharedHeap(this.#threads, this.#events, (number, buffer) => {
      for (const handle of this.#serving.keys()) handle.sendSource(number, buffer);
    });
  }

  get freeSlots(): number {
    return this.#isDraining || this.#isClosed ? 0 : this.#heap.freeSlots;
  }

  get memoryBytes(): number {
    return this.#heap.memory.buffer.byteLength + this.local.memoryBytes;
  }

  submit(task: Task): void {
    this.#heap.submit(task);
    this.#startWorkers();
  }

  flush(): void {
    this.#heap.flush();
  }

  cancel(tasks: (task: Task) => boolean): void {
    this.#heap.cancel(tasks);
  }

  collect(enough: () => boolean): void {
    this.#heap.collect(enough);
  }

  requestWake(more: boolean, urgent: (task: Task) => boolean): void {
    if (!this.#isDraining) this.#heap.requestWake(more, urgent);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#heap.stop();
    await this.workers.close();
  }

  /** Starts as many workers as there are tasks. */
  #startWorkers(): void {
    if (this.#isDraining || this.#isClosed) return;
    const workers = this.workers;
    while (workers.count < Math.min(workers.capacity, this.#heap.inFlight)) this.#startServing(workers.add());
  }

  #startServing(handle: WorkerHandle): void {
    const stopped = Promise.race([this.#serve(handle), handle.ended]).then(() => {
      if (this.#serving.get(handle) === stopped) this.#serving.delete(handle);
    });
    this.#serving.set(handle, stopped);
  }

  /** Sets up a worker for the current heap and lets it serve there until it is stopped. */
  async #serve(handle: WorkerHandle): Promise<void> {
    const { memory, control, slots, sources } = this.#heap;
    const { module, variant, inPlace } = this.#binary;
    const setup = () => {
      const { buffers, messages } = sources;
      const shared = { memory, control, slots, worker: handle.number, sources: buffers, messages, inPlace };
      return { module, variant, shared };
    };
    if (!(await handle.start(setup))) return;
    this.workers.started();
    try {
      const fault = await handle.api.serve();
      if (fault !== undefined) void this.#replaceHeap(handle, `its kernel trapped (${fault})`);
    } catch (error) {
      // Not a trap of a kernel: the worker itself is broken.
      handle.fail(textOf(error));
    }
  }

  #onDeath(handle: WorkerHandle, reason: string): void {
    this.#serving.delete(handle);
    if (handle.isReady) void this.#replaceHeap(handle, reason);
    // A worker that never became ready has not accessed the heap.
    else if (!this.#isDraining) this.#continue(reason, () => this.#startWorkers());
  }

  /**
   * A worker died and may have corrupted the shared heap. Drains all workers, then continues on a
   * new heap.
   */
  async #replaceHeap(culprit: WorkerHandle, reason: string): Promise<void> {
    if (this.#isClosed) return;
    this.#faults.set(culprit.number, reason);
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#heap.stop();
    await this.#drain();
    if (this.#isClosed) return;
    this.#heap.collect(() => false);
    const tasks = this.#heap.abandon();
    const faults = new Map(this.#faults);
    this.#faults.clear();
    this.#isDraining = false;
    try {
      this.#heap = this.#createHeap();
    } catch (error) {
      void this.workers.close();
      reason = textOf(error);
    }
    for (const handle of this.workers) this.#startServing(handle);
    for (const { task, worker } of tasks) this.#events.lost(task, faults.has(worker), faults.get(worker) ?? reason);
    this.#continue(reason, () => this.#events.wake());
  }

  /** Waits until all workers have stopped. Terminates those that do not. */
  async #drain(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMilliseconds);
    });
    await Promise.race([Promise.all(this.#serving.values()), timeout]);
    clearTimeout(timer);
    for (const handle of this.#serving.keys()) {
      this.workers.discard(handle);
      this.#faults.set(handle.number, "it did not come back");
    }
    this.#serving.clear();
  }

  /** Continues, or fails if there is no worker and none will start. */
  #continue(reason: string, next: () => void): void {
    if (this.workers.capacity > 0) {
      next();
      return;
    }
    this.#isClosed = true;
    for (const { task } of this.#heap.abandon()) this.#events.lost(task, false, reason);
    this.#events.unavailable(reason);
  }
}
