// The constants of the cost model: their form, and the reading of a user's own. A call is counted as so many units of each kind (units.ts); a
// constant is the seconds that one unit takes. They come from calibrate.ts; the ones that are shipped are in shipped.ts.

import { describe, typeError } from "../input/errors.ts";

/** What a call is counted in on the CPU. */
export const cpuUnits = {
  call: "a call, whatever it computes",
  path: "a path of it",
  input: "a number read",
  far: "a number read beyond the first 2^18: out of memory, not out of a cache",
  output: "a number of the result",
  large: "a number of the result beyond the first 2^18: memory that was not there before",
  square: "a multiply-add at depth 2, where a matrix is summed",
  horner: "a multiply-add by Horner's scheme",
  pruned: "a multiply-add of the pruned walk",
  recovery: "a number that the pruned walk recovers, on each level",
  stream: "a multiply-add where every step is written",
  row: "a level of a signature of a stream",
} as const;

/** What a call is counted in on a GPU. */
export const gpuUnits = {
  launch: "a call: encoding, submission, and the way back of its results",
  dispatch: "a kernel of it",
  block: "a block of it beyond the first",
  upload: "a byte to the device",
  download: "a byte back",
  ends: "a number read where only the ends of paths count",
  staged: "a number that a workgroup brings to its own memory to walk by",
  written: "a byte of the device's memory, written; of what lies between kernels also read",
  walk: "an operation of the kernels that walk, where the device is full",
  step: "a vector of increments that an invocation reads for a step",
  handed: "a coefficient that comes out of a walk",
  stream: "an operation of the kernel that writes every step",
  gather: "a multiply-add of products of signatures within a workgroup",
  products: "a multiply-add of products of signatures in memory",
  recovery: "a number that is recovered after a pruned walk, on each level",
} as const;

export type CpuUnit = keyof typeof cpuUnits;
export type GpuUnit = keyof typeof gpuUnits;
/** How many of each there are, or how many seconds each takes. */
export type PerUnit<Unit extends string> = Readonly<Record<Unit, number>>;

export const cpuUnitNames = Object.keys(cpuUnits) as CpuUnit[];
export const gpuUnitNames = Object.keys(gpuUnits) as GpuUnit[];

/** What the CPU takes. */
export interface CpuCosts {
  /** Seconds of each unit, on one thread. */
  readonly seconds: PerUnit<CpuUnit>;
  /** How much longer float64 takes. */
  readonly float64: number;
  /** Seconds to hand a call to several threads. */
  readonly threadsCall: number;
  /** What each thread after the first adds, as a share of the first. */
  readonly threadsEfficiency: number;
}

/** What a GPU takes. */
export interface GpuCosts {
  /** What the adapter calls itself: the constants of one say nothing of another. */
  readonly adapter: string;
  /** Seconds of each unit. */
  readonly seconds: PerUnit<GpuUnit>;
  /** Invocations that fill the device. */
  readonly invocationsToFill: number;
}

/** The constants of a machine. `JSON.stringify` keeps all of it. */
export interface Costs {
  readonly version: 1;
  /** The machine they are of, and the day on which they were taken. */
  readonly machine: string;
  readonly date: string;
  readonly cpu: CpuCosts;
  /** Absent: no GPU was measured. */
  readonly gpu?: GpuCosts | undefined;
}

/**
 * Costs as a user gives them: what `calibrate` returned, also by way of JSON.
 * @throws PathSignatureTypeError COSTS_INVALID
 */
export function readCosts(given: unknown): Costs {
  const refuse = (argument: string, value: unknown, accepted: string) =>
    typeError("COSTS_INVALID", argument, describe(value), accepted);
  const checkNumbers = (numbers: unknown, names: readonly string[], argument: string) => {
    if (typeof numbers !== "object" || numbers === null) throw refuse(argument, numbers, "an object of numbers");
    for (const name of names) {
      const value = (numbers as Record<string, unknown>)[name];
      if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
        throw refuse(`${argument}.${name}`, value, "a finite number from 0 on");
      }
    }
  };
  if (typeof given !== "object" || given === null) {
    throw refuse("options.costs", given, "an object as calibrate() returns it");
  }
  const { version, cpu, gpu } = given as Partial<Costs>;
  if (version !== 1) throw refuse("options.costs.version", version, "1, the version that this library writes");
  checkNumbers(cpu, ["float64", "threadsCall", "threadsEfficiency"], "options.costs.cpu");
  checkNumbers(cpu!.seconds, cpuUnitNames, "options.costs.cpu.seconds");
  if (gpu !== undefined) {
    checkNumbers(gpu, ["invocationsToFill"], "options.costs.gpu");
    checkNumbers(gpu!.seconds, gpuUnitNames, "options.costs.gpu.seconds");
  }
  return given as Costs;
}
