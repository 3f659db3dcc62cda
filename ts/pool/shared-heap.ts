// One generation of the shared heap: the memory that tasks are staged in, where workers find them,
// and all tasks in flight there. control.ts has the protocol. A worker that dies poisons the heap,
// and the executor continues with the next generation (shared-executor.ts).

import type { Memory } from "../run/head.ts";
import { code, word } from "../wasm/abi.ts";
import type { Task } from "./call.ts";
import { controlBytes, Dispatcher } from "./control.ts";
import type { ExecutorEvents } from "./executor.ts";
import { viewsOf } from "./memory-views.ts";
import { SizeClassAllocator } from "./size-classes.ts";
import { type Source, SourceTable } from "./source-table.ts";

/** Tasks in flight per worker: one runs, the others are ready while the calling thread is busy. */
const slotsPerWorker = 16;
/**
 * If there is more to submit, the calling thread is woken when this share is done, not for each
 * task.
 */
const wakeShare = 0.25;
/** Waking a worker takes as long as staging a task, so it is done once per this many tasks. */
const tasksPerWake = 4;
/** Initial pages: more than the data and stack of the binary need. */
const initialPages = 64;
/** The maximum that the binary declares for a shared memory: 1 GiB. */
const maxPages = 16384;

/** Memory for the binary that imports a shared one. @throws if the engine cannot allocate it */
export const sharedMemory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: initialPages, maximum: maxPages, shared: true });

interface InFlight {
  readonly task: Task;
  readonly address: number;
  readonly source: Source | undefined;
}

export class SharedHeap {
  readonly memory: WebAssembly.Memory;
  /** Address of the control block, and its number of slots. */
  readonly control: number;
  readonly slots: number;
  readonly sources: SourceTable;
  readonly #events: ExecutorEvents;
  readonly #allocator: SizeClassAllocator;
  readonly #dispatcher: Dispatcher;
  /** By slot. */
  readonly #tasks = new Map<number, InFlight>();
  #submitted = 0;
  #views: Memory | undefined;

  /**
   * @param sendSource - sends a source to the workers that serve this heap
   * @throws if the engine cannot allocate shared memory
   */
  constructor(
    workers: number,
    events: ExecutorEvents,
    sendSource: (number: number, buffer: SharedArrayBuffer | undefined) => void,
  ) {
    let slots = slotsPerWorker;
    while (slots < workers * slotsPerWorker) slots *= 2;
    this.slots = slots;
    this.#events = events;
    this.memory = sharedMemory();
    this.#allocator = new SizeClassAllocator(this.memory);
    this.control = this.#allocator.allocate(controlBytes(slots));
    if (this.control === 0) throw new Error("the engine gave no shared memory");
    this.#dispatcher = new Dispatcher(this.memory.buffer, this.control, slots);
    this.sources = new SourceTable((number, buffer) => {
      // Sent first: a worker waits for the messages that the control block announces.
      sendSource(number, buffer);
      this.#dispatcher.announceMessage();
    });
  }

  get freeSlots(): number {
    return this.#dispatcher.freeSlots;
  }

  get inFlight(): number {
    return this.#tasks.size;
  }

  /** The memory at its current size. */
  get #memory(): Memory {
    const { buffer } = this.memory;
    if (this.#views?.u32.buffer !== buffer) this.#views = { ...viewsOf(buffer), sourceOf: this.sources.numberOf };
    return this.#views as Memory;
  }

  submit(task: Task): void {
    const address = this.#allocator.allocate(task.bytes);
    const memory = this.#memory;
    if (address === 0) {
      this.#events.finished(task, code.OUT_OF_MEMORY, memory, 0);
      return;
    }
    let source: Source | undefined;
    try {
      source = this.sources.stage(() => task.stage(memory, address));
    } catch (error) {
      this.#allocator.release(address, task.bytes);
      this.#events.failed(task, error);
      return;
    }
    const slot = this.#dispatcher.acquire();
    this.#tasks.set(slot, { task, address, source });
    this.#dispatcher.publish(slot, address);
    if (this.#submitted++ % tasksPerWake === 0) this.#dispatcher.wakeWorkers();
  }

  flush(): void {
    this.#submitted = 0;
    this.#dispatcher.wakeWorkers();
  }

  cancel(tasks: (task: Task) => boolean): void {
    for (const [slot, { task }] of this.#tasks) if (tasks(task)) this.#dispatcher.cancel(slot);
  }

  collect(enough: () => boolean): void {
    for (const slot of this.#dispatcher.inFlight) {
      if (!this.#dispatcher.isFinished(slot)) continue;
      this.#report(slot);
      if (enough()) return;
    }
  }

  #report(slot: number): void {
    const memory = this.#memory;
    const { task, address, source } = this.#tasks.get(slot) as InFlight;
    if (source !== undefined) source.uses -= 1;
    this.#events.finished(task, (memory.u32[address / 4 + word.RESULT] as number) | 0, memory, address);
    this.#tasks.delete(slot);
    this.#allocator.release(address, task.bytes);
    this.#dispatcher.release(slot);
  }

  requestWake(more: boolean, urgent: (task: Task) => boolean): void {
    const count = this.#tasks.size;
    if (count === 0) return;
    const wanted = more ? Math.ceil(count * wakeShare) : count;
    const isUrgent = (slot: number) => urgent((this.#tasks.get(slot) as InFlight).task);
    if (!this.#dispatcher.arm(wanted, isUrgent)) this.#events.wake();
  }

  /** Tells workers to stop, each after its current task. */
  stop(): void {
    this.#dispatcher.stop();
  }

  /**
   * Abandons the tasks in flight. @returns the tasks, and the number of the worker that ran each
   */
  abandon(): { task: Task; worker: number }[] {
    const tasks = [...this.#tasks].map(([slot, { task }]) => ({ task, worker: this.#dispatcher.holder(slot) }));
    this.#tasks.clear();
    return tasks;
  }
}
