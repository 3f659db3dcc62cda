// What an operation on GPUs is: one descriptor that plans it, counts what it costs, and loads what
// computes it. The table of them is operations/index.ts; the rest of this folder, dispatch and the
// engine know operations by this interface only.

import type { CpuUnit, GpuUnit, PerUnit } from "../dispatch/costs.ts";
import type { Call } from "../input/call.ts";
import type { ReadRows } from "../input/rows.ts";
import type { Sink } from "../run/operation.ts";
import type { Cut } from "./blocks.ts";
import type { Device, DeviceLimits } from "./device.ts";
import type { Obstacle } from "./obstacle.ts";
import type { Kernel, Pipeline } from "./pipelines.ts";
import type { BlockJob } from "./run-blocks.ts";
import type { CallShape, Residency } from "./shape.ts";

/** Rows that a call reads besides what {@link Call} has: cotangents. */
export interface InputRows {
  /** What errors call them. */
  readonly argument: string;
  readonly rows: ReadRows;
  /** How many there are. */
  readonly count: number;
}

/** Everything that a call reads, in memory or on a device. */
export interface CallInputs {
  readonly call: Call;
  readonly rows: readonly InputRows[];
  /** Where results go, of operations whose programs put them there themselves. */
  readonly sinks?: readonly (Sink | undefined)[] | undefined;
}

/** How a device would compute a call. Operations add what their kernels need. */
export interface GpuPlan {
  /** The name of the kernel that computes the result, as `explain` gives it. */
  readonly kernel: string;
  readonly cut: Cut;
  /** Parts that the call is cut into. */
  readonly blocks: number;
}

/** What a call on a GPU is made of, for the cost model. */
export interface GpuCounts {
  readonly units: PerUnit<GpuUnit>;
  /** Invocations that walk at once, and that multiply signatures: few leave the device idle. */
  readonly walking: number;
  readonly multiplying: number;
  readonly blocks: number;
}

/** Numbers that a call reads and writes. */
export interface Traffic {
  readonly input: number;
  readonly output: number;
}

/**
 * An operation that has kernels for GPUs. `Numbers`: a result in memory as the kernels leave it;
 * `Result`: as the CPU returns it; `OnDevice`: a result that stays on the device.
 */
export interface GpuOperation<Numbers = unknown, Result = unknown, OnDevice = unknown, Plan extends GpuPlan = GpuPlan> {
  readonly name: string;
  /** Whether results can stay on the device. */
  readonly stays: boolean;
  /** What plans and costs of a call depend on. */
  shapeOf(call: Call): CallShape;
  /** The plan of a call, or why a device has none for it. `blockBytes`: see blocks.ts. */
  plan(shape: CallShape, residency: Residency, limits: DeviceLimits, blockBytes?: number): Plan | Obstacle;
  traffic(shape: CallShape): Traffic;
  /** What a plan takes on a GPU. */
  gpuCounts(shape: CallShape, residency: Residency, plan: Plan): GpuCounts;
  /** What the call takes on one thread of the CPU, and the name of the kernel there. */
  cpuUnits(shape: CallShape): PerUnit<CpuUnit>;
  cpuKernel(shape: CallShape): string;
  /** Loads what runs on devices (programs/). */
  load(): Promise<GpuProgram<Numbers, Result, OnDevice, Plan>>;
}

/** Kernels, and pipelines of them, by what an operation uses them for. */
export type Kernels = { readonly [name: string]: Kernel | undefined };
export type PipelinesOf<K extends Kernels> = { readonly [Name in keyof K]?: Pipeline | undefined };

/** The part of an operation that is loaded when a device is first opened. */
export interface GpuProgram<
  Numbers = unknown,
  Result = unknown,
  OnDevice = unknown,
  Plan extends GpuPlan = GpuPlan,
  K extends Kernels = Kernels,
> {
  kernels(shape: CallShape, plan: Plan): K;
  /** The work of a call. Nothing is submitted yet. */
  job(context: JobContext, plan: Plan, pipelines: PipelinesOf<K>): GpuJob<Numbers | OnDevice>;
  /** Copies a result of the CPU to a device. @throws PathSignatureError faults of the device */
  upload(device: Device, inputs: CallInputs, result: Result): Promise<OnDevice>;
}

/** How a call is to be carried out. */
export interface RunOptions {
  /** Where results stay, if they do. */
  readonly output: "cpu" | "gpu";
  /** Buffers of the caller's for results that stay, by name; by default new ones are made. */
  readonly results?: { readonly [name: string]: GPUBuffer | undefined } | undefined;
  /** Each path's length, on the device; the call's own only say that there are some. */
  readonly lengths?: GPUBuffer | undefined;
  /** Pieces of time where they are not to be chosen, for measurements. */
  readonly pieces?: number | undefined;
  /** Called before each submission; throws to stop the work. */
  readonly check?: (() => void) | undefined;
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** What a call's work is made from. */
export interface JobContext extends RunOptions {
  readonly device: Device;
  readonly inputs: CallInputs;
}

/** The work of a call on a device. */
export interface GpuJob<Result> extends BlockJob {
  /**
   * The result, once all blocks are done.
   * @throws PathSignatureError NOT_FINITE and NOT_REPRESENTABLE, which name the number, and faults
   *   of the device
   */
  result(): Promise<Result>;
}
