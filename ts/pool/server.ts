// The worker's side: runs tasks, taken from the shared heap or received in messages.
// ts/entry/worker.ts receives the messages, perform.ts runs a task.

import { performInside, performOutside } from "../run/perform.ts";
import { code, word } from "../wasm/abi.ts";
import { Instance } from "../wasm/instance.ts";
import { Consumer } from "./control.ts";
import type { Setup, WorkerApi } from "./protocol.ts";

interface Locks {
  request(name: string, hold: () => Promise<unknown>): Promise<unknown>;
}

export class Server implements WorkerApi {
  readonly #wake: () => void;
  #setup: Setup | undefined;
  #instance: Instance | undefined;
  #sources = new Map<number, SharedArrayBuffer>();
  /** Number of messages about sources received so far. */
  #messages = 0;
  #onMessage: (() => void) | undefined;

  /** @param wake - sends the calling thread a message */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  async start(setup: Setup): Promise<void> {
    const { shared, lock } = setup;
    const isFirst = this.#setup === undefined;
    this.#setup = setup;
    // Before any `await`: messages that arrive in the meantime add to these.
    this.#sources = new Map(shared?.sources);
    this.#messages = shared?.messages ?? 0;
    if (lock !== undefined && isFirst) await hold(lock);
    this.#instance = new Instance(setup.module, setup.variant, shared?.inPlace ? shared.memory : undefined);
  }

  async serve(): Promise<string | undefined> {
    const shared = this.#setup?.shared;
    const instance = this.#instance;
    if (shared === undefined || instance === undefined) throw new Error("not started");
    const consumer = new Consumer(shared.memory.buffer, shared.control, shared.slots, shared.worker);
    const sources = this.#sources;
    const perform = shared.inPlace
      ? (address: number) => performInside(instance, address, sources)
      : (address: number) => performOutside(instance, shared.memory.buffer, address, sources);
    try {
      while (!consumer.serve(this.#messages, perform, this.#wake)) await this.#receive(consumer.messages);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return undefined;
  }

  source(number: number, buffer: SharedArrayBuffer | undefined): void {
    if (buffer === undefined) this.#sources.delete(number);
    else this.#sources.set(number, buffer);
    this.#messages += 1;
    this.#onMessage?.();
  }

  /** Waits until `count` messages have been received. */
  async #receive(count: number): Promise<void> {
    while (this.#messages !== count) {
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
    this.#onMessage = undefined;
  }

  run(task: ArrayBuffer): ArrayBuffer {
    const instance = this.#instance;
    if (instance === undefined) throw new Error("not started");
    try {
      performOutside(instance, task, 0, this.#sources);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      // An instance that trapped is in an unknown state.
      this.#instance = new Instance(instance.module, instance.variant);
      new Int32Array(task, 0, word.RESULT + 1)[word.RESULT] = code.TRAP;
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
