// The crew of last resort: the calling thread itself, in turns of a few milliseconds between which the event loop has its own. Where
// there are no workers.

import type { Instance } from "../core/instance.ts";
import type { Memory } from "../core/stage.ts";
import { RESULT } from "../core/task.ts";
import type { Crew, CrewEvents } from "./crew.ts";
import { textOf } from "./host.ts";
import { later } from "./later.ts";
import { performOutside } from "./perform.ts";
import { roomBytes } from "./regions.ts";
import type { Task } from "./task.ts";

/** Tasks taken at once, so that the pool's own turns stay few. */
const mostTasks = 8;
/** A turn ends with the first task after so many milliseconds. */
const turnMilliseconds = 3;

/** Tasks are staged whole. */
const noSources = new Map<number, SharedArrayBuffer>();

/** Where the calling thread's instance comes from, and where one goes that trapped. */
export interface Instances {
  instance(): Instance;
  discard(broken: Instance): void;
}

export class CallingCrew implements Crew {
  readonly mode = "calling thread";
  readonly workers = 0;
  readonly replaced = 0;
  readonly #instances: Instances;
  readonly #events: CrewEvents;
  #tasks: Task[] = [];
  #buffer = new ArrayBuffer(0);
  #scheduled = false;
  #closed = false;

  constructor(instances: Instances, events: CrewEvents) {
    this.#instances = instances;
    this.#events = events;
  }

  get room(): number {
    return this.#closed ? 0 : mostTasks - this.#tasks.length;
  }

  get memoryBytes(): number {
    return this.#buffer.byteLength;
  }

  submit(task: Task): void {
    this.#tasks.push(task);
    this.#schedule();
  }

  cancel(tasks: (task: Task) => boolean): void {
    const taken = this.#tasks.filter(tasks);
    this.#tasks = this.#tasks.filter((task) => !tasks(task));
    for (const task of taken) this.#events.lost(task, false, "it was taken back");
  }

  collect(): void {
    // Tasks are reported as they are done.
  }

  announce(): void {
    // Nobody sleeps.
  }

  rest(): void {
    // The next turn is under way as long as there are tasks.
  }

  hold(): void {
    // A turn that is under way keeps the process alive, and there is nothing else.
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#tasks = [];
    this.#buffer = new ArrayBuffer(0);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    later(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const end = performance.now() + turnMilliseconds;
    for (let task = this.#tasks.shift(); task !== undefined && !this.#closed; task = this.#tasks.shift()) {
      this.#do(task);
      if (performance.now() >= end) break;
    }
    this.#events.awake();
    if (this.#tasks.length > 0) this.#schedule();
  }

  #do(task: Task): void {
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
}
