// How far plans are from the best choice, by times that `npm run bench -- dispatch` recorded: within 1.25× of the faster device on nine calls in ten.
// Measures nothing. Recorded on a software adapter, which the CPU mostly beats: with kernels sped up as a card's would be, the sizes at which one
// device overtakes the other lie within the grid, and the model has to find them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dispatchGrid } from "../../bench/dispatch/grid.mjs";
import { regretOf, shareWithin, summaryOf, withFasterGpu } from "../../bench/dispatch/regret.mjs";
import { type Costs, readCosts } from "../../ts/dispatch/index.ts";

const folder = join(import.meta.dirname, "../../bench/results");
const files = readdirSync(folder).filter((name) => /^dispatch-.*\.json$/.test(name));

interface Recorded {
  readonly adapter: string;
  readonly costs: Costs;
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
    expect(readCosts(recorded.costs)).toBe(recorded.costs);
  });

  test.each([1, 10, 100])("plans are right with kernels %i times as fast", (times) => {
    const regrets = regretOf(withFasterGpu(recorded, times));
    expect(shareWithin(regrets, factor), summaryOf(regrets)).toBeGreaterThanOrEqual(leastShare);
  });

  test("and the grid has calls for both devices, so that always the same one would not do", () => {
    const regrets = regretOf(withFasterGpu(recorded, 100));
    const share = (device: string) =>
      regrets.filter(({ best }: { best: string }) => best === device).length / regrets.length;
    expect(share("cpu")).toBeGreaterThan(0.05);
    expect(share("webgpu")).toBeGreaterThan(0.05);
  });
});
