// Messages between the calling thread and a worker, which comlink carries: setup, serving, single
// tasks. Types and constants only. control.ts has the protocol in shared memory.

/** Setup of a worker. */
export interface Setup {
  readonly module: WebAssembly.Module;
  /** The binary's name. */
  readonly variant: string;
  /** A Web Lock to hold for life, if the host does not report the end of workers. */
  readonly lock: string | undefined;
  /** The shared heap, if there is one. */
  readonly shared: SharedSetup | undefined;
}

export interface SharedSetup {
  readonly memory: WebAssembly.Memory;
  /** Address of the control block, and its number of slots. */
  readonly control: number;
  readonly slots: number;
  /** The number with which the worker marks slots. */
  readonly worker: number;
  /** Sources by number, and the number of messages about them that were sent before this setup. */
  readonly sources: ReadonlyMap<number, SharedArrayBuffer>;
  readonly messages: number;
  /**
   * Whether the module imports that memory; else tasks are copied to the instance's memory and
   * back.
   */
  readonly inPlace: boolean;
}

/** Interface of the worker file. */
export interface WorkerApi {
  /** Prepares the worker; again for another heap. */
  start(setup: Setup): Promise<void>;
  /**
   * Runs tasks from the shared heap until it is stopped. @returns `undefined`, or the trap of a
   * kernel, after which the heap may be corrupted
   */
  serve(): Promise<string | undefined>;
  /** Adds or drops a source. `serve` waits for these messages. */
  source(number: number, buffer: SharedArrayBuffer | undefined): void;
  /** Runs one task in its buffer, and returns the buffer. */
  run(task: ArrayBuffer): ArrayBuffer;
}

/** Wakes the calling thread; distinct from all messages of comlink. */
export const wakeMessage = 1;

/** The first message of a worker's script. */
export const greetingMessage = 2;
