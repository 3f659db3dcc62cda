// The executor whose workers share no memory: each task is transferred to a worker in its own
// buffer, and back. For hosts without shared memory, such as pages that are not cross-origin
// isolated.

import { transfer } from "comlink/dist/esm/comlink.mjs";
import { word } from "../wasm/abi.ts";
import type { Task } from "./call.ts";
import type { Executor, ExecutorEvents } from "./executor.ts";
import { type StartWorker, textOf } from "./host.ts";
import { viewsOf } from "./memory-views.ts";
import { sizeClassBytes } from "./size-classes.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import { Workers } from "./workers.ts";

/** Tasks per worker: one runs, one waits while messages are in transit. */
const tasksPerWorker = 2;
/** Buffers kept for reuse, per worker. */
const sparesPerWorker = 4;

/** Tasks that were sent to a worker, in order. */
interface Assignment {
  readonly handle: WorkerHandle;
  readonly isReady: Promise<boolean>;
  readonly tasks: Task[];
}

export class TransferExecutor implements Executor {
  readonly mode = "transfer";
  readonly #module: WebAssembly.Module;
  readonly #variant: string;
  readonly #threads: number;
  readonly #events: ExecutorEvents;
  readonly workers: Workers;
  readonly #assignments = new Map<WorkerHandle, Assignment>();
  readonly #finished: { readonly task: Task; readonly buffer: ArrayBuffer }[] = [];
  readonly #spares: ArrayBuffer[] = [];
  #isClosed = false;

  constructor(
    module: WebAssembly.Module,
    variant: string,
    threads: number,
    startWorker: StartWorker,
    events: ExecutorEvents,
  ) {
    this.#module = module;
    this.#variant = variant;
    this.#threads = threads;
    this.#events = events;
    this.workers = new Workers(
      threads,
      startWorker,
      () => undefined,
      (handle, reason) => this.#onDeath(handle, reason),
    );
  }

  get freeSlots(): number {
    if (this.#isClosed) return 0;
    let used = this.#finished.length;
    for (const { tasks } of this.#assignments.values()) used += tasks.length;
    return Math.max(0, this.workers.capacity * tasksPerWorker - used);
  }

  get memoryBytes(): number {
    return this.#spares.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  submit(task: Task): void {
    const buffer = this.#takeBuffer(task.bytes);
    try {
      task.stage(viewsOf(buffer), 0);
    } catch (error) {
      this.#keep(buffer);
      this.#events.failed(task, error);
      return;
    }
    const assignment = this.#choose();
    assignment.tasks.push(task);
    void this.#send(assignment, task, buffer);
  }

  collect(enough: () => boolean): void {
    for (let next = this.#finished.shift(); next !== undefined; next = this.#finished.shift()) {
      const { task, buffer } = next;
      const memory = viewsOf(buffer);
      this.#events.finished(task, (memory.u32[word.RESULT] as number) | 0, memory, 0);
      this.#keep(buffer);
      if (enough()) return;
    }
  }

  requestWake(): void {
    // Every task that comes back is a message anyway.
    if (this.#finished.length > 0) this.#events.wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.workers.close();
  }

  /** The worker with the fewest tasks; a new one if all have some. */
  #choose(): Assignment {
    let best: Assignment | undefined;
    for (const assignment of this.#assignments.values()) {
      if (best === undefined || assignment.tasks.length < best.tasks.length) best = assignment;
    }
    const canAdd = this.workers.count < this.workers.capacity;
    if (best !== undefined && (best.tasks.length === 0 || !canAdd)) return best;
    const handle = this.workers.add();
    const setup = () => ({ module: this.#module, variant: this.#variant, shared: undefined });
    const assignment: Assignment = { handle, isReady: handle.start(setup), tasks: [] };
    this.#assignments.set(handle, assignment);
    return assignment;
  }

  #takeBuffer(bytes: number): ArrayBuffer {
    const size = sizeClassBytes(bytes);
    const at = this.#spares.findIndex(({ byteLength }) => byteLength === size);
    return at < 0 ? new ArrayBuffer(size) : (this.#spares.splice(at, 1)[0] as ArrayBuffer);
  }

  /** Keeps a buffer for reuse, if there are few. */
  #keep(buffer: ArrayBuffer): void {
    if (this.#spares.length < sparesPerWorker * this.#threads) this.#spares.push(buffer);
  }

  async #send({ handle, isReady, tasks }: Assignment, task: Task, buffer: ArrayBuffer): Promise<void> {
    try {
      if (!(await isReady)) return; // reported by #onDeath
      this.workers.started();
      const returned = await handle.api.run(transfer(buffer, [buffer]));
      if (this.#isClosed || handle.isEnded) return;
      tasks.splice(tasks.indexOf(task), 1);
      this.#finished.push({ task, buffer: returned });
      this.#events.wake();
    } catch (error) {
      handle.fail(textOf(error));
    }
  }

  #onDeath(handle: WorkerHandle, reason: string): void {
    const tasks = this.#assignments.get(handle)?.tasks ?? [];
    this.#assignments.delete(handle);
    const isDeserted = this.workers.capacity === 0;
    this.#isClosed ||= isDeserted;
    // A worker runs its tasks in order, so it died with the first.
    for (const [i, task] of tasks.entries()) this.#events.lost(task, i === 0 && handle.isReady, reason);
    if (isDeserted) this.#events.unavailable(reason);
    else this.#events.wake();
  }
}
