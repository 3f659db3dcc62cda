// The GPU as a backend of calls: what stays on a device, ownership of devices and buffers, and
// every fault. On Dawn in Node.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GpuBackend, GpuTensor, gpuOperations, isGpuFault, readCallAnywhere } from "../../ts/gpu/index.ts";
import { type SignatureOptions, signature } from "../../ts/index.ts";
import { makePath, random, toFloat32 } from "../paths.ts";
import { describeOn, openDawn } from "./implementations.ts";
import { altered } from "./small.ts";

const STORAGE = 0x80;
const COPY_DST = 0x8;

/** Paths from a seed. */
function pathsOf(batch: number, points: number, channels: number, seed = 1) {
  const next = random(seed);
  const data = new Float32Array(batch * points * channels);
  for (let b = 0; b < batch; b++) {
    data.set(toFloat32(makePath("walk", points, channels, next)).flat(), b * points * channels);
  }
  return { data, shape: [batch, points, channels] };
}

/** The CPU's result in float64. */
const expected = (paths: { data: Float32Array; shape: number[] }, options: SignatureOptions): Float64Array =>
  signature({ data: Float64Array.from(paths.data), shape: paths.shape }, options as { depth: number })
    .data as Float64Array;

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - wanted[i]!));
  // Paths of size one: coefficients below one, some hundred steps with a rounding each.
  expect(worst).toBeLessThan(1e-5);
}

const run = (backend: GpuBackend, paths: unknown, options: unknown, context = {}) =>
  backend.run(gpuOperations.signature, { call: readCallAnywhere(paths, options).call, rows: [] }, context);

/**
 * Dawn's buffers belong to the device itself, not to a proxy of it: a call on a proxy still makes
 * real buffers.
 */
function upload(device: GPUDevice, data: Float32Array<ArrayBuffer>, before = 0): GPUBuffer {
  const buffer = device.createBuffer({ size: before + data.byteLength, usage: STORAGE | COPY_DST });
  device.queue.writeBuffer(buffer, before, data);
  return buffer;
}

describeOn("dawn", "backend", () => {
  let gpu: GPU;
  beforeAll(async () => {
    gpu = (await openDawn())!;
  });

  describe("on the user's device", () => {
    let device: GPUDevice;
    let backend: GpuBackend;
    beforeAll(async () => {
      device = await (await gpu.requestAdapter())!.requestDevice();
      backend = new GpuBackend(device);
    });
    afterAll(async () => {
      await backend.close();
      // A buffer of the caller's is never destroyed.
      device.pushErrorScope("validation");
      device.createBuffer({ size: 16, usage: STORAGE }).destroy();
      expect(await device.popErrorScope()).toBeNull();
      device.destroy();
    });

    const paths = pathsOf(5, 40, 3);

    test("results stay where they are wanted, and come back when they are", async () => {
      const tensor = (await run(backend, paths, { depth: 3 }, { output: "gpu" })) as GpuTensor;
      expect(tensor).toBeInstanceOf(GpuTensor);
      expect(tensor.shape).toEqual([5, 39]);
      expect(tensor.device).toBe(device);
      expect(tensor.buffer.size).toBe(4 * 5 * 39);
      const here = await tensor.toCpu();
      expect(here.shape).toEqual([5, 39]);
      expectClose(here.data, expected(paths, { depth: 3 }));
      expect(here.level(2).shape).toEqual([5, 3, 3]);
      tensor.destroy();
      tensor.destroy();
      await expect(tensor.toCpu()).rejects.toMatchObject({ code: "GPU_BUFFER" });
    });

    test("a tensor of many pieces is read back whole", async () => {
      const many = pathsOf(3, 4, 141);
      const tensor = (await run(backend, many, { depth: 3 }, { output: "gpu" })) as GpuTensor;
      expect(tensor.buffer.size).toBeGreaterThan(32 * 2 ** 20);
      const here = await tensor.toCpu();
      tensor.destroy();
      // The last numbers come in the last segment.
      const alone = expected({ data: many.data.slice(2 * 4 * 141), shape: [4, 141] }, { depth: 3 });
      expectClose(here.data.subarray(2 * alone.length), alone);
    });

    test("nothing crosses the bus where paths, basepoint and initial are on the device", async () => {
      const { data } = paths;
      const buffer = upload(device, data, 12);
      const first = (await run(backend, paths, { depth: 2, scalarTerm: true }, { output: "gpu" })) as GpuTensor;
      const basepoint = upload(device, new Float32Array([0.5, -0.5, 0.25]));
      const { queue } = device;
      let written = 0;
      const watched = altered(device, {
        queue: altered(queue as unknown as GPUDevice, {
          writeBuffer: (...args: Parameters<GPUQueue["writeBuffer"]>) => {
            written += args[4] !== undefined ? 4 * args[4] : (args[2] as Float32Array).byteLength;
            queue.writeBuffer(...args);
          },
        }),
      });
      const other = new GpuBackend(watched);
      const input = { buffer, shape: [5, 40, 3], offset: 12 };
      const options = { depth: 2, scalarTerm: true, initial: first, basepoint: { buffer: basepoint, shape: [3] } };
      // The tensor belongs to the device behind the proxy.
      Object.defineProperty(first, "device", { value: watched });
      const result = (await run(other, input, options, { output: "gpu" })) as GpuTensor;
      expect(written).toBeLessThan(1024);
      const here = await result.toCpu();
      const initial = expected(paths, { depth: 2 });
      const wanted = expected(paths, {
        depth: 2,
        scalarTerm: true,
        basepoint: [0.5, -0.5, 0.25],
        initial: { data: initial, shape: [5, 12] },
      });
      expectClose(here.data, wanted);
      for (const one of [first, result]) one.destroy();
      await other.close();
      // The caller's buffers are unchanged.
      device.pushErrorScope("validation");
      for (const one of [buffer, basepoint]) device.queue.writeBuffer(one, 0, new Float32Array(1));
      expect(await device.popErrorScope()).toBeNull();
      for (const one of [buffer, basepoint]) one.destroy();
    });

    test("a signature is a path for the next one", async () => {
      const stream = (await run(backend, paths, { depth: 2, stream: true }, { output: "gpu" })) as GpuTensor;
      const result = (await run(backend, stream, { depth: 2 })) as Float32Array;
      const lifted = signature({ data: Float64Array.from(paths.data), shape: paths.shape }, { depth: 2, stream: true });
      expectClose(result, signature(lifted, { depth: 2 }).data);
      stream.destroy();
    });

    test("ragged batches of paths on the device", async () => {
      const buffer = upload(device, paths.data);
      const lengths = [40, 1, 17, 40, 2];
      const result = await run(backend, { buffer, shape: paths.shape }, { depth: 3, lengths });
      expectClose(result as Float32Array, expected(paths, { depth: 3, lengths }));
      buffer.destroy();
    });

    test("a number that is not finite is named, on the device too", async () => {
      for (const [bad, at] of [
        [Number.NaN, { path: 3, point: 7, channel: 2 }],
        [Number.POSITIVE_INFINITY, { path: 0, point: 0, channel: 0 }],
        [Number.NEGATIVE_INFINITY, { path: 4, point: 39, channel: 1 }],
      ] as const) {
        for (const depth of [1, 2, 4]) {
          const data = paths.data.slice();
          data[(at.path * 40 + at.point) * 3 + at.channel] = bad;
          const buffer = upload(device, data);
          const error = { code: "NOT_FINITE", argument: "paths", position: at };
          await expect(run(backend, { data, shape: paths.shape }, { depth })).rejects.toMatchObject(error);
          await expect(run(backend, { buffer, shape: paths.shape }, { depth })).rejects.toMatchObject(error);
          await run(backend, { buffer, shape: paths.shape }, { depth, checkFinite: false });
          buffer.destroy();
        }
      }
      expect(backend.info().memory.inUse).toBe(0);
    });

    test("finite numbers whose differences overflow are none of the caller's", async () => {
      const data = new Float32Array([-3e38, 0, 3e38, 1]);
      await run(backend, { data, shape: [2, 2] }, { depth: 2 });
      const buffer = upload(device, data);
      await run(backend, { buffer, shape: [2, 2] }, { depth: 2 });
      buffer.destroy();
    });

    test("buffers that cannot be read are refused before anything is done", async () => {
      const good = upload(device, paths.data);
      const plain = device.createBuffer({ size: 4096, usage: COPY_DST });
      const refused = (value: unknown, code: string, options: unknown = { depth: 2 }) =>
        expect(() => readCallAnywhere(value, options)).toThrow(expect.objectContaining({ code }));
      refused({ buffer: good, shape: [5, 41, 3] }, "GPU_BUFFER");
      refused({ buffer: good, shape: [5, 40, 3], offset: 4 }, "GPU_BUFFER");
      refused({ buffer: good, shape: [5, 10, 3], offset: 2 }, "GPU_BUFFER");
      refused({ buffer: plain, shape: [2, 2] }, "GPU_BUFFER");
      refused({ buffer: good, shape: [600] }, "PATHS_RANK");
      refused({ buffer: good, shape: [5, 0, 3] }, "SHAPE_INVALID");
      refused({ buffer: good, shape: [5, 40.5, 3] }, "SHAPE_INVALID");
      refused({ buffer: good, shape: "5,40,3" }, "PATHS_TYPE");
      refused({ buffer: good, shape: [5, 40, 3] }, "DTYPE_INVALID", { depth: 2, dtype: "float64" });
      refused(paths, "INITIAL_SHAPE", { depth: 2, initial: { buffer: good, shape: [5, 13] } });
      refused(paths, "BASEPOINT_SHAPE", { depth: 2, basepoint: { buffer: good, shape: [4, 3] } });
      for (const one of [good, plain]) one.destroy();
    });

    test("a buffer of another device is the implementation's to refuse; the next call works", async () => {
      const other = await (await gpu.requestAdapter())!.requestDevice();
      const foreign = upload(other, paths.data);
      const error = await run(backend, { buffer: foreign, shape: paths.shape }, { depth: 2 }).catch((e) => e);
      expect(error).toMatchObject({ code: "GPU_FAILED" });
      expect(isGpuFault(error)).toBe(true);
      expect(error.message).toMatch(/validation/);
      expectClose((await run(backend, paths, { depth: 2 })) as Float32Array, expected(paths, { depth: 2 }));
      expect(backend.info().memory.inUse).toBe(0);
      other.destroy();
    });

    test("a destroyed buffer too", async () => {
      const gone = upload(device, paths.data);
      gone.destroy();
      await expect(run(backend, { buffer: gone, shape: paths.shape }, { depth: 2 })).rejects.toMatchObject({
        code: "GPU_FAILED",
      });
      await run(backend, paths, { depth: 2 });
    });

    test("calls at once do not disturb each other", async () => {
      const inputs = Array.from({ length: 12 }, (_, i) => pathsOf(1 + i, 20 + i, 2 + (i % 4), 100 + i));
      const results = await Promise.all(inputs.map((one, i) => run(backend, one, { depth: 2 + (i % 3) })));
      for (const [i, one] of inputs.entries())
        expectClose(results[i] as Float32Array, expected(one, { depth: 2 + (i % 3) }));
      expect(backend.info().memory.inUse).toBe(0);
    });

    test("the same call gives the same bits", async () => {
      const long = pathsOf(3, 3000, 3);
      const [a, b] = [await run(backend, long, { depth: 3 }), await run(backend, long, { depth: 3 })];
      expect(a).toEqual(b);
    });

    test("memory stays flat, and below its bound", async () => {
      const use = async () => {
        for (let i = 0; i < 10; i++) await run(backend, pathsOf(1 + i, 100, 4), { depth: 4 });
        const { inUse, idle } = backend.info().memory;
        expect(inUse).toBe(0);
        return idle;
      };
      const first = await use();
      expect(await use()).toBe(first);
      expect(first).toBeLessThanOrEqual(192 * 2 ** 20);
    });

    test("prepare makes the pipelines that the call needs", async () => {
      await backend.prepare(gpuOperations.signature, { channels: 6, depth: 2, batch: 7, points: 30 });
      const { pipelines } = backend.info();
      await run(backend, pathsOf(7, 30, 6), { depth: 2 });
      expect(backend.info().pipelines).toBe(pipelines);
    });
  });

  describe("abort and progress", () => {
    let backend: GpuBackend;
    beforeAll(() => {
      backend = new GpuBackend(gpu);
    });
    afterAll(() => backend.close());
    const long = pathsOf(600, 400, 4);

    test("progress rises to one, in several submissions", async () => {
      const seen: number[] = [];
      const result = await run(backend, long, { depth: 4 }, { onProgress: (fraction: number) => seen.push(fraction) });
      expectClose(result as Float32Array, expected(long, { depth: 4 }));
      expect(seen.length).toBeGreaterThan(2);
      for (let i = 1; i < seen.length; i++) expect(seen[i]).toBeGreaterThanOrEqual(seen[i - 1]!);
      expect(seen.at(-1)).toBeGreaterThan(0.9);
      expect(seen.at(-1)).toBeLessThanOrEqual(1);
    });

    test("an aborted call fails with the signal's reason, at once or in the middle, and the next works", async () => {
      const reason = new Error("enough");
      const before = AbortSignal.abort(reason);
      await expect(run(backend, long, { depth: 4 }, { signal: before })).rejects.toBe(reason);
      const controller = new AbortController();
      let told = 0;
      const onProgress = () => {
        if (++told === 2) controller.abort(reason);
      };
      await expect(run(backend, long, { depth: 4 }, { signal: controller.signal, onProgress })).rejects.toBe(reason);
      const paths = pathsOf(2, 10, 2);
      expectClose((await run(backend, paths, { depth: 2 })) as Float32Array, expected(paths, { depth: 2 }));
      expect(backend.info().memory.inUse).toBe(0);
      expect(backend.info().faults).toEqual([]);
    });

    test("an error of the caller's own onProgress is the caller's", async () => {
      const mistake = new Error("mistake");
      const onProgress = () => {
        throw mistake;
      };
      await expect(run(backend, long, { depth: 4 }, { onProgress })).rejects.toBe(mistake);
      await run(backend, pathsOf(2, 10, 2), { depth: 2 });
    });
  });

  describe("faults", () => {
    const paths = pathsOf(300, 300, 4);
    const wanted = { depth: 4 };

    /** A GPU that reports its devices. */
    function observed(alter: (device: GPUDevice) => GPUDevice = (device) => device) {
      const devices: GPUDevice[] = [];
      const source = {
        async requestAdapter() {
          const adapter = (await gpu.requestAdapter())!;
          const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
            const device = await adapter.requestDevice(descriptor);
            devices.push(device);
            return alter(device);
          };
          return altered(adapter as unknown as GPUDevice, { requestDevice });
        },
      };
      return { devices, source: source as unknown as GPU };
    }

    test("a device that is lost in the middle: the call is done again on a new one", async () => {
      const { devices, source } = observed();
      const backend = new GpuBackend(source);
      let told = 0;
      const onProgress = () => {
        if (++told === 2) devices[0]!.destroy();
      };
      const result = await run(backend, paths, wanted, { onProgress });
      expectClose(result as Float32Array, expected(paths, wanted));
      expect(devices.length).toBe(2);
      const { faults, devices: opened, memory } = backend.info();
      expect(faults).toMatchObject([{ code: "GPU_LOST", answer: "new device" }]);
      expect(opened).toBe(2);
      expect(memory.inUse).toBe(0);
      await backend.close();
    });

    test("a device that is lost between the mapping of results and reading them", async () => {
      const { devices, source } = observed((device) => {
        const createBuffer = (descriptor: GPUBufferDescriptor) => {
          const buffer = device.createBuffer(descriptor);
          const getMappedRange = buffer.getMappedRange.bind(buffer);
          if (devices.length === 1) {
            buffer.getMappedRange = (...range) => {
              device.destroy();
              // Like the loss, a moment later on this implementation.
              buffer.unmap();
              return getMappedRange(...range);
            };
          }
          return buffer;
        };
        return altered(device, { createBuffer });
      });
      const backend = new GpuBackend(source);
      expectClose((await run(backend, paths, wanted)) as Float32Array, expected(paths, wanted));
      expect(devices.length).toBe(2);
      expect(backend.info()).toMatchObject({
        faults: [{ code: "GPU_LOST", answer: "new device" }],
        memory: { inUse: 0 },
      });
      await backend.close();
    });

    test("a device that is lost between calls", async () => {
      const { devices, source } = observed();
      const backend = new GpuBackend(source);
      const tensor = (await run(backend, paths, { depth: 2 }, { output: "gpu" })) as GpuTensor;
      devices[0]!.destroy();
      await devices[0]!.lost;
      await expect(tensor.toCpu()).rejects.toMatchObject({ code: "GPU_LOST" });
      expect(() => readCallAnywhere(tensor, { depth: 2 })).toThrow(expect.objectContaining({ code: "GPU_LOST" }));
      expectClose((await run(backend, paths, { depth: 2 })) as Float32Array, expected(paths, { depth: 2 }));
      expect(devices.length).toBe(2);
      tensor.destroy();
      await backend.close();
    });

    test("a device that is lost again and again is passed on", async () => {
      const { devices, source } = observed();
      const backend = new GpuBackend(source);
      const onProgress = () => devices.at(-1)!.destroy();
      await expect(run(backend, paths, wanted, { onProgress })).rejects.toMatchObject({ code: "GPU_LOST" });
      expect(backend.info().faults.map(({ answer }) => answer)).toEqual(["new device", "passed on"]);
      await backend.close();
    });

    test("the user's device has no successor", async () => {
      const device = await (await gpu.requestAdapter())!.requestDevice();
      const backend = new GpuBackend(device);
      await run(backend, paths, { depth: 2 });
      device.destroy();
      for (let i = 0; i < 2; i++)
        await expect(run(backend, paths, { depth: 2 })).rejects.toMatchObject({ code: "GPU_LOST" });
      await backend.close();
    });

    test("a tensor of one device is nothing to another", async () => {
      const [a, b] = [new GpuBackend(gpu), new GpuBackend(gpu)];
      const tensor = (await run(a, paths, { depth: 2, stream: true }, { output: "gpu" })) as GpuTensor;
      await expect(run(b, tensor, { depth: 2 })).rejects.toMatchObject({ code: "GPU_BUFFER" });
      tensor.destroy();
      await Promise.all([a.close(), b.close()]);
    });

    test("no adapter, no WebGPU at all, and an adapter that gives no device", async () => {
      const none = { requestAdapter: async () => null } as unknown as GPU;
      const throwing = { requestAdapter: () => Promise.reject(new Error("no")) } as unknown as GPU;
      const adapter = (await gpu.requestAdapter())!;
      const giving = {
        requestAdapter: async () =>
          altered(adapter as unknown as GPUDevice, { requestDevice: () => Promise.reject(new Error("taken")) }),
      } as unknown as GPU;
      for (const source of [none, throwing, giving]) {
        const backend = new GpuBackend(source);
        await expect(run(backend, paths, wanted)).rejects.toMatchObject({ code: "GPU_UNAVAILABLE" });
        await backend.close();
      }
    });

    describe("memory that runs out", () => {
      let most = 0;
      beforeEach(() => {
        most = Number.POSITIVE_INFINITY;
      });

      /**
       * A device without memory for buffers of more than `most` bytes: reports it as real ones do,
       * in the error scope.
       */
      function poor(device: GPUDevice): GPUDevice {
        const scopes: { filter: GPUErrorFilter; failed: boolean }[] = [];
        return altered(device, {
          createBuffer(descriptor: GPUBufferDescriptor) {
            const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
            if (descriptor.size > most && scope) scope.failed = true;
            return device.createBuffer(descriptor);
          },
          pushErrorScope(filter: GPUErrorFilter) {
            scopes.push({ filter, failed: false });
            device.pushErrorScope(filter);
          },
          popErrorScope() {
            const scope = scopes.pop()!;
            const real = device.popErrorScope();
            return scope.failed ? Promise.resolve(new GPUOutOfMemoryError("no memory")) : real;
          },
        });
      }

      const large = pathsOf(2000, 100, 20);

      test("smaller blocks do", async () => {
        const backend = new GpuBackend(observed(poor).source);
        most = 3 * 2 ** 20;
        const result = await run(backend, large, { depth: 2 });
        expectClose(result as Float32Array, expected(large, { depth: 2 }));
        expect(backend.info().faults).toMatchObject([{ code: "GPU_OUT_OF_MEMORY", answer: "smaller blocks" }]);
        expect(backend.info().memory.inUse).toBe(0);
        await backend.close();
      });

      test("none do, and the next call works", async () => {
        const backend = new GpuBackend(observed(poor).source);
        most = 2 ** 16;
        await expect(run(backend, large, { depth: 2 })).rejects.toMatchObject({ code: "GPU_OUT_OF_MEMORY" });
        expect(backend.info().faults.map(({ answer }) => answer)).toEqual(["smaller blocks", "passed on"]);
        expect(backend.info().memory.inUse).toBe(0);
        most = Number.POSITIVE_INFINITY;
        expectClose((await run(backend, large, { depth: 2 })) as Float32Array, expected(large, { depth: 2 }));
        await backend.close();
      });
    });

    test("an error that no call made is not silent", async () => {
      const { devices, source } = observed();
      const backend = new GpuBackend(source);
      await run(backend, paths, { depth: 1 });
      devices[0]!.createBuffer({ size: 16, usage: 0xffff });
      await devices[0]!.queue.onSubmittedWorkDone();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(backend.info().faults).toMatchObject([{ code: "GPU_FAILED", answer: "uncaptured" }]);
      await backend.close();
    });

    test("a closed backend says so", async () => {
      const backend = new GpuBackend(gpu);
      await backend.close();
      await backend.close();
      await expect(run(backend, paths, { depth: 1 })).rejects.toMatchObject({ code: "GPU_UNAVAILABLE" });
    });
  });
});
