// What an engine is made of: functions of the library as it runs them (operations), and devices that can run them (backends). Types
// only. The table of operations is operations.ts; the backends are ts/pool, for the processor's threads, and whatever joins it.

import type { CallShape } from "../dispatch/index.ts";
import type { GpuBackend, RunContext } from "../gpu/index.ts";
import type { Call } from "../input/call.ts";
import type { ReadOther } from "../input/options.ts";
import type { Resident } from "../input/resident.ts";
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

/** How a GPU does an operation. */
export interface GpuOperation<C extends CheckedCall = CheckedCall> {
  /** What its cost depends on. */
  shape(call: C): CallShape;
  dtype(call: C): "float32" | "float64";
  /** The call as the kernels read it. */
  kernelCall(call: C): Call;
  /** What it reads on a device. */
  residents(call: C): readonly Resident[];
  /** Runs it; gives its result. */
  run(backend: GpuBackend, call: C, context: RunContext): Promise<unknown>;
  /** The same call, with what it reads on a device brought to memory. */
  bring(backend: GpuBackend, call: C): Promise<C>;
  /** The result of a call that was computed elsewhere, on the device. */
  put(backend: GpuBackend, call: C): Promise<unknown>;
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
  /** Absent: the CPU alone does it. */
  readonly gpu?: GpuOperation<C>;
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
