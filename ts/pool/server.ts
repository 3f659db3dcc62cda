// A worker's part: it does tasks, taken from shared memory or sent to it. Not here: how messages arrive (ts/entry/worker.ts), what
// a task computes (ts/run/task.ts).

import { failed, RESULT } from "../run/task.ts";
import { Instance } from "../wasm/instance.ts";
import { Taker } from "./control.ts";
import { performInside, performOutside } from "./perform.ts";
import type { Served, Setup, WorkerApi } from "./protocol.ts";

/** How the host's lock manager looks. */
interface Locks {
  request(name: string, hold: () => Promise<unknown>): Promise<unknown>;
}

export class Server implements WorkerApi {
  readonly #wake: () => void;
  #setup: Setup | undefined;
  #instance: Instance | undefined;
  #sources = new Map<number, SharedArrayBuffer>();
  #mail = 0;
  #onMail: (() => void) | undefined;

  /** @param wake - sends the calling thread a message */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  async start(setup: Setup): Promise<string> {
    const { shared, lock } = setup;
    const first = this.#setup === undefined;
    this.#setup = setup;
    // Before anything is awaited: messages that come meanwhile add to these.
    this.#sources = new Map(shared?.sources);
    this.#mail = shared?.mail ?? 0;
    if (lock !== undefined && first) await hold(lock);
    this.#instance = new Instance(setup.module, setup.variant, shared?.inside ? shared.memory : undefined);
    return this.#instance.variant;
  }

  async serve(): Promise<Served> {
    const shared = this.#setup?.shared;
    const instance = this.#instance;
    if (shared === undefined || instance === undefined) throw new Error("not started");
    const taker = new Taker(shared.memory.buffer, shared.control, shared.slots, shared.worker);
    const sources = this.#sources;
    const task = shared.inside
      ? (address: number) => performInside(instance, address, sources)
      : (address: number) => performOutside(instance, shared.memory.buffer, address, sources);
    try {
      while (!taker.serve(this.#mail, task, this.#wake)) await this.#messages(taker.mail);
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
    return { fault: undefined };
  }

  source(number: number, buffer: SharedArrayBuffer | undefined): void {
    if (buffer === undefined) this.#sources.delete(number);
    else this.#sources.set(number, buffer);
    this.#mail += 1;
    this.#onMail?.();
  }

  /** Lets messages come in until there have been so many. */
  async #messages(count: number): Promise<void> {
    while (this.#mail !== count) {
      await new Promise<void>((resolve) => {
        this.#onMail = resolve;
      });
    }
    this.#onMail = undefined;
  }

  run(task: ArrayBuffer): ArrayBuffer {
    const instance = this.#instance;
    if (instance === undefined) throw new Error("not started");
    try {
      performOutside(instance, task, 0, this.#sources);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      // An instance that trapped may hold anything.
      this.#instance = new Instance(instance.module, instance.variant);
      new Int32Array(task, 0, RESULT + 1)[RESULT] = failed.TRAP;
    }
    return task;
  }
}

/** Holds a lock from now until the worker ends. */
function hold(name: string): Promise<void> {
  const { locks } = globalThis.navigator as { locks?: Locks };
  return new Promise((resolve) => {
    if (locks === undefined) return resolve();
    void locks.request(name, () => {
      resolve();
      return new Promise(() => undefined);
    });
  });
}
