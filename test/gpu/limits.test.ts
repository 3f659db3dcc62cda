// Calls beyond a device's limits: batches in blocks, paths in segments of time, and what cannot be cut. On a device that says it is small, and
// once on the real limits of every device.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GpuBackend, readCallAnywhere } from "../../ts/gpu/index.ts";
import { referenceSignature } from "../reference.ts";
import { describeOn, openDawn } from "./implementations.ts";
import { smaller } from "./small.ts";
import { gpuCases, runCase } from "./table.ts";

describeOn("dawn", "limits", () => {
  let gpu: GPU;
  let device: GPUDevice;
  beforeAll(async () => {
    gpu = (await openDawn())!;
    device = await (await gpu.requestAdapter())!.requestDevice();
  });
  afterAll(() => device?.destroy());

  // Bindings of so many bytes: paths of a few hundred points no longer fit, and batches are many blocks.
  describe.each([65_536, 16_640, 4_352])("bindings of %i bytes", (maxStorageBufferBindingSize) => {
    let backend: GpuBackend;
    beforeAll(() => {
      backend = new GpuBackend(smaller(device, { maxStorageBufferBindingSize }));
    });
    afterAll(() => backend.close());

    const numbersThatFit = (maxStorageBufferBindingSize - 256) / 4;
    const fitting = gpuCases.filter(({ channels, depth }) => {
      let size = 1;
      for (let k = 1; k <= depth; k++) size += channels ** k;
      return Math.max(size, 2 * channels) <= numbersThatFit;
    });
    const some = fitting.filter(
      ({ name }, i) => /^(options|blocks|length)/.test(name) && (i % 3 === 0 || /^(blocks|length)/.test(name)),
    );
    test.each(some)("$name", async (one) => {
      const { worst, where, error } = await runCase(backend, one);
      expect(error).toBeUndefined();
      expect(worst, where).toBeLessThanOrEqual(1);
    });

    test("nothing is held afterwards", () => expect(backend.info().memory.inUse).toBe(0));
  });

  test("a signature that is larger than a binding is refused, and the next call works", async () => {
    const backend = new GpuBackend(smaller(device, { maxStorageBufferBindingSize: 4096 }));
    const paths = { data: new Float32Array(2 * 11), shape: [2, 11] };
    const { call } = readCallAnywhere(paths, { depth: 3 });
    await expect(backend.run("signature", call)).rejects.toMatchObject({ code: "GPU_LIMITS" });
    const { call: next } = readCallAnywhere(paths, { depth: 2 });
    expect(await backend.run("signature", next)).toEqual(new Float32Array(11 + 121));
    await backend.close();
  });

  // 128 MiB bindings and 256 MiB buffers are what every device has. Paths that stand still for most of their time: their signatures are those
  // of the few points where they do not.
  describe("the limits of every device", () => {
    let backend: GpuBackend;
    beforeAll(() => {
      backend = new GpuBackend(device);
    });
    afterAll(() => backend.close());

    const binding = 2 ** 27 / 4;
    const [channels, depth] = [4, 2];
    const moves = [
      [0, 0, 0, 0],
      [1, 0.5, -0.25, 2],
      [0.5, 1, 0.25, -1],
      [-1, 0, 0.75, 0.5],
    ];
    const reference = referenceSignature(moves, { depth }).rows[0]!;

    /** A path of so many points that moves at its start, its middle and its end. */
    function fill(data: Float32Array, from: number, points: number): void {
      for (let t = 0; t < points; t++) {
        const which = t === 0 ? 0 : t < points / 2 ? 1 : t < points - 1 ? 2 : 3;
        data.set(moves[which]!, from + t * channels);
      }
    }

    test.each([
      ["a path that just fits a binding", 1, binding / channels - 64],
      ["a path of one point more than a binding", 1, binding / channels + 1],
      ["a batch of more than a binding", 3, binding / channels / 2 + 1],
    ])("%s", { timeout: 300_000 }, async (_, batch, points) => {
      const data = new Float32Array(batch * points * channels);
      for (let b = 0; b < batch; b++) fill(data, b * points * channels, points);
      const { call } = readCallAnywhere({ data, shape: [batch, points, channels] }, { depth });
      const result = (await backend.run("signature", call)) as Float32Array;
      expect(result.length).toBe(batch * reference.length);
      for (let b = 0; b < batch; b++) {
        for (const [i, expected] of reference.entries()) {
          expect(Math.abs(result[b * reference.length + i]! - expected)).toBeLessThan(1e-6);
        }
      }
    });
  });
});
