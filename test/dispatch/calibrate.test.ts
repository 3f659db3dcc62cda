// Measuring a machine, on machines that are made up: a clock that calls move by what they cost. What is found has to predict what they cost.

import { describe, expect, test } from "vitest";
import { cpuSeconds, gpuSeconds } from "../../ts/dispatch/estimate.ts";
import { type Bench, calibrate, readCosts, shippedCosts, type Trial } from "../../ts/dispatch/index.ts";
import { gpuWorkOf } from "../../ts/dispatch/units.ts";
import { defaultLimits as limits } from "../gpu/default-limits.ts";
import { random } from "../paths.ts";

/** A machine with these costs, whose times scatter by a tenth. */
function machine(costs: typeof shippedCosts, threads: number) {
  const next = random(1);
  let clock = 0;
  const spend = (seconds: number) => {
    clock += 1e3 * seconds * (1 + 0.1 * next());
  };
  const onCpu = (trial: Trial) => cpuSeconds(trial, trial.dtype, trial.threads, costs.cpu).seconds;
  const onGpu = (trial: Trial) => {
    const work = gpuWorkOf(trial, trial.places, limits);
    if (typeof work === "string") throw new Error(work);
    return gpuSeconds(trial, trial.places, work, costs.gpu!).seconds;
  };
  const bench: Bench = {
    machine: "made up",
    threads,
    cpu: async (trial) => () => spend(onCpu(trial)),
    gpu: { adapter: "made up", limits, run: async (trial) => async () => spend(onGpu(trial)) },
    budgetMs: 1000,
    // Looking at the clock takes a little time too.
    now: () => {
      clock += 1e-5;
      return clock;
    },
    today: "2026-11-25",
  };
  return { bench, onCpu, onGpu };
}

/** Calls that were not measured. */
const others = (
  [
    [100, 50, 3, 4],
    [1000, 300, 2, 3],
    [10, 1000, 6, 3],
    [5000, 20, 5, 2],
    [64, 500, 8, 4],
    [300, 200, 3, 3, true],
    [30, 2000, 4, 2],
  ] as const
).map(([batch, points, channels, depth, stream = false]) => ({ batch, points, channels, depth, stream }));

describe("calibrate", () => {
  test("finds constants that predict other calls", async () => {
    const seconds = { ...shippedCosts.gpu!.seconds, prefix: 3e-12, download: 2e-9 };
    const truth = { ...shippedCosts, gpu: { ...shippedCosts.gpu!, seconds } };
    const { bench, onCpu, onGpu } = machine(truth, 4);
    const found = await calibrate(bench);
    expect(found).toMatchObject({ version: 1, machine: "made up", date: "2026-11-25", gpu: { adapter: "made up" } });
    expect(readCosts(JSON.parse(JSON.stringify(found)))).toEqual(found);
    expect(found.cpu.float64).toBeGreaterThan(1.7);
    expect(found.cpu.float64).toBeLessThan(2.3);
    expect(found.cpu.threadsEfficiency).toBeGreaterThan(0.6);
    const places = { input: "cpu", output: "cpu" } as const;
    for (const shape of others) {
      const trial: Trial = { ...shape, dtype: "float32", threads: 1, places };
      const cpu = cpuSeconds(shape, "float32", 1, found.cpu).seconds / onCpu(trial);
      const work = gpuWorkOf(shape, places, limits);
      const gpu = gpuSeconds(shape, places, work as Exclude<typeof work, string>, found.gpu!).seconds / onGpu(trial);
      for (const ratio of [cpu, gpu]) {
        expect(ratio, JSON.stringify(shape)).toBeGreaterThan(0.7);
        expect(ratio, JSON.stringify(shape)).toBeLessThan(1.4);
      }
    }
  });

  test("a machine without a GPU, with one thread", async () => {
    const { bench } = machine(shippedCosts, 1);
    const found = await calibrate({ ...bench, gpu: undefined });
    expect(found.gpu).toBeUndefined();
    expect(found.cpu.threadsCall).toBe(0);
    expect(readCosts(found)).toBe(found);
  });

  test("keeps to its budget, but for calls that are longer", async () => {
    const { bench } = machine(shippedCosts, 4);
    const begin = bench.now!();
    await calibrate({ ...bench, budgetMs: 3000 });
    expect(bench.now!() - begin).toBeLessThan(4500);
  });

  test("a clock that stands still", async () => {
    const { bench } = machine(shippedCosts, 1);
    await expect(calibrate({ ...bench, now: () => 7 })).rejects.toMatchObject({ code: "CLOCK_FROZEN" });
  });

  test("what a call throws comes through", async () => {
    const { bench } = machine(shippedCosts, 1);
    const mistake = new Error("no");
    await expect(calibrate({ ...bench, cpu: () => Promise.reject(mistake) })).rejects.toBe(mistake);
  });
});
