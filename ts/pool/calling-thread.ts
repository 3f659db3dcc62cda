// The crew of last resort: the calling thread itself, in turns of a few milliseconds between which the event loop has its own. Where
// there are no workers.

import type { Crew, CrewEvents } from "./executor.ts";
import type { Task } from "./job.ts";
import { Here, type Instances } from "./local.ts";
import { later } from "./next-tick.ts";

/** Tasks taken at once, so that the pool's own turns stay few. */
const mostTasks = 8;
/** A turn ends with the first task after so many milliseconds. */
const turnMilliseconds = 3;

export class CallingCrew implements Crew {
  readonly mode = "calling thread";
  readonly workers = 0;
  readonly replaced = 0;
  readonly #here: Here;
  readonly #events: CrewEvents;
  #tasks: Task[] = [];
  #scheduled = false;
  #closed = false;

  constructor(instances: Instances, events: CrewEvents) {
    this.#here = new Here(instances, events);
    this.#events = events;
  }

  get room(): number {
    return this.#closed ? 0 : mostTasks - this.#tasks.length;
  }

  get memoryBytes(): number {
    return this.#here.memoryBytes;
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
    this.#here.clear();
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
      this.#here.do(task);
      if (performance.now() >= end) break;
    }
    this.#events.awake();
    if (this.#tasks.length > 0) this.#schedule();
  }
}
