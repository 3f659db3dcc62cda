// How finely a call is divided among threads: a pure decision from its size, the threads and how
// tasks travel. The result does not depend on it, to the bit; only the time does.

import type { Budget } from "../run/blocks.ts";
import type { Mode } from "./executor.ts";

/** What tasks of a mode should be like. */
interface Grain {
  /** Nanoseconds. Of shorter tasks a visible part is the handing over. */
  readonly least: number;
  /** Bytes staged at most, unless four paths need more. */
  readonly input: number;
  readonly output: number;
}

const grains: Record<Mode, Grain> = {
  // Handing over takes some microseconds. What is staged should still be cached when it is read.
  shared: { least: 40_000, input: 256 * 1024, output: 256 * 1024 },
  // A message each way takes some tens of microseconds.
  transfer: { least: 300_000, input: 1024 * 1024, output: 1024 * 1024 },
  // Short enough for an iteration of the event loop.
  "calling thread": { least: 200_000, input: 256 * 1024, output: 256 * 1024 },
};

/** Of calls that are one task each. */
const undivided: Record<Mode, Division> = {
  shared: { budget: grains.shared, tasks: 1, threads: 1 },
  transfer: { budget: grains.transfer, tasks: 1, threads: 1 },
  "calling thread": { budget: grains["calling thread"], tasks: 1, threads: 1 },
};

/** Tasks per thread. With fewer, threads wait for the last one at the end. */
const tasksPerThread = 6;

export interface Division {
  /** What each task may stage. */
  readonly budget: Budget;
  /** Tasks that the call is divided into, about. */
  readonly tasks: number;
  /** Threads that these can occupy. */
  readonly threads: number;
}

/**
 * @param cost - nanoseconds of the whole call on one thread
 * @param input - bytes of all its input
 * @param output - bytes of all its output
 */
export function divide(cost: number, input: number, output: number, threads: number, mode: Mode): Division {
  const grain = grains[mode];
  // Thousands of these may wait at once, so nothing is allocated for each.
  if (cost < 2 * grain.least && input <= grain.input && output <= grain.output) return undivided[mode];
  // As many as pay; more only where one could not stage so much.
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

/** What a task of coalesced calls may stage. */
export const coalescedBudget = (mode: Mode): Budget => undivided[mode].budget;

/** Nanoseconds that a task of coalesced calls should take where so many wait: a thread's share. */
export const coalescedCost = (waiting: number, threads: number): number =>
  Math.max(grains.shared.least, waiting / (2 * threads));
