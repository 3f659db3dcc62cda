// How finely the work of a call is divided among threads: a pure decision from sizes, threads and the way tasks travel. The result does
// not depend on it, to the bit; only the time does.

import type { Budget } from "../run/blocks.ts";
import type { Mode } from "./executor.ts";

/** What tasks of a way of travelling should be like. */
interface Grain {
  /** Shorter ones would spend a visible part of their time on being handed over, in nanoseconds. */
  readonly least: number;
  /** Bytes staged at most, unless four paths need more. */
  readonly input: number;
  readonly output: number;
}

const grains: Record<Mode, Grain> = {
  // Handing over costs some microseconds; what is staged should still be in a cache when it is read.
  shared: { least: 40_000, input: 256 * 1024, output: 256 * 1024 },
  // A message each way costs some tens of microseconds.
  transfer: { least: 300_000, input: 1024 * 1024, output: 1024 * 1024 },
  // Short enough for a turn of the event loop.
  "calling thread": { least: 200_000, input: 256 * 1024, output: 256 * 1024 },
};

/** Calls that are one task each. */
const wholes: Record<Mode, Division> = {
  shared: { budget: grains.shared, tasks: 1, threads: 1 },
  transfer: { budget: grains.transfer, tasks: 1, threads: 1 },
  "calling thread": { budget: grains["calling thread"], tasks: 1, threads: 1 },
};

/** Tasks that each thread should get of a call: with fewer, threads wait for the last one at the end. */
const tasksOfThread = 6;

/** The budget of each task of a call. */
export interface Division {
  readonly budget: Budget;
  /** Tasks that the call would be divided into, about. */
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
  // Thousands of these may wait at once, so nothing is made for each.
  if (cost < 2 * grain.least && input <= grain.input && output <= grain.output) return wholes[mode];
  // As many as are worth it, and more only where one could not stage so much.
  const worth = Math.max(1, Math.min(Math.floor(cost / grain.least), threads * tasksOfThread));
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

/** What a task of joined calls may stage. */
export const joinBudget = (mode: Mode): Budget => wholes[mode].budget;

/** Nanoseconds that a task of joined calls should take, where so many wait in all: each thread gets its share. */
export const joinCost = (waiting: number, threads: number): number =>
  Math.max(grains.shared.least, waiting / (2 * threads));
