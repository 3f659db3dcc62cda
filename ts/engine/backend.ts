// What an engine is made of: functions of the library as it runs them (operations), and devices that can run them (backends). Types
// only. The table of operations is operations.ts; the backends are ts/pool, for the processor's threads, and whatever joins it.

import type { CallInputs, GpuOperation } from "../gpu/index.ts";
import type { ReadOther } from "../input/options.ts";
import type { Task, Work } from "../pool/job.ts";
import type { Budget } from "../run/blocks.ts";

/** Where a call can run. */
export type Device = "cpu" | "webgpu";

/** What a call brings besides its arguments. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How far a call has come. */
export interface Progress {
  /** Paths whose results are there. Never less than it was before; `total` in the end. */
  readonly done: number;
  /** Paths of the call. */
  readonly total: number;
}

/** A call's arguments, read and checked. What else is in it is known to its operation and to backends that know the operation. */
export interface CheckedCall {
  /** Paths. */
  readonly batch: number;
  /** Bytes of input and of output. */
  readonly input: number;
  readonly output: number;
}

/** How the processor's threads do an operation. */
export interface CpuOperation<C extends CheckedCall = CheckedCall> {
  /** Nanoseconds on one thread, about. */
  cost(call: C): number;
  /** What is to be looked at before anything runs, in parts of about a millisecond; throws what is wrong. `undefined`: nothing. */
  before(call: C): Iterator<void> | undefined;
  /** The call's work, divided into tasks of that budget. */
  work(call: C, budget: Budget): Work;
  /** Some of the works, whose keys are equal, as one task within a budget and about a cost; they are removed from the list. */
  join(works: Work[], budget: Budget, cost: number): Task | undefined;
  /** In words, how a call would be divided, for `explain`. */
  describe(call: C, budget: Budget): readonly string[];
}

/** One function of the library: what is told once about it, and read by engine, backends and `explain`. */
export interface Operation<C extends CheckedCall = CheckedCall, R = unknown> {
  readonly name: string;
  /**
   * Reads and checks arguments.
   * @param other - reads options that are the engine's and not the function's
   * @throws what the synchronous function throws for them
   */
  read(paths: unknown, options: unknown, other: ReadOther): C;
  /** A call as `explain` is asked about it: sizes only, without numbers. @throws likewise */
  imagine(sizes: unknown, other?: ReadOther): C;
  /** The result, once its numbers are there. */
  result(call: C): R;
  readonly cpu: CpuOperation<C>;
  /** Everything that a call reads; parts may lie on a device. Absent: calls read nothing there. */
  inputs?(call: C): CallInputs;
  /** The same call with other inputs, read back from a device. Absent: what lies there can only be computed there. */
  withInputs?(call: C, inputs: CallInputs): C;
  /** Its kernels for GPUs, which need `inputs` and `fromGpu`. Absent: the CPU alone computes it. */
  readonly gpu?: GpuOperation;
  /** The result of numbers in memory that those kernels have computed. */
  fromGpu?(call: C, numbers: unknown): R;
}

/** A device. */
export interface Backend {
  readonly device: Device;
  /**
   * Runs a call; gives `operation.result`. Rejects with the signal's reason, with an error of the library, or with what `onProgress`
   * threw.
   */
  run<C extends CheckedCall>(operation: Operation<C>, call: C, context: CallContext): Promise<unknown>;
  /** Ends it, after what runs or at once. */
  close(options: { readonly abort: boolean }): Promise<void>;
}
