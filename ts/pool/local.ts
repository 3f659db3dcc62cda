// Runs tasks on the calling thread: for the executor without workers (calling-thread.ts), and if
// the round trip to a worker would take longer than the task.

import { performOutside } from "../run/perform.ts";
import { word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Task } from "./call.ts";
import type { ExecutorEvents } from "./executor.ts";
import { textOf } from "./host.ts";
import { viewsOf } from "./memory-views.ts";
import { sizeClassBytes } from "./size-classes.ts";

/** Tasks are staged here. */
const noSources = new Map<number, SharedArrayBuffer>();

/** Source of the instance of the calling thread. */
export interface Instances {
  instance(): Instance;
  /** Drops an instance that trapped. */
  discard(broken: Instance): void;
}

export class LocalRunner {
  readonly #instances: Instances;
  readonly #events: ExecutorEvents;
  #buffer = new ArrayBuffer(0);

  constructor(instances: Instances, events: ExecutorEvents) {
    this.#instances = instances;
    this.#events = events;
  }

  get memoryBytes(): number {
    return this.#buffer.byteLength;
  }

  /** Runs a task and reports it. */
  run(task: Task): void {
    if (this.#buffer.byteLength < task.bytes) this.#buffer = new ArrayBuffer(sizeClassBytes(task.bytes));
    const memory = viewsOf(this.#buffer);
    try {
      task.stage(memory, 0);
    } catch (error) {
      this.#events.failed(task, error);
      return;
    }
    let instance: Instance | undefined;
    try {
      instance = this.#instances.instance();
      performOutside(instance, this.#buffer, 0, noSources);
    } catch (error) {
      // An instance that trapped is in an unknown state.
      if (instance !== undefined) this.#instances.discard(instance);
      this.#events.lost(task, true, `its kernel failed (${textOf(error)})`);
      return;
    }
    this.#events.finished(task, (memory.u32[word.RESULT] as number) | 0, memory, 0);
  }
}
