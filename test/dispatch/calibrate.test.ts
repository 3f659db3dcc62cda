// Calibration of synthetic machines, whose clock advances by the cost of each call. The fitted
// costs must predict these costs.

import { describe, expect, test } from "vitest";
import { cpuSeconds, gpuSeconds } from "../../ts/dispatch/estimate.ts";
import {
  type Bench,
  calibrate,
  fitCosts,
  measure,
  readCosts,
  shippedCosts,
  type Trial,
} from "../../ts/dispatch/index.ts";
import { isObstacle, measuredOperation as operation, refusalOf } from "../../ts/gpu/index.ts";
import { defaultLimits as limits } from "../gpu/default-limits.ts";
import { random } from "../paths.ts";

const rethrow = (error: Error) => {
  throw error;
};

/** A machine with these costs, whose times scatter by a tenth. */
function machine(costs: typeof shippedCosts, threads: number) {
  const next = random(1);
  let clock = 0;
  const spend = (seconds: number) => {
    clock += 1e3 * seconds * (1 + 0.1 * next());
  };
  const onCpu = (trial: Trial) => cpuSeconds(operation, trial, trial.dtype, trial.threads, costs.cpu).seconds;
  const onGpu = (trial: Trial) => {
    const work = operation.plan(trial, trial.residency, limits);
    if (isObstacle(work)) throw refusalOf(work);
    return gpuSeconds(operation, trial, trial.residency, work, costs.gpu!).seconds;
  };
  const bench: Bench = {
    machine: "made up",
    threads,
    cpu: async (trial) => () => spend(onCpu(trial)),
    gpu: { adapter: "made up", limits, run: async (trial) => async () => spend(onGpu(trial)), onFault: rethrow },
    budgetMs: 1000,
    // Reading the clock takes a little time too.
    now: () => {
      clock += 1e-5;
      return clock;
    },
    today: "2026-11-24",
  };
  return { bench, onCpu, onGpu };
}

/** Calls other than the measured ones. */
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
    // A GPU other than the default one, and a CPU that is twice as fast in some units.
    const seconds = { ...shippedCosts.gpu!.seconds, walk: 4e-12, download: 3e-9, launch: 3e-4 };
    const cpu = { ...shippedCosts.cpu, seconds: { ...shippedCosts.cpu.seconds, horner: 6e-11, output: 3e-10 } };
    const truth = { ...shippedCosts, cpu, gpu: { ...shippedCosts.gpu!, seconds, invocationsToFill: 4000 } };
    const { bench, onCpu, onGpu } = machine(truth, 4);
    const found = await calibrate(bench);
    expect(found).toMatchObject({ version: 1, machine: "made up", date: "2026-11-24", gpu: { adapter: "made up" } });
    expect(readCosts(JSON.parse(JSON.stringify(found)))).toEqual(found);
    expect(found.cpu.float64).toBeGreaterThan(1.7);
    expect(found.cpu.float64).toBeLessThan(2.3);
    expect(found.cpu.threadsEfficiency).toBeGreaterThan(0.6);
    const residency = { input: "cpu", output: "cpu" } as const;
    for (const shape of others) {
      const trial: Trial = { ...shape, dtype: "float32", threads: 1, residency };
      const cpu = cpuSeconds(operation, shape, "float32", 1, found.cpu).seconds / onCpu(trial);
      const work = operation.plan(shape, residency, limits);
      if (isObstacle(work)) throw refusalOf(work);
      const gpu = gpuSeconds(operation, shape, residency, work, found.gpu!).seconds / onGpu(trial);
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
    expect(readCosts(found)).toEqual(found);
  });

  test("keeps to its budget, but for calls that are longer", async () => {
    const { bench } = machine(shippedCosts, 4);
    const begin = bench.now!();
    await calibrate({ ...bench, budgetMs: 3000 });
    expect(bench.now!() - begin).toBeLessThan(4500);
  });

  test("a slow adapter is asked for no more than the smallest calls", async () => {
    const slow = (factor: number) => {
      const seconds = Object.fromEntries(
        Object.entries(shippedCosts.gpu!.seconds).map(([unit, s]) => [unit, factor * s]),
      ) as NonNullable<typeof shippedCosts.gpu>["seconds"];
      return { ...shippedCosts, gpu: { ...shippedCosts.gpu!, seconds } };
    };
    const quick = await measure(machine(shippedCosts, 1).bench);
    const { bench } = machine(slow(1000), 1);
    const begin = bench.now!();
    const measured = await measure(bench);
    // The longest call may begin just before the end.
    expect(bench.now!() - begin).toBeLessThan(3 * 1000 + 5000);
    expect(measured.gpu!.calls.length).toBeLessThan(quick.gpu!.calls.length / 1.5);
    expect(measured.gpu!.calls.length).toBeGreaterThan(0);
    expect(readCosts(fitCosts(measured)).gpu!.seconds.launch).toBeGreaterThan(0);
  });

  test("a device that fails is left out, and told of, or fails the call", async () => {
    const { bench } = machine(shippedCosts, 1);
    const fault = new Error("lost");
    let calls = 0;
    const run: Bench["cpu"] = async (trial) => {
      const call = await bench.gpu!.run(trial);
      return () => {
        if (++calls > 40) throw fault;
        return call();
      };
    };
    const told: Error[] = [];
    const costs = await calibrate({ ...bench, gpu: { ...bench.gpu!, run, onFault: (error) => told.push(error) } });
    expect(told).toEqual([fault]);
    expect(costs.gpu).toBeUndefined();
    expect(costs.cpu.seconds.horner).toBeGreaterThan(0);
    await expect(calibrate({ ...bench, gpu: { ...bench.gpu!, run, onFault: rethrow } })).rejects.toBe(fault);
  });

  test("an abort ends it with the signal's reason", async () => {
    const { bench } = machine(shippedCosts, 1);
    const controller = new AbortController();
    const cpu: Bench["cpu"] = async (trial) => {
      if (trial.stream) controller.abort("enough");
      return bench.cpu(trial);
    };
    await expect(calibrate({ ...bench, cpu, signal: controller.signal })).rejects.toBe("enough");
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
