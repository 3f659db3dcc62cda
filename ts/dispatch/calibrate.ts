// Measures a machine: times a few dozen calls of all kinds (trials.ts), for fit.ts to explain.
//
// Only where asked for: it takes a second or two, and clocks have to run (where they are frozen, as
// on some edge hosts, it refuses).

import { type DeviceLimits, measuredOperation } from "../gpu/index.ts";
import { failure } from "../input/errors.ts";
import type { Costs } from "./costs.ts";
import { fitCosts, type Measured, type Timed } from "./fit.ts";
import { cpuTrials, gpuTrials, type Trial, threadTrials } from "./trials.ts";

type Prepare = (trial: Trial) => Promise<() => unknown>;

/** What is measured. */
export interface Bench {
  readonly machine: string;
  readonly threads: number;
  /** Prepares a call; each run of what it returns is timed. */
  readonly cpu: Prepare;
  readonly gpu?:
    | {
        readonly adapter: string;
        readonly limits: DeviceLimits;
        readonly run: Prepare;
        /** Told when the device fails: it is then left out. What this throws comes through. */
        readonly onFault: (error: Error) => void;
      }
    | undefined;
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly now?: () => number;
  readonly today?: string;
}

/** The part of a budget that the GPU has where there is one: its calls are the more. */
const gpuShare = 0.6;
/** A call that takes so many times its share of the budget ends its family. */
const tooLong = 2;
/** So many times a budget may everything take that is measured and compiled for it. */
const mostOfBudget = 3;
/** Runs of a call that make its fastest one credible. */
const enoughRuns = 4;

/** Measures a machine. @throws CLOCK_FROZEN, what a call throws, and the signal's reason */
export const calibrate = async (bench: Bench): Promise<Costs> => fitCosts(await measure(bench));

/** Times of calls on a machine. @throws as {@link calibrate} */
export async function measure(bench: Bench): Promise<Measured> {
  const { machine, threads, budgetMs, gpu, signal, today = new Date().toISOString().slice(0, 10) } = bench;
  const now = bench.now ?? (() => performance.now());
  const checked = (prepare: Prepare): Prepare => {
    return async (trial) => {
      // The calling thread is busy: this is when others have their turn.
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      return prepare(trial);
    };
  };
  checkClock(now);
  const all = [...cpuTrials(), ...(threads > 1 ? threadTrials(threads) : [])];
  const cpu = await timesOf(
    all.map((one) => [one]),
    checked(bench.cpu),
    (gpu ? 1 - gpuShare : 1) * budgetMs,
    now,
  );
  if (!gpu) return { machine, date: today, cpu };
  const fitting = gpuTrials().map((family) =>
    family.filter((one) => typeof measuredOperation.plan(one, one.residency, gpu.limits) !== "string"),
  );
  const { adapter, limits } = gpu;
  try {
    const calls = await timesOf(fitting, checked(gpu.run), gpuShare * budgetMs, now);
    return { machine, date: today, cpu, gpu: { adapter, limits, calls } };
  } catch (error) {
    if (signal?.aborted) throw error;
    gpu.onFault(error as Error);
    return { machine, date: today, cpu };
  }
}

/**
 * Times of families of calls: the first of each, then the second of each, and so on, as far as the
 * budget goes. First runs, in which kernels are compiled, are not of the budget; but once
 * everything together has taken three times as long nothing more is begun.
 */
async function timesOf(
  families: readonly (readonly Trial[])[],
  prepare: Prepare,
  budgetMs: number,
  now: () => number,
): Promise<Timed[]> {
  const latest = now() + mostOfBudget * budgetMs;
  const timed: Timed[] = [];
  const ended = new Set<readonly Trial[]>();
  let budget = budgetMs;
  const all = families.reduce((sum, { length }) => sum + length, 0);
  const leastShare = budgetMs / (4 * all);
  let left = all;
  for (let rung = 0; left > 0; rung++) {
    for (const family of families) {
      const trial = family[rung];
      if (!trial) continue;
      const share = Math.max(leastShare, budget / left--);
      if (timed.length > 0 && (now() > latest || (rung > 0 && (budget <= 0 || ended.has(family))))) continue;
      const run = await prepare(trial);
      await run();
      const begin = now();
      const seconds = await fastest(run, share, now);
      budget -= now() - begin;
      timed.push({ ...trial, seconds });
      if (1e3 * seconds > tooLong * share) ended.add(family);
    }
  }
  return timed;
}

/** Some hosts stop their clocks while a program runs. */
function checkClock(now: () => number): void {
  const begin = now();
  for (let i = 0; i < 1e7; i++) if (now() !== begin) return;
  throw failure(
    "CLOCK_FROZEN",
    "calibrate",
    "a clock that stands still",
    "a host whose clock runs",
    "calibrate() measures time, and this host's clock does not move while it runs",
  );
}

/** Seconds of the fastest of several runs, or of one that takes too long. */
async function fastest(run: () => unknown, budgetMs: number, now: () => number): Promise<number> {
  const begin = now();
  let least = Number.POSITIVE_INFINITY;
  let repeats = 1;
  const isDone = (runs: number) => {
    const spent = now() - begin;
    return least < Number.POSITIVE_INFINITY && spent >= budgetMs && (runs >= enoughRuns || spent >= tooLong * budgetMs);
  };
  for (let runs = 0; !isDone(runs); runs++) {
    const before = now();
    for (let i = 0; i < repeats; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    const ms = (now() - before) / repeats;
    if (ms > 0) least = Math.min(least, ms);
    // Clocks of browsers tick a tenth of a millisecond.
    if (ms * repeats < 1 && repeats < 2 ** 16) repeats *= 4;
  }
  return Math.max(least, 1e-6) / 1e3;
}
