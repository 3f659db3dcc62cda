// The router, with an operation that has no kernels for GPUs and a GPU that does not exist: what lies on a device is read back
// before the CPU computes, or the call is refused.

import { describe, expect, test } from "vitest";
import type { Backend, CheckedCall, CpuOperation, Operation } from "../../ts/engine/backend.ts";
import { type GpuParts, Router, type RouterContext, type RouterSettings } from "../../ts/engine/router.ts";
import { type CallInputs, type GpuBackend, readCallAnywhere } from "../../ts/gpu/index.ts";
import { defaultLimits as limits } from "../gpu/default-limits.ts";

const numbers = Float32Array.from([1, 2, 4, 8]);

/** Paths on a device that does not exist, as far as reading a call looks at it. */
const there = {
  buffer: { size: 16, usage: 0x80 | 0x4, mapState: "unmapped", mapAsync: () => undefined },
  shape: [2, 2],
} as unknown as { buffer: GPUBuffer; shape: number[] };
const here = { data: numbers, shape: [2, 2] };

interface Sum extends CheckedCall {
  readonly inputs: CallInputs;
}

const sumOf = (inputs: CallInputs): Sum => ({ inputs, batch: 1, input: 16, output: 4 });
const read = (paths: typeof there | typeof here): Sum =>
  sumOf({ call: readCallAnywhere(paths, { depth: 1 }).call, rows: [] });

/** Adds up what it is given: an empty view gives 0. */
const parts: Partial<Operation<Sum, number>> = {
  name: "sum",
  inputs: ({ inputs }) => inputs,
  withInputs: (_, inputs) => sumOf(inputs),
  result: ({ inputs }) => (inputs.call.paths.view as Float32Array).reduce((a, b) => a + b, 0),
  cpu: { cost: () => 1 } as unknown as CpuOperation<Sum>,
};
const sum = parts as Operation<Sum, number>;

const asAny = (operation: Operation<Sum, number>) => operation as unknown as Operation;

function make(settings: Partial<RouterSettings> = {}, readBack?: (inputs: CallInputs) => Promise<CallInputs>) {
  const cpu: Backend = {
    device: "cpu",
    run: async (operation, call) => operation.result(call),
    close: async () => undefined,
  };
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
    expect(router.concerns(asAny(sum), read(there), context)).toBe(true);
    expect(await router.run(sum, read(there), context)).toBe(15);
    expect(router.warnings).toEqual(["A call for the GPU was done on the CPU: there are no kernels for sum"]);
  });

  test("has nothing to fall back from where the CPU was asked for", async () => {
    const router = make({ fallback: "error" });
    expect(await router.run(sum, read(there), { ...context, device: "cpu" })).toBe(15);
    expect(router.warnings).toEqual([]);
    await expect(router.run(sum, read(there), context)).rejects.toMatchObject({ code: "GPU_FAILED" });
  });

  test("computes numbers in memory as they are, without a device", async () => {
    const router = make({}, () => Promise.reject(new Error("nothing to read back")));
    expect(router.concerns(asAny(sum), read(here), context)).toBe(false);
    expect(await router.run(sum, read(here), { ...context, device: "webgpu" })).toBe(15);
  });

  test("is refused where it cannot take numbers that were read back, or its result is wanted on the GPU", async () => {
    const router = make();
    const { withInputs, ...rest } = sum;
    const fixed = { ...rest } as Operation<Sum, number>;
    const refused = { code: "GPU_BUFFER", argument: "paths", message: expect.stringContaining("sum") };
    await expect(router.run(fixed, read(there), context)).rejects.toMatchObject(refused);
    await expect(router.run(sum, read(there), { output: "gpu" })).rejects.toMatchObject({ code: "ENGINE_OPTION_TYPE" });
    // The next call works.
    expect(await router.run(sum, read(there), context)).toBe(15);
  });

  test("fails with the device's fault where nothing can be read", async () => {
    const lost = new Error("lost");
    const router = make({}, () => Promise.reject(lost));
    await expect(router.run(sum, read(there), context)).rejects.toBe(lost);
  });

  test("is explained as the CPU's", () => {
    const { plan, verdicts } = make().explain(asAny(sum), read(there), context);
    expect(plan).toMatchObject({ device: "cpu", kernel: "sum" });
    expect(verdicts[0]).toMatchObject({ rule: "availability", decides: true });
  });
});
