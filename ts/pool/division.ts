// How finely a call is divided among threads: a pure decision from its size, the number of threads
// and the mode of the executor. It affects only the time of a call, not the bits of its result.

import type { Budget } from "../run/blocks.ts";
import type { Mode } from "./executor.ts";

/** Targets for the tasks of a mode. */
interface Grain {
  /** Nanoseconds. In shorter tasks the overhead of submission is visible. */
  readonly least: number;
  /** Limit of staged bytes, unless four paths need more. */
  readonly input: number;
  readonly output: number;
}

const grains: Record<Mode, Grain> = {
  // Submission takes some microseconds. Staged data should still be cached when it is read.
  shared: { least: 40_000, input: 256 * 1024, output: 256 * 1024 },
  // A message takes some tens of microseconds in each direction.
  transfer: { least: 300_000, input: 1024 * 1024, output: 1024 * 1024 },
  // Short enough for an iteration of the event loop.
  "calling thread": { least: 200_000, input: 256 * 1024, output: 256 * 1024 },
};

/** For calls of one task each. */
const undivided: Record<Mode, Division> = {
  shared: { budget: grains.shared, tasks: 1, threads: 1 },
  transfer: { budget: grains.transfer, tasks: 1, threads: 1 },
  "calling thread": { budget: grains["calling thread"], tasks: 1, threads: 1 },
};

/** Tasks per thread. With fewer, threads idle while the last task finishes. */
const tasksPerThread = 6;

export interface Division {
  /** Budget of each task. */
  readonly budget: Budget;
  /** Approximate number of tasks. */
  readonly tasks: number;
  /** Number of threads that these can occupy. */
  readonly threads: number;
}

/**
 * @param cost - nanoseconds of the whole call on one thread
 * @param input - bytes of all its input
 * @param output - bytes of all its output
 */
export function divide(cost: number, input: number, output: number, threads: number, mode: Mode): Division {
  const grain = grains[mode];
  // Thousands of calls may wait at once, so nothing is allocated for each.
  if (cost < 2 * grain.least && input <= grain.input && output <= grain.output) return undivided[mode];
  // As many as are efficient; more only if a task could not stage its part.
  const worth = Math.max(1, Math.min(Math.floor(cost / grain.least), threads * tasksPerThread));
  const tasks = Math.max(worth, Math.ceil(input / grain.input), Math.ceil(output / grain.output));
  return {
    budget: {
      input: Math.ceil(Math.min(grain.input, input / worth)),
      output: Math.ceil(Math.min(grain.output, output / worth)),
    },
    tasks,
    threads: Math.min(threads, tasks),
  };
}

/** Budget of a task of coalesced calls. */
export const coalescedBudget = (mode: Mode): Budget => undivided[mode].budget;

/**
 * Target time of a task of coalesced calls, in nanoseconds: a thread's share of the waiting work.
 */
export const coalescedCost = (waiting: number, threads: number): number =>
  Math.max(grains.shared.least, waiting / (2 * threads));
