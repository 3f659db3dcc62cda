// What the calling thread and a worker say to each other by messages (comlink carries them): starting, serving, single tasks.
// Types only. What they say through shared memory is control.ts's.

/** How a worker is to compute. */
export interface Setup {
  readonly module: WebAssembly.Module;
  /** The binary's name. */
  readonly variant: string;
  /** Name of a Web Lock that the worker holds as long as it lives, where the host has no other sign of its death. */
  readonly lock: string | undefined;
  /** The memory that tasks come and go in, where threads share one. */
  readonly shared: SharedSetup | undefined;
}

export interface SharedSetup {
  readonly memory: WebAssembly.Memory;
  /** Where the control block is, and how many slots it has. */
  readonly control: number;
  readonly slots: number;
  /** The worker's number, which it marks slots with. */
  readonly worker: number;
  /** Buffers of callers that tasks take their numbers from, by their numbers. */
  readonly sources: ReadonlyMap<number, SharedArrayBuffer>;
  /** Messages about them that were sent so far in this memory. */
  readonly mail: number;
  /** Whether the module lives in that memory; otherwise tasks are copied to the instance's own and back. */
  readonly inside: boolean;
}

/** What a worker answers when it comes back from serving; a fault is a kernel that trapped, and leaves the memory in doubt. */
export interface Served {
  readonly fault: string | undefined;
}

/** What the worker file exposes. */
export interface WorkerApi {
  /** Makes the worker ready. May be called again, with another memory. @returns The name of the binary that runs. */
  start(setup: Setup): Promise<string>;
  /** Takes tasks from shared memory until it is sent home. */
  serve(): Promise<Served>;
  /** A buffer that tasks take numbers from, or that none takes from any more; a message that `serve` waits for. */
  source(number: number, buffer: SharedArrayBuffer | undefined): void;
  /** Does one task, and gives its memory back. */
  run(task: ArrayBuffer): ArrayBuffer;
}

/** The message that wakes the calling thread: no answer of comlink looks like it. */
export const wakeMessage = 1;

/** The message by which a worker says that its script runs, before anything else. */
export const greetingMessage = 2;
