// Compares plans with the best choice, by times recorded by `npm run bench -- dispatch`: nine calls
// in ten must be within 1.25× of the faster device. Measures nothing. The costs are fitted to the
// trials of calibrate(), none of which is among the five hundred calls. The recorded times are
// those of a software adapter, which the CPU beats at every size. With its times divided by growing
// factors, first few calls, then half, then most are faster on the GPU.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dispatchGrid } from "../../bench/dispatch/grid.mjs";
import { regretOf, shareWithin, summaryOf, withFasterGpu } from "../../bench/dispatch/regret.mjs";
import { fitCosts, type Measured, readCosts } from "../../ts/dispatch/index.ts";

const folder = join(import.meta.dirname, "../../bench/results");
const files = readdirSync(folder).filter((name) => /^dispatch-.*\.json$/.test(name));

interface Recorded {
  readonly adapter: string;
  readonly measured: Measured;
  readonly calls: readonly { cpu: number; webgpu: number; kernels: number; batch: number; points: number }[];
}

const factor = 1.25;
const leastShare = 0.9;

test("there are recorded times", () => {
  expect(files.length).toBeGreaterThan(0);
});

describe.each(files)("%s", (file) => {
  const recorded = JSON.parse(readFileSync(join(folder, file), "utf8")) as Recorded;

  test("is of the whole grid, with costs that an engine takes", () => {
    const shapes = recorded.calls.map(({ cpu, webgpu, kernels, ...shape }) => shape);
    expect(shapes).toEqual(dispatchGrid());
    expect(shapes).toHaveLength(500);
    for (const { cpu, webgpu, kernels } of recorded.calls) {
      expect(cpu).toBeGreaterThan(0);
      expect(webgpu).toBeGreaterThan(0);
      expect(kernels).toBeLessThanOrEqual(webgpu);
    }
    const costs = fitCosts(recorded.measured);
    expect(readCosts(costs)).toEqual(costs);
  });

  test.each([1, 10, 30, 50, 70, 100, 150, 200, 300])("plans are right with a GPU %i times as fast", (times) => {
    const regrets = regretOf(withFasterGpu(recorded, times));
    expect(shareWithin(regrets, factor), summaryOf(regrets)).toBeGreaterThanOrEqual(leastShare);
  });

  test("sped up, there are calls for both devices: always the same one would not do", () => {
    const regrets = regretOf(withFasterGpu(recorded, 150));
    const chosen = (device: string) => regrets.filter((one: { device: string }) => one.device === device).length;
    expect(chosen("cpu")).toBeGreaterThan(0);
    expect(chosen("webgpu")).toBeGreaterThan(0);
  });
});
