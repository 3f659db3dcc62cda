// The router with an operation without GPU kernels and a fake GPU: data on a device is read back
// before the CPU computes, or the call is rejected.

import { describe, expect, test } from "vitest";
import { EngineCall } from "../../ts/engine/call.ts";
import { type GpuParts, Router, type RouterContext, type RouterSettings } from "../../ts/engine/router.ts";
import { type CallInputs, type GpuBackend, readCallAnywhere } from "../../ts/gpu/index.ts";
import type { Call } from "../../ts/input/call.ts";
import type { Descriptor } from "../../ts/operations/descriptor.ts";
import { signatureOperation } from "../../ts/operations/signature.ts";
import type { Scheduler } from "../../ts/pool/scheduler.ts";
import { defaultLimits as limits } from "../gpu/default-limits.ts";

const numbers = Float32Array.from([1, 2, 4, 8]);

/** Paths on a fake device, with the properties that reading a call uses. */
const there = {
  buffer: { size: 16, usage: 0x80 | 0x4, mapState: "unmapped", mapAsync: () => undefined },
  shape: [2, 2],
} as unknown as { buffer: GPUBuffer; shape: number[] };
const here = { data: numbers, shape: [2, 2] };

/** Sums its input: an empty view gives 0. */
const sum = {
  ...signatureOperation,
  name: "sum",
  cost: () => 1,
  prepare: (call: Call) => ({
    sinks: [],
    checksFirst: false,
    result: () => (call.paths.view as Float32Array).reduce((a, b) => a + b, 0),
  }),
} as unknown as Descriptor<number>;

const read = (paths: typeof there | typeof here): EngineCall<number> =>
  new EngineCall(sum, readCallAnywhere(paths, { depth: 1 }).call);

function make(settings: Partial<RouterSettings> = {}, readBack?: (inputs: CallInputs) => Promise<CallInputs>) {
  const cpu = { run: async (call: EngineCall) => call.result() } as unknown as Scheduler;
  const inMemory = async () => read(here).inputs;
  const backend = {
    open: async () => ({ limits, adapter: { description: "made up", isFallbackAdapter: false } }),
    read: readBack ?? inMemory,
    close: async () => undefined,
  } as unknown as GpuBackend;
  const parts = { makeBackend: () => backend } as unknown as GpuParts;
  const gpu = { requestAdapter: async () => null } as unknown as GPU;
  const all = {
    device: "auto",
    gpu,
    costs: undefined,
    fallback: "cpu",
    threads: 1,
    maxQueued: 4,
    ...settings,
  } as const;
  return new Router(all, cpu, async () => parts);
}

const context: RouterContext = { output: "cpu" };

describe("an operation without kernels for GPUs", () => {
  test("reads what lies on a device back to memory", async () => {
    const router = make();
    expect(router.concerns(read(there), context)).toBe(true);
    expect(await router.run(read(there), context)).toBe(15);
    expect(router.warnings).toEqual(["A call for the GPU was done on the CPU: there are no kernels for sum"]);
  });

  test("has nothing to fall back from where the CPU was asked for", async () => {
    const router = make({ fallback: "error" });
    expect(await router.run(read(there), { ...context, device: "cpu" })).toBe(15);
    expect(router.warnings).toEqual([]);
    await expect(router.run(read(there), context)).rejects.toMatchObject({ code: "GPU_FAILED" });
  });

  test("computes numbers in memory as they are, without a device", async () => {
    const router = make({}, () => Promise.reject(new Error("nothing to read back")));
    expect(router.concerns(read(here), context)).toBe(false);
    expect(await router.run(read(here), { ...context, device: "webgpu" })).toBe(15);
  });

  test("is refused where its result is wanted on the GPU, and the next call works", async () => {
    const router = make();
    const refused = { code: "ENGINE_OPTION_TYPE", message: expect.stringContaining("sum") };
    await expect(router.run(read(there), { output: "gpu" })).rejects.toMatchObject(refused);
    expect(await router.run(read(there), context)).toBe(15);
  });

  test("fails with the device's fault where nothing can be read", async () => {
    const lost = new Error("lost");
    const router = make({}, () => Promise.reject(lost));
    await expect(router.run(read(there), context)).rejects.toBe(lost);
  });

  test("is explained as the CPU's", () => {
    const { plan, verdicts } = make().explain(read(there), context);
    expect(plan).toMatchObject({ device: "cpu", kernel: "sum" });
    expect(verdicts[0]).toMatchObject({ rule: "availability", decides: true });
  });
});
