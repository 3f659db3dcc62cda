// A task done on the calling thread: where there are no workers (calling.ts), and where one is so short that the way to a worker and back is most of it.

import type { Memory } from "../run/stage.ts";
import { RESULT } from "../run/task.ts";
import type { Instance } from "../wasm/instance.ts";
import type { CrewEvents } from "./executor.ts";
import { textOf } from "./host.ts";
import type { Task } from "./job.ts";
import { performOutside } from "./perform.ts";
import { roomBytes } from "./size-classes.ts";

/** Tasks are staged whole. */
const noSources = new Map<number, SharedArrayBuffer>();

/** Where the calling thread's instance comes from, and where one goes that trapped. */
export interface Instances {
  instance(): Instance;
  discard(broken: Instance): void;
}

export class Here {
  readonly #instances: Instances;
  readonly #events: CrewEvents;
  #buffer = new ArrayBuffer(0);

  constructor(instances: Instances, events: CrewEvents) {
    this.#instances = instances;
    this.#events = events;
  }

  get memoryBytes(): number {
    return this.#buffer.byteLength;
  }

  /** Does a task and reports it. */
  do(task: Task): void {
    if (this.#buffer.byteLength < task.bytes) this.#buffer = new ArrayBuffer(roomBytes(task.bytes));
    const buffer = this.#buffer;
    const views: Memory = {
      f32: new Float32Array(buffer),
      f64: new Float64Array(buffer),
      u32: new Uint32Array(buffer),
    };
    let instance: Instance | undefined;
    try {
      instance = this.#instances.instance();
      task.stage(views, 0);
      performOutside(instance, buffer, 0, noSources);
    } catch (error) {
      // An instance that trapped may hold anything.
      if (instance !== undefined) this.#instances.discard(instance);
      this.#events.lost(task, true, `its kernel failed (${textOf(error)})`);
      return;
    }
    this.#events.finished(task, (views.u32[RESULT] as number) | 0, views, 0);
  }

  /** Gives memory back. */
  clear(): void {
    this.#buffer = new ArrayBuffer(0);
  }
}
