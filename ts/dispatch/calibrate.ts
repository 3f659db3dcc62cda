// Measures a machine: times a few dozen calls of all kinds, and finds the constants that explain them. What a call takes on paper is units.ts's.
//
// Only where asked for: it takes a second or two, and clocks have to run (where they are frozen, as on some edge hosts, it refuses).

import { failure } from "../core/errors.ts";
import type { DeviceLimits } from "../gpu/index.ts";
import { type Costs, type CpuCosts, cpuUnitNames, type GpuCosts, gpuUnitNames, type PerUnit } from "./costs.ts";
import { nonNegativeFit } from "./least-squares.ts";
import { type CallShape, cpuUnitsOf, type GpuWork, gpuUnitsOf, gpuWorkOf, type Places } from "./units.ts";

/** A measurement's call: what `run` has to do with it. */
export interface Trial extends CallShape {
  readonly dtype: "float32" | "float64";
  readonly threads: number;
  readonly places: Places;
}

/** What is measured. */
export interface Bench {
  readonly machine: string;
  readonly threads: number;
  /** Prepares a call; each run of what it returns is timed. */
  readonly cpu: (trial: Trial) => Promise<() => unknown>;
  readonly gpu?:
    | {
        readonly adapter: string;
        readonly limits: DeviceLimits;
        readonly run: (trial: Trial) => Promise<() => unknown>;
      }
    | undefined;
  readonly budgetMs: number;
  readonly now?: () => number;
  readonly today?: string;
}

/** [batch, points, channels, depth, stream]: every unit is most of at least one. */
const cpuTrials: readonly (readonly [number, number, number, number, boolean?])[] = [
  [1, 10, 2, 2],
  [1, 100, 3, 3],
  [256, 10, 2, 2],
  [64, 40, 4, 4],
  [16, 40, 8, 3],
  [256, 300, 2, 2],
  [64, 300, 4, 2],
  [64, 300, 3, 3],
  [16, 400, 4, 4],
  [16, 400, 2, 6],
  [8, 200, 8, 3],
  [4, 300, 16, 2],
  [256, 130, 4, 4],
  [512, 3, 8, 3],
  [1024, 3, 10, 3],
  [1, 2000, 4, 4],
  [4096, 20, 1, 3],
  [16, 200, 2, 2, true],
  [16, 100, 3, 3, true],
  [4, 60, 4, 4, true],
  [64, 100, 4, 3, true],
  [64, 300, 8, 2, true],
];

const gpuTrials: readonly (readonly [number, number, number, number, Places["input"], Places["output"], boolean?])[] = [
  [1, 4, 2, 2, "cpu", "cpu"],
  [16, 16, 2, 2, "gpu", "gpu"],
  // The same with and without transfers, so that these are not taken for what kernels read and write.
  [1024, 512, 4, 1, "cpu", "gpu"],
  [1024, 512, 4, 1, "gpu", "gpu"],
  [1024, 16, 64, 2, "cpu", "gpu"],
  [1024, 16, 64, 2, "gpu", "gpu"],
  [4096, 2, 8, 3, "gpu", "cpu"],
  [4096, 2, 8, 3, "gpu", "gpu"],
  [1024, 2, 10, 3, "gpu", "cpu"],
  [1024, 2, 10, 3, "gpu", "gpu"],
  [64, 3, 100, 2, "gpu", "gpu"],
  [8192, 100, 2, 3, "gpu", "gpu"],
  [16384, 100, 2, 2, "gpu", "gpu"],
  [4096, 100, 3, 3, "gpu", "gpu"],
  [4096, 100, 4, 4, "gpu", "gpu"],
  [512, 100, 4, 6, "gpu", "gpu"],
  [512, 100, 8, 4, "gpu", "gpu"],
  [1024, 100, 8, 3, "gpu", "gpu"],
  [2048, 100, 16, 2, "gpu", "gpu"],
  [1, 4096, 4, 4, "gpu", "gpu"],
  [16, 4096, 8, 3, "gpu", "gpu"],
  [64, 1000, 3, 3, "gpu", "gpu"],
  [256, 100, 4, 4, "gpu", "gpu", true],
  [64, 200, 3, 5, "gpu", "gpu", true],
  [1024, 100, 2, 4, "gpu", "gpu", true],
];

/** Sizes of a device that measurements are tried with: what fills it is not on any data sheet that a program can read. */
const fillings = [512, 2048, 8192, 32768, 131072];

/** Calls of a trial, at least, so that what only the first one does is not counted. */
const leastRuns = 3;

/**
 * Measures a machine.
 * @throws PathSignatureError CLOCK_FROZEN, and what a call throws
 */
export async function calibrate(bench: Bench): Promise<Costs> {
  const { machine, budgetMs, today = new Date().toISOString().slice(0, 10) } = bench;
  const now = bench.now ?? (() => performance.now());
  checkClock(now);
  const share = bench.gpu ? budgetMs / 2 : budgetMs;
  const cpu = await measureCpu(bench, share, now);
  const gpu = bench.gpu && (await measureGpu(bench.gpu, share, now));
  return { version: 1, machine, date: today, cpu, ...(gpu && { gpu }) };
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

/** Seconds of the fastest run of a call. */
async function time(run: () => unknown, budgetMs: number, now: () => number): Promise<number> {
  await run();
  let fastest = Number.POSITIVE_INFINITY;
  let repeats = 1;
  const begin = now();
  for (let runs = 0; runs < leastRuns || now() - begin < budgetMs; runs++) {
    const before = now();
    for (let i = 0; i < repeats; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    const ms = (now() - before) / repeats;
    if (ms > 0) fastest = Math.min(fastest, ms);
    // Clocks of browsers tick a tenth of a millisecond.
    if (ms * repeats < 1 && repeats < 2 ** 16) repeats *= 4;
  }
  return Math.max(fastest, 1e-6) / 1e3;
}

/** Measures trials in turn, and gives their times. */
async function timesOf<T extends Trial>(
  trials: readonly T[],
  prepare: (trial: T) => Promise<() => unknown>,
  budgetMs: number,
  now: () => number,
): Promise<number[]> {
  const times: number[] = [];
  for (const trial of trials) times.push(await time(await prepare(trial), budgetMs / trials.length, now));
  return times;
}

const onCpu: Places = { input: "cpu", output: "cpu" };

async function measureCpu(bench: Bench, budgetMs: number, now: () => number): Promise<CpuCosts> {
  const trial = ([batch, points, channels, depth, stream = false]: (typeof cpuTrials)[number]): Trial => {
    return { batch, points, channels, depth, stream, dtype: "float32", threads: 1, places: onCpu };
  };
  const trials = cpuTrials.map(trial);
  const times = await timesOf(trials, bench.cpu, 0.6 * budgetMs, now);
  const fitted = nonNegativeFit(
    trials.map((one) => cpuUnitNames.map((name) => cpuUnitsOf(one)[name])),
    times,
  );
  const wide = trials.filter(({ stream }) => !stream).slice(3, 9);
  const ratios = await timesOf(
    wide.map((one): Trial => ({ ...one, dtype: "float64" })),
    bench.cpu,
    0.2 * budgetMs,
    now,
  );
  const float64 = median(ratios.map((seconds, i) => seconds / times[trials.indexOf(wide[i]!)]!));
  const threads = bench.threads > 1 ? await measureThreads(bench, 0.2 * budgetMs, now) : { call: 0, efficiency: 0 };
  return {
    seconds: named(cpuUnitNames, fitted),
    float64,
    threadsCall: threads.call,
    threadsEfficiency: threads.efficiency,
  };
}

/** A small call and a large one, on one thread and on all. */
async function measureThreads(bench: Bench, budgetMs: number, now: () => number) {
  const { threads } = bench;
  const small: Trial = { batch: threads, points: 3, channels: 2, depth: 2, dtype: "float32", threads, places: onCpu };
  const large: Trial = { ...small, batch: 64 * threads, points: 500, channels: 4, depth: 4 };
  const all = [small, { ...small, threads: 1 }, large, { ...large, threads: 1 }];
  const [smallAll, smallOne, largeAll, largeOne] = await timesOf(all, bench.cpu, budgetMs, now);
  const call = Math.max(0, smallAll! - smallOne!);
  const speedup = largeOne! / Math.max(largeAll! - call, 1e-9);
  return { call, efficiency: Math.min(1, Math.max(0, (speedup - 1) / (threads - 1))) };
}

async function measureGpu(gpu: NonNullable<Bench["gpu"]>, budgetMs: number, now: () => number): Promise<GpuCosts> {
  const trials: (Trial & { work: GpuWork })[] = [];
  for (const [batch, points, channels, depth, input, output, stream = false] of gpuTrials) {
    const places = { input, output };
    const shape = { batch, points, channels, depth, stream };
    const work = gpuWorkOf(shape, places, gpu.limits);
    if (typeof work !== "string") trials.push({ ...shape, dtype: "float32", threads: 0, places, work });
  }
  const times = await timesOf(trials, gpu.run, budgetMs, now);
  let best: { error: number; seconds: PerUnit<(typeof gpuUnitNames)[number]>; invocationsToFill: number } | undefined;
  for (const invocationsToFill of fillings) {
    const units = trials.map((one) => {
      const counted = gpuUnitsOf(one, one.places, one.work, invocationsToFill);
      return gpuUnitNames.map((name) => counted[name]);
    });
    const fitted = nonNegativeFit(units, times);
    const error = units.reduce((sum, row, i) => {
      const expected = row.reduce((total, unit, j) => total + unit * fitted[j]!, 0);
      return sum + (expected / times[i]! - 1) ** 2;
    }, 0);
    if (!best || error < best.error) best = { error, seconds: named(gpuUnitNames, fitted), invocationsToFill };
  }
  return { adapter: gpu.adapter, seconds: best!.seconds, invocationsToFill: best!.invocationsToFill };
}

const named = <Name extends string>(names: readonly Name[], values: readonly number[]): Record<Name, number> =>
  Object.fromEntries(names.map((name, i) => [name, Number(values[i]!.toPrecision(4))])) as Record<Name, number>;

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
