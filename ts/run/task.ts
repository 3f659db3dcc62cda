// The unit of work that the scheduler gives to a thread. Types only.

import type { Memory } from "./head.ts";
import type { Job } from "./job.ts";

/** Work that can be staged into memory, run by a kernel there, and read back. */
export interface Task {
  /** The jobs it belongs to: one, or several that were coalesced. */
  readonly jobs: readonly Job[];
  /** Size in bytes. */
  readonly bytes: number;
  /** Whether it takes no longer than a message to a thread and back. */
  readonly isLight: boolean;
  /** Writes the head at byte `at`, which is enough to ask for the size of the scratch. */
  writeHead(u32: Uint32Array, at: number): void;
  /**
   * Stages everything, head included, at byte `at`. May be called again if the first memory was
   * lost.
   */
  stage(memory: Memory, at: number): void;
  /** Reads the results back, after the kernel has answered `done`, and notifies the jobs. */
  take(memory: Memory, at: number, done: number): void;
  /** Splits a coalesced batch into one task per job. */
  separate(): readonly Task[];
  /** Names the paths, for an error. */
  readonly name: string;
}
