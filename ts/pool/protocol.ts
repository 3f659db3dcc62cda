// The messages between the calling thread and a worker, which comlink carries: starting, serving,
// single tasks. Types and constants only. The protocol in shared memory is control.ts.

/** How a worker is to compute. */
export interface Setup {
  readonly module: WebAssembly.Module;
  /** The binary's name. */
  readonly variant: string;
  /** A Web Lock to hold for life, where the host does not report that a worker has ended. */
  readonly lock: string | undefined;
  /** The shared heap, where there is one. */
  readonly shared: SharedSetup | undefined;
}

export interface SharedSetup {
  readonly memory: WebAssembly.Memory;
  /** Address of the control block, and its slots. */
  readonly control: number;
  readonly slots: number;
  /** The worker's number, which it marks slots with. */
  readonly worker: number;
  /** Sources by number, and the messages about them that were sent before this setup. */
  readonly sources: ReadonlyMap<number, SharedArrayBuffer>;
  readonly messages: number;
  /** Whether the module imports that memory; else tasks are copied to the instance's and back. */
  readonly inPlace: boolean;
}

/** What the worker file exposes. */
export interface WorkerApi {
  /** Makes the worker ready; again for another heap. */
  start(setup: Setup): Promise<void>;
  /**
   * Runs tasks from the shared heap until it is stopped. @returns `undefined`, or how a kernel
   * trapped: the heap may be corrupted then
   */
  serve(): Promise<string | undefined>;
  /** Adds a source, or drops it. `serve` waits for these messages. */
  source(number: number, buffer: SharedArrayBuffer | undefined): void;
  /** Runs one task in its buffer, and returns that. */
  run(task: ArrayBuffer): ArrayBuffer;
}

/** The message that wakes the calling thread: no answer of comlink looks like it. */
export const wakeMessage = 1;

/** The message that a worker's script sends first. */
export const greetingMessage = 2;
