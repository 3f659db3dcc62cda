// The table of cases on Dawn in Node, through the backend like every call.

import { afterAll, beforeAll, expect, test } from "vitest";
import { GpuBackend } from "../../ts/gpu/index.ts";
import { level } from "../level.ts";
import { noteModules, watchCompilers } from "./compilers.ts";
import { everyGpuGradientCase, gpuGradientCases, runGradientCase } from "./gradient-table.ts";
import { describeOn, openDawn } from "./implementations.ts";
import { everyGpuLogCase, gpuLogCases, runLogCase } from "./log-table.ts";
import { chosenGradients, chosenLogarithms, chosenSignatures } from "./selection.ts";
import { everyGpuCase, gpuCases, runCase } from "./table.ts";

let backend: GpuBackend;
let compilers: () => Promise<string[]>;

/**
 * Kinds of kernels that each default case was the first to need, and those that only other cases
 * need.
 */
const kinds = { chosen: new Set<string>(), others: new Set<string>() };
const chosen = new Set([
  ...chosenSignatures(everyGpuCase, "usual"),
  ...chosenGradients(everyGpuGradientCase, "usual"),
  ...chosenLogarithms(everyGpuLogCase, "usual"),
]);
let current = kinds.chosen;

beforeAll(async () => {
  const gpu = await openDawn();
  if (!gpu) return;
  compilers = watchCompilers(GPUDevice.prototype);
  noteModules(GPUDevice.prototype, (label) => current.add(label.replaceAll(/\d+/g, "#")));
  backend = new GpuBackend(gpu);
});

afterAll(() => backend?.close());

describeOn("dawn", "Dawn", () => {
  test.each(gpuCases)("$name", async (one) => {
    current = chosen.has(one) ? kinds.chosen : kinds.others;
    const { worst, where, error } = await runCase(backend, one);
    expect(error).toBeUndefined();
    expect(worst, where).toBeLessThanOrEqual(1);
  });

  test.each(gpuGradientCases)("gradients: $name", async (one) => {
    current = chosen.has(one) ? kinds.chosen : kinds.others;
    const { worst, where, error } = await runGradientCase(backend, one);
    expect(error).toBeUndefined();
    expect(worst, where).toBeLessThanOrEqual(1);
  });

  test.each(gpuLogCases)("log-signatures: $name", async (one) => {
    current = chosen.has(one) ? kinds.chosen : kinds.others;
    const { worst, where, error } = await runLogCase(backend, one);
    expect(error).toBeUndefined();
    expect(worst, where).toBeLessThanOrEqual(1);
  });

  test("compilers have no complaints, no fault was met, nothing is held", async () => {
    expect(await compilers()).toEqual([]);
    const { faults, memory } = backend.info();
    expect(faults).toEqual([]);
    expect(memory.inUse).toBe(0);
  });

  if (level === "all")
    test("the cases that are run by default meet every kind of kernel", () => {
      expect(kinds.chosen.size).toBeGreaterThan(10);
      expect([...kinds.others].filter((kind) => !kinds.chosen.has(kind))).toEqual([]);
    });

  test("subgroups are used where there are some", () => {
    const { features, subgroupSize } = backend.info();
    expect(subgroupSize > 1).toBe(features.includes("subgroups"));
  });
});
