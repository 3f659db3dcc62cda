// Calibration of a machine with a GPU, through the engine, on Dawn. test/dispatch tests the fit;
// this tests a device that exists, or that is lost in the middle. Nothing here depends on timing.

import { afterEach, beforeAll, expect, test } from "vitest";
import { type Costs, createEngine, type Engine, type EngineOptions } from "../../ts/index.ts";
import { describeOn, openDawn } from "./implementations.ts";
import { altered } from "./small.ts";

let engine: Engine | undefined;
async function make(options: EngineOptions): Promise<Engine> {
  engine = await createEngine({ threads: 1, ...options });
  return engine;
}
afterEach(async () => {
  await engine?.close({ abort: true });
  engine = undefined;
});

const sizes = { shape: [64, 100, 3], depth: 3 };

describeOn("dawn", "calibrate on Dawn", () => {
  let gpu: GPU;
  beforeAll(async () => {
    gpu = (await openDawn())!;
  });

  /** A device that is destroyed after a number of submissions. */
  async function short(submissions: number): Promise<GPUDevice> {
    const device = await (await gpu.requestAdapter())!.requestDevice();
    const { queue } = device;
    let left = submissions;
    return altered(device, {
      queue: altered(queue as unknown as GPUDevice, {
        submit: (commands: GPUCommandBuffer[]) => {
          queue.submit(commands);
          if (--left === 0) device.destroy();
        },
      }),
    });
  }

  test("gives the costs of both devices, by way of JSON, and engines that take them reckon with them", async () => {
    const here = await make({ gpu });
    const costs = JSON.parse(JSON.stringify(await here.calibrate({ budgetMs: 500 }))) as Costs;
    const { description, device, vendor } = here.info().gpu!.adapter!;
    expect(costs.gpu!.adapter).toBe(description || device || vendor);
    expect(costs.machine).toContain(costs.gpu!.adapter);
    expect(costs.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    for (const seconds of [costs.cpu.seconds, costs.gpu!.seconds]) {
      for (const value of Object.values(seconds)) expect(value).toBeGreaterThan(0);
    }
    expect(costs.gpu!.invocationsToFill).toBeGreaterThan(0);
    expect(here.info()).toMatchObject({ warnings: [], gpu: { calls: 0, fallbacks: 0, faults: [] } });
    expect(here.info().gpu!.memory.inUse).toBe(0);
    await here.close();

    const tuned = await make({ gpu, costs, device: "webgpu" });
    // With costs of its own a software adapter is no longer ruled out, only more or less expensive.
    const { verdicts } = tuned.explain("signature", { ...sizes, device: "auto" });
    expect(verdicts.find(({ rule }) => rule === "availability")).toMatchObject({ device: "either" });
    const { numbers } = verdicts.at(-1)!;
    expect(numbers["webgpu launch"]).toBe(costs.gpu!.seconds.launch);
    expect(numbers["cpu call"]).toBe(costs.cpu.seconds.call);
  });

  test("an abort, and the engine's end, end it", async () => {
    const here = await make({ gpu });
    const controller = new AbortController();
    const work = here.calibrate({ budgetMs: 60_000, signal: controller.signal });
    await expect.poll(() => here.info().gpu!.calls).toBe(1);
    controller.abort("enough");
    await expect(work).rejects.toBe("enough");
    const ended = expect(here.calibrate({ budgetMs: 60_000 })).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    await here.close({ abort: true });
    await ended;
    await expect(here.calibrate()).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
  });

  test("what is no signal is refused", async () => {
    const here = await make({});
    await expect(here.calibrate({ signal: 3 as never })).rejects.toMatchObject({
      code: "ENGINE_OPTION_TYPE",
      argument: "options.signal",
    });
  });

  // Time enough for those submissions on a busy machine.
  test("a device that goes in the middle: the processor's costs, and told; or the error", async () => {
    const here = await make({ gpu: await short(5) });
    const costs = await here.calibrate({ budgetMs: 3000 });
    expect(costs.gpu).toBeUndefined();
    expect(costs.cpu.seconds.horner).toBeGreaterThan(0);
    expect(here.info().warnings.join()).toMatch(/The GPU was not measured: .*lost/);
    await here.close();
    await (await make({ costs })).close();

    const strict = await make({ gpu: await short(5), fallback: "error" });
    await expect(strict.calibrate({ budgetMs: 3000 })).rejects.toMatchObject({ code: "GPU_LOST" });
    expect((await strict.signature({ data: new Float32Array(4), shape: [2, 2] }, { depth: 1 })).shape).toEqual([2]);
  });

  test("no adapter: the processor's costs", async () => {
    const none = { requestAdapter: async () => null } as unknown as GPU;
    const here = await make({ gpu: none });
    const costs = await here.calibrate({ budgetMs: 50 });
    expect(costs.gpu).toBeUndefined();
    expect(here.info().warnings.join()).toMatch(/The GPU was not measured: .*no adapter/);
  });
});
