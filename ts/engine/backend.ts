// Functions of the library as engines run them: operations. Types only. Their table is operations.ts.

import type { CallShape } from "../dispatch/index.ts";
import type { GpuBackend, RunContext } from "../gpu/index.ts";
import type { Call } from "../input/call.ts";
import type { ReadOther } from "../input/options.ts";
import type { Resident } from "../input/resident.ts";
import type { CheckedCall } from "../pool/call.ts";
import type { Budget } from "../run/blocks.ts";

export type { CallContext, CheckedCall, Progress } from "../pool/call.ts";

/** Where a call can run. */
export type Device = "cpu" | "webgpu";

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
export interface Operation<C extends CheckedCall = CheckedCall> {
  readonly name: string;
  /**
   * Reads and checks arguments.
   * @param other - reads options that are the engine's and not the function's
   * @throws what the synchronous function throws for them
   */
  read(paths: unknown, options: unknown, other: ReadOther): C;
  /** A call as `explain` is asked about it: sizes only, without numbers. @throws likewise */
  imagine(sizes: unknown, other?: ReadOther): C;
  /** How the CPU would divide a call, in words for `explain`. */
  describe(call: C, budget: Budget): readonly string[];
  /** Absent: the CPU alone does it. */
  readonly gpu?: GpuOperation<C>;
}
