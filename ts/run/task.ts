// What a scheduler hands to a thread. Types only.

import type { Memory } from "./head.ts";
import type { Job } from "./job.ts";

/** Something that can be staged into memory, run by a kernel there, and read back. */
export interface Task {
  /** The jobs that it belongs to: one, or several whose calls were coalesced. */
  readonly jobs: readonly Job[];
  /** Bytes of memory. */
  readonly bytes: number;
  /** Whether it takes no longer than a message to a thread and back. */
  readonly isLight: boolean;
  /** Writes the head at byte `at`: enough to ask how much scratch the task needs. */
  writeHead(u32: Uint32Array, at: number): void;
  /** Copies everything to memory, byte `at`, the head too. May be called again, if the first memory was lost. */
  stage(memory: Memory, at: number): void;
  /** Takes the results, and tells its jobs. */
  take(memory: Memory, at: number): void;
  /** The same in tasks of one job each, where several were coalesced. */
  separate(): readonly Task[];
  /** In words, for an error: which paths. */
  readonly name: string;
}
