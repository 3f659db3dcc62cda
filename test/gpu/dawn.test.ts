// The table of cases on Dawn in Node: through the backend, as every call goes.

import { afterAll, beforeAll, expect, test } from "vitest";
import { GpuBackend } from "../../ts/gpu/index.ts";
import { watchCompilers } from "./compilers.ts";
import { gpuGradientCases, runGradientCase } from "./gradient-table.ts";
import { describeOn, openDawn } from "./implementations.ts";
import { gpuCases, runCase } from "./table.ts";

let backend: GpuBackend;
let compilers: () => Promise<string[]>;

beforeAll(async () => {
  const gpu = await openDawn();
  if (!gpu) return;
  compilers = watchCompilers(GPUDevice.prototype);
  backend = new GpuBackend(gpu);
});

afterAll(() => backend?.close());

describeOn("dawn", "Dawn", () => {
  test.each(gpuCases)("$name", async (one) => {
    const { worst, where, error } = await runCase(backend, one);
    expect(error).toBeUndefined();
    expect(worst, where).toBeLessThanOrEqual(1);
  });

  test.each(gpuGradientCases)("gradients: $name", async (one) => {
    const { worst, where, error } = await runGradientCase(backend, one);
    expect(error).toBeUndefined();
    expect(worst, where).toBeLessThanOrEqual(1);
  });

  test("compilers have no complaints, no fault was met, nothing is held", async () => {
    expect(await compilers()).toEqual([]);
    const { faults, memory } = backend.info();
    expect(faults).toEqual([]);
    expect(memory.inUse).toBe(0);
  });

  test("subgroups are used where there are some", () => {
    const { features, subgroupSize } = backend.info();
    expect(subgroupSize > 1).toBe(features.includes("subgroups"));
  });
});
