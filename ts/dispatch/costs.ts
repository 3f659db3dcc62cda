// The constants of the cost model: their form, and the reading of a user's own. A call is counted
// in units; a constant is the seconds that one unit takes. calibrate.ts measures them; shipped.ts
// has those that are shipped.

import { describe, typeError } from "../input/errors.ts";
import { shippedCosts } from "./shipped.ts";

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
 * Costs as a user gives them: what `calibrate` returned, also by way of JSON. Units that are
 * missing, as in costs that an earlier version of the library measured, take the shipped value;
 * unknown ones are left out.
 * @throws PathSignatureTypeError COSTS_INVALID
 */
export function readCosts(given: unknown): Costs {
  const { version, machine, date, cpu, gpu } = fieldsOf(given, "options.costs", "an object as calibrate() returns it");
  if (version !== 1) throw refusal("options.costs.version", version, "1, the version that this library writes");
  const costs = { version, machine: machine as string, date: date as string, cpu: readCpu(cpu) } as const;
  return gpu === undefined ? costs : { ...costs, gpu: readGpu(gpu) };
}

function readCpu(given: unknown): CpuCosts {
  const argument = "options.costs.cpu";
  const fields = fieldsOf(given, argument);
  const seconds = readUnits(fields.seconds, shippedCosts.cpu.seconds, `${argument}.seconds`);
  return { seconds, ...readNumbers(fields, ["float64", "threadsCall", "threadsEfficiency"], argument) };
}

function readGpu(given: unknown): GpuCosts {
  const argument = "options.costs.gpu";
  const fields = fieldsOf(given, argument);
  const seconds = readUnits(fields.seconds, shippedCosts.gpu.seconds, `${argument}.seconds`);
  return { adapter: fields.adapter as string, seconds, ...readNumbers(fields, ["invocationsToFill"], argument) };
}

function readUnits<Unit extends string>(given: unknown, shipped: PerUnit<Unit>, argument: string): PerUnit<Unit> {
  const fields = fieldsOf(given, argument);
  const units = (Object.keys(shipped) as Unit[]).filter((unit) => fields[unit] !== undefined);
  return { ...shipped, ...readNumbers(fields, units, argument) };
}

function readNumbers<Name extends string>(
  fields: Record<string, unknown>,
  names: readonly Name[],
  argument: string,
): Record<Name, number> {
  const numbers = names.map((name) => {
    const value = fields[name];
    if (typeof value === "number" && Number.isFinite(value) && value >= 0) return [name, value];
    throw refusal(`${argument}.${name}`, value, "a finite number from 0 on");
  });
  return Object.fromEntries(numbers) as Record<Name, number>;
}

function fieldsOf(given: unknown, argument: string, accepted = "an object of numbers"): Record<string, unknown> {
  if (typeof given !== "object" || given === null) throw refusal(argument, given, accepted);
  return given as Record<string, unknown>;
}

const refusal = (argument: string, value: unknown, accepted: string): Error =>
  typeError("COSTS_INVALID", argument, describe(value), accepted);
