// The GPU behind an engine: calls run on the right device, data stays where it is, and whatever
// happens to the device, the result is correct or the error says what happened. On Dawn in Node,
// and on devices that do not exist.

import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type Costs,
  createEngine,
  type Engine,
  type EngineOptions,
  type GpuLogSignature,
  type GpuTensor,
  logSignature,
  type SignatureOf,
  signature,
  signatureVjp,
} from "../../ts/index.ts";
import { makePath, random, toFloat32 } from "../paths.ts";
import { describeOn, hardware, openDawn } from "./implementations.ts";
import { altered, smaller } from "./small.ts";

const STORAGE = 0x80;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;

let engine: Engine | undefined;
async function make(options: EngineOptions): Promise<Engine> {
  engine = await createEngine(options);
  return engine;
}
afterEach(async () => {
  await engine?.close({ abort: true });
  engine = undefined;
});

function pathsOf(batch: number, points: number, channels: number, seed = 1) {
  const next = random(seed);
  const data = new Float32Array(batch * points * channels);
  for (let b = 0; b < batch; b++)
    data.set(toFloat32(makePath("walk", points, channels, next)).flat(), b * points * channels);
  return { data, shape: [batch, points, channels] };
}

const small = pathsOf(5, 40, 3);

/** In float32: coefficients below one, some hundred steps with a rounding each. */
function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - wanted[i]!));
  expect(worst).toBeLessThan(1e-5);
}

const expected = (paths: { data: Float32Array; shape: number[] }, options: { depth: number; scalarTerm?: boolean }) =>
  signature({ data: Float64Array.from(paths.data), shape: paths.shape }, options).data;

/** A GPU that returns no adapter, or fails in another way. */
const gpuThat = (requestAdapter: () => Promise<unknown>) => ({ requestAdapter }) as unknown as GPU;
const none = gpuThat(async () => null);

describe("without a device", () => {
  test("options that are none are refused", async () => {
    const refused = (options: unknown, code: string, argument: string) =>
      expect(createEngine(options as EngineOptions)).rejects.toMatchObject({ code, argument });
    await refused({ device: "cuda" }, "ENGINE_OPTION_TYPE", "options.device");
    await refused({ fallback: "none" }, "ENGINE_OPTION_TYPE", "options.fallback");
    await refused({ gpu: 3 }, "GPU_TYPE", "options.gpu");
    await refused({ costs: { version: 2 } }, "COSTS_INVALID", "options.costs.version");
    const here = await make({});
    const call = (options: object) => here.signature(small, { depth: 2, ...options });
    await expect(call({ device: "gpu" })).rejects.toMatchObject({ argument: "options.device" });
    await expect(call({ output: "webgpu" })).rejects.toMatchObject({ argument: "options.output" });
    await expect(here.calibrate({ budgetMs: 0 })).rejects.toMatchObject({ argument: "options.budgetMs" });
    expect((await call({})).shape).toEqual([5, 12]);
  });

  test("no adapter: on the CPU, and info tells; or refused", async () => {
    const here = await make({ device: "webgpu", gpu: none });
    const result = await here.signature(small, { depth: 3 });
    expect(result.data).toEqual(signature(small, { depth: 3 }).data);
    const info = here.info();
    expect(info).toMatchObject({ device: "webgpu", gpu: { state: "unavailable", fallbacks: 1, devices: 0 } });
    expect(info.warnings.join()).toMatch(/no adapter/);
    await here.close();
    await expect(createEngine({ device: "webgpu", gpu: none, fallback: "error" })).rejects.toMatchObject({
      code: "GPU_UNAVAILABLE",
    });
    const strict = await make({ gpu: none, fallback: "error" });
    await expect(strict.signature(small, { depth: 3, device: "webgpu" })).rejects.toMatchObject({
      code: "GPU_UNAVAILABLE",
    });
    expectClose((await strict.signature(small, { depth: 3 })).data, expected(small, { depth: 3 }));
  });

  test("an adapter that fails is asked again by the call that wants it", async () => {
    let asked = 0;
    const gpu = gpuThat(async () => {
      asked++;
      throw new Error("not today");
    });
    const here = await make({ gpu });
    for (let i = 1; i <= 3; i++) {
      await here.signature(small, { depth: 2, device: "webgpu" });
      expect(asked).toBe(i);
    }
    expect(here.info().warnings).toHaveLength(1);
    await expect(here.signature(small, { depth: 2, output: "gpu" })).rejects.toMatchObject({ code: "GPU_UNAVAILABLE" });
  });

  test("float64 stays on the CPU; on the GPU it is refused where there is to be no fallback", async () => {
    const here = await make({ device: "webgpu", gpu: none });
    const points = [
      [0, 0],
      [1, 2],
    ];
    expect((await here.signature(points, { depth: 2 })).data).toBeInstanceOf(Float64Array);
    await expect(here.signature(points, { depth: 2, output: "gpu" })).rejects.toMatchObject({ code: "DTYPE_INVALID" });
    const strict = await make({ gpu: none, fallback: "error" });
    await expect(strict.signature(points, { depth: 2, device: "webgpu" })).rejects.toMatchObject({
      code: "DTYPE_INVALID",
    });
  });

  test("what no device has to allow is refused once the host's own device was asked for", async () => {
    const strict = await make({ gpu: none, fallback: "error" });
    const wide = strict.signature(pathsOf(1, 3, 6000), { depth: 2, device: "webgpu" });
    await expect(wide).rejects.toMatchObject({ code: "GPU_UNAVAILABLE" });
  });

  test("explain gives every rule's verdict, as an object and as text, and asks for nothing", async () => {
    let asked = 0;
    const gpu = gpuThat(async () => {
      asked++;
      return null;
    });
    const here = await make({ gpu, threads: 2 });
    const large = here.explain("signature", { shape: [16384, 1000, 4], depth: 6 });
    expect(large).toMatchObject({ device: "webgpu", kernel: "prefix" });
    expect(large.verdicts.map(({ rule }) => rule)).toEqual([
      "explicit",
      "dtype",
      "residency",
      "availability",
      "limits",
      "cost",
    ]);
    expect(large.verdicts.at(-1)).toMatchObject({ decides: true, device: "webgpu" });
    expect(large.verdicts.at(-1)!.numbers).toMatchObject({ cpu: expect.any(Number), webgpu: expect.any(Number) });
    expect(large.text.split("\n")).toHaveLength(7);
    expect(large.text).toMatch(/^on the GPU, \d+ blocks.*\n.*explicit.*\n.*dtype/);
    const plan = here.explain("signature", { shape: [10, 2], depth: 2 });
    expect(plan).toMatchObject({ device: "cpu", kernel: "pruned", threads: 1 });
    expect(here.explain("signature", { shape: [10, 2], depth: 2, input: "gpu" })).toMatchObject({ device: "webgpu" });
    expect(here.explain("signature", { shape: [10, 2], depth: 2, device: "webgpu" }).reasons).toEqual([
      'device is "webgpu"',
    ]);
    expect(() => here.explain("signature", { shape: [10, 2], depth: 2, input: "disk" as "cpu" })).toThrow(
      expect.objectContaining({ argument: "sizes.input" }),
    );
    expect(asked).toBe(0);
  });

  test("calibrate gives what createEngine takes, by way of JSON", async () => {
    const here = await make({ threads: 2 });
    const costs = JSON.parse(JSON.stringify(await here.calibrate({ budgetMs: 200 }))) as Costs;
    expect(costs).toMatchObject({ version: 1, cpu: { threadsEfficiency: expect.any(Number) } });
    expect(costs.gpu).toBeUndefined();
    await here.close();
    const plan = (await make({ costs })).explain("signature", { shape: [64, 100, 3], depth: 3 });
    expect(plan.device).toBe("cpu");
  });
});

describeOn("dawn", "an engine on Dawn", () => {
  let gpu: GPU;
  beforeAll(async () => {
    gpu = (await openDawn())!;
  });

  const deviceOf = async () => (await gpu.requestAdapter())!.requestDevice();
  function upload(device: GPUDevice, data: Float32Array, usage = STORAGE | COPY_DST): GPUBuffer {
    const buffer = device.createBuffer({ size: data.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
    return buffer;
  }

  test("where it is asked for, with every option of a call, and told so", async () => {
    const here = await make({ device: "webgpu", gpu });
    expect(here.info()).toMatchObject({ device: "webgpu", gpu: { state: "open", devices: 1 } });
    const lengths = [40, 1, 17, 40, 2];
    const options = { depth: 3, stream: true, lengths, basepoint: true, scalarTerm: true };
    expectClose((await here.signature(small, options)).data, expected(small, options));
    const out = new Float32Array(5 * 39);
    const result = await here.signature(small, { depth: 3, out });
    expect(result.data).toBe(out);
    expectClose(out, expected(small, { depth: 3 }));
    expect((await here.signature({ data: new Float32Array(0), shape: [0, 4, 3] }, { depth: 2 })).shape).toEqual([
      0, 12,
    ]);
    expect(here.info()).toMatchObject({ warnings: [], gpu: { fallbacks: 0, faults: [], calls: 0 } });
    expect(here.info().gpu!.pipelines).toBeGreaterThan(0);
    expect(here.info().gpu!.memory.inUse).toBe(0);
  });

  test("numbers that are not finite are named as on the CPU", async () => {
    const here = await make({ device: "webgpu", gpu });
    const data = small.data.slice();
    data[(3 * 40 + 7) * 3 + 2] = Number.NaN;
    const position = { path: 3, point: 7, channel: 2 };
    await expect(here.signature({ ...small, data }, { depth: 3 })).rejects.toMatchObject({
      code: "NOT_FINITE",
      position,
    });
    const single = { data: new Float32Array([1, Number.NaN]), shape: [2, 1, 1] };
    await expect(here.signature(single, { depth: 2 })).rejects.toMatchObject({ position: { path: 1 } });
    const initial = new Float32Array(12).fill(Number.POSITIVE_INFINITY);
    await expect(here.signature(small, { depth: 2, initial })).rejects.toMatchObject({ argument: "options.initial" });
    expect(here.info()).toMatchObject({ warnings: [], gpu: { fallbacks: 0 } });
  });

  test.each([{ depth: 1 }, { depth: 2, stream: true }, { depth: 3, inverse: true, scalarTerm: true }])(
    "with checkFinite: false they reach what they do on the CPU, %o",
    async (given) => {
      const device = await deviceOf();
      const here = await make({ device: "webgpu", gpu: device });
      const options = { ...given, checkFinite: false };
      for (const [value, at] of [
        [Number.NaN, 7],
        [Number.NEGATIVE_INFINITY, 39],
      ] as const) {
        const data = small.data.slice();
        data[(3 * 40 + at) * 3 + 2] = value;
        const paths = { ...small, data };
        const wanted = signature(paths, options).data;
        expect(wanted.every(Number.isFinite)).toBe(false);
        expect((await here.signature(paths, options)).data).toEqual(wanted);
        const buffer = upload(device, data, STORAGE | COPY_DST | COPY_SRC);
        const tensor = await here.signature({ buffer, shape: small.shape }, { ...options, output: "gpu" });
        expect((await tensor.toCpu()).data).toEqual(wanted);
        const cotangent = new Float32Array(wanted.length).fill(1);
        const gradients = signatureVjp(paths, cotangent, options).paths.data;
        expect((await here.signatureVjp(paths, cotangent, options)).paths.data).toEqual(gradients);
        // What cannot be read back is computed there.
        const sealed = upload(device, data);
        expect((await here.signature({ buffer: sealed, shape: small.shape }, options)).shape[0]).toBe(5);
        for (const one of [buffer, sealed, tensor]) one.destroy();
      }
      const sound = await here.signature(small, options);
      expectClose(sound.data, signature({ ...small, data: Float64Array.from(small.data) }, options).data);
      expect(here.info().gpu).toMatchObject({ fallbacks: 8, faults: [], memory: { inUse: 0 } });
      await here.close();
      device.destroy();
    },
  );

  test("results that stay, and paths that are there: tensors and buffers of one's own", async () => {
    const device = await deviceOf();
    const here = await make({ gpu: device });
    const stream: GpuTensor = await here.signature(small, { depth: 2, stream: true, output: "gpu" });
    expect(stream.shape).toEqual([5, 39, 12]);
    expect(stream.device).toBe(device);
    const memory: SignatureOf<"float32"> = await here.signature(stream, { depth: 2 });
    const lifted = signature({ data: Float64Array.from(small.data), shape: small.shape }, { depth: 2, stream: true });
    expectClose(memory.data, signature(lifted, { depth: 2 }).data);
    const buffer = upload(device, small.data);
    const mine = await here.signature({ buffer, shape: small.shape }, { depth: 3, output: "gpu" });
    expectClose((await mine.toCpu()).data, expected(small, { depth: 3 }));
    for (const one of [stream, mine]) one.destroy();
    await here.close();
    // The caller destroys what the caller created.
    device.pushErrorScope("validation");
    device.queue.writeBuffer(buffer, 0, new Float32Array(1));
    expect(await device.popErrorScope()).toBeNull();
    device.destroy();
  });

  test("channels-first paths, and their gradients in memory and on the device", async () => {
    const device = await deviceOf();
    const here = await make({ device: "webgpu", gpu: device });
    const [batch, points, channels] = small.shape as [number, number, number];
    const turned = (data: Float32Array) =>
      Float32Array.from(data, (_, i) => {
        const [b, at] = [Math.floor(i / (points * channels)), i % (points * channels)];
        return data[(b * points + (at % points)) * channels + Math.floor(at / points)]!;
      });
    const paths = { data: turned(small.data), shape: [batch, channels, points] };
    const options = { depth: 3, layout: "channels-first" } as const;
    const s = await here.signature(small, { depth: 3 });
    expect((await here.signature(paths, options)).data).toEqual(s.data);
    const wanted = turned((await here.signatureVjp(small, s, { depth: 3 })).paths.data);
    const inMemory = await here.signatureVjp(paths, s, options);
    expect(inMemory.paths).toEqual({ data: wanted, shape: [batch, channels, points], dtype: "float32" });
    const there = await here.signatureVjp(paths, s, { ...options, output: "gpu" });
    expect(there.paths.shape).toEqual([batch, channels, points]);
    expect((await there.paths.toCpu()).data).toEqual(wanted);
    const buffer = upload(device, small.data);
    await expect(here.signature({ buffer, shape: small.shape }, options)).rejects.toMatchObject({
      code: "LAYOUT_INVALID",
    });
    expect(here.info()).toMatchObject({ warnings: [], gpu: { fallbacks: 0 } });
    await here.close();
    device.destroy();
  });

  test.each([1, 2])("results of several blocks that stay have all scalar terms, at depth %i", async (depth) => {
    const device = await (await gpu.requestAdapter())!.requestDevice();
    // Three paths per block: rows of 21 numbers, so that the second block begins one number before
    // an aligned offset.
    const most = 3 * 1600 + device.limits.minStorageBufferOffsetAlignment;
    const here = await make({ device: "webgpu", gpu: smaller(device, { maxStorageBufferBindingSize: most }) });
    const paths = depth === 1 ? pathsOf(9, 20, 20) : pathsOf(9, 100, 4);
    const options = { depth, scalarTerm: true };
    const tensor = await here.signature(paths, { ...options, output: "gpu" });
    expectClose((await tensor.toCpu()).data, expected(paths, options));
    tensor.destroy();
    device.destroy();
  });

  test("log-signatures in float32, that stay or come back; other precisions on the CPU", async () => {
    const device = await deviceOf();
    const here = await make({ device: "webgpu", gpu: device });
    const exact = { data: Float64Array.from(small.data), shape: small.shape };
    const options = { depth: 3, basis: "hall", lengths: [40, 1, 17, 40, 2], precision: "float32" } as const;
    const wanted = logSignature(exact, { ...options, precision: "float64" });
    const result = await here.logSignature(small, options);
    expectClose(result.data, wanted.data);
    expect(result).toMatchObject({ shape: [5, 14], basis: "hall", dtype: "float32" });
    expect(result.at("[1,2]")).toHaveLength(5);
    const out = new Float32Array(5 * 14);
    // Numbers may be infinite: then the call is checked first.
    expect((await here.logSignature(small, { ...options, checkFinite: false, out })).data).toBe(out);
    expect(out).toEqual(result.data);
    expect(here.info()).toMatchObject({ warnings: [], gpu: { fallbacks: 0 } });

    const stay: GpuLogSignature = await here.logSignature(small, { ...options, stream: true, output: "gpu" });
    expect(stay).toMatchObject({ shape: [5, 39, 14], basis: "hall", depth: 3, channels: 3, stream: true });
    const stream = await stay.toCpu();
    expectClose(
      stream.data,
      logSignature(exact, { depth: 3, basis: "hall", lengths: options.lengths, stream: true }).data,
    );
    const lifted = { data: Float64Array.from(stream.data as Float32Array), shape: stream.shape };
    expectClose((await here.signature(stay, { depth: 2 })).data, signature(lifted, { depth: 2 }).data);
    expect(here.info().gpu!.fallbacks).toBe(0);

    const auto = await here.logSignature(small, { depth: 3 });
    expect(auto.data).toEqual(logSignature(small, { depth: 3 }).data);
    expect(here.info().warnings.join()).toMatch(/precision "float32" only/);
    expect(here.info().gpu!.fallbacks).toBe(1);
    const uploaded = await here.logSignature(small, { depth: 3, output: "gpu" });
    expect((await uploaded.toCpu()).data).toEqual(auto.data);
    for (const one of [stay, uploaded]) one.destroy();
    await here.close();

    const strict = await make({ device: "webgpu", gpu: device, fallback: "error" });
    await expect(strict.logSignature(small, { depth: 3 })).rejects.toMatchObject({
      code: "PRECISION_INVALID",
      argument: "options.precision",
    });
    // More numbers on the way than a workgroup's memory holds.
    const deep = strict.logSignature(pathsOf(2, 4, 18), { depth: 4, precision: "float32" });
    await expect(deep).rejects.toMatchObject({ code: "GPU_LIMITS" });
    await strict.close();
    device.destroy();
  });

  test("paths on the GPU for a call on the CPU are brought; what cannot be is refused", async () => {
    const device = await deviceOf();
    const here = await make({ gpu: device });
    const buffer = upload(device, small.data, STORAGE | COPY_DST | COPY_SRC);
    const there = { buffer, shape: small.shape };
    const result = await here.signature(there, { depth: 3, device: "cpu" });
    expect(result.data).toEqual(signature(small, { depth: 3 }).data);
    const tensor = await here.signature(there, { depth: 3, device: "cpu", output: "gpu" });
    expect((await tensor.toCpu()).data).toEqual(result.data);
    const sealed = upload(device, small.data);
    await expect(
      here.signature({ buffer: sealed, shape: small.shape }, { depth: 3, device: "cpu" }),
    ).rejects.toMatchObject({ code: "GPU_BUFFER" });
    for (const one of [buffer, sealed, tensor]) one.destroy();
    device.destroy();
  });

  test("by itself only where it pays: never to software that was not measured", async () => {
    const here = await make({ gpu, threads: 1 });
    // By the default costs this is a call for a GPU; the adapter then turns out to be software.
    const paths = pathsOf(512, 200, 8);
    expect(here.explain("signature", { shape: paths.shape, depth: 4 }).device).toBe("webgpu");
    const result = await here.signature(paths, { depth: 4 });
    if (hardware) return;
    expect(result.data).toEqual(signature(paths, { depth: 4 }).data);
    expect(here.explain("signature", { shape: paths.shape, depth: 4 })).toMatchObject({ device: "cpu" });
    expect(here.explain("signature", { shape: paths.shape, depth: 4 }).text).toMatch(/software implementation/);
    expect(here.info()).toMatchObject({ warnings: [], gpu: { state: "open", fallbacks: 0 } });
  });

  test("calls prepared for compile nothing", async () => {
    const here = await make({ gpu });
    await here.prepare("signature", { shape: small.shape, depth: 4, device: "webgpu" });
    const { pipelines } = here.info().gpu!;
    expect(pipelines).toBeGreaterThan(0);
    await here.signature(small, { depth: 4, device: "webgpu" });
    expect(here.info().gpu!.pipelines).toBe(pipelines);
    await here.prepare("signature", { shape: small.shape, depth: 4 });
  });

  test("progress in paths, monotone, to the total; an abort at once; others go on", async () => {
    const here = await make({ device: "webgpu", gpu });
    const paths = pathsOf(300, 500, 4);
    const seen: number[] = [];
    await here.signature(paths, {
      depth: 4,
      onProgress: ({ done, total }) => {
        expect(total).toBe(300);
        seen.push(done);
      },
    });
    expect(seen.at(-1)).toBe(300);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    const controller = new AbortController();
    const other = here.signature(small, { depth: 3 });
    const doomed = here.signature(paths, { depth: 4, signal: controller.signal });
    const late = here.signature(paths, { depth: 4, output: "gpu", signal: controller.signal });
    controller.abort("enough");
    await expect(doomed).rejects.toBe("enough");
    await expect(late).rejects.toBe("enough");
    expectClose((await other).data, expected(small, { depth: 3 }));
    const mine = new Error("mine");
    const onProgress = () => {
      throw mine;
    };
    await expect(here.signature(paths, { depth: 4, onProgress })).rejects.toBe(mine);
    await expect.poll(() => here.info().gpu!.calls).toBe(0);
    expect(here.info()).toMatchObject({ warnings: [], gpu: { memory: { inUse: 0 }, fallbacks: 0 } });
  });

  /** A GPU whose devices are observed and may be modified. */
  function watched(alter: (device: GPUDevice) => GPUDevice = (device) => device) {
    const devices: GPUDevice[] = [];
    const source = gpuThat(async () => {
      const adapter = (await gpu.requestAdapter())!;
      return altered(adapter as unknown as GPUDevice, {
        requestDevice: async (descriptor: GPUDeviceDescriptor) => {
          devices.push(await adapter.requestDevice(descriptor));
          return alter(devices.at(-1)!);
        },
      });
    });
    return { source, devices };
  }

  test("a device that is destroyed in the middle: done again on a new one, and told", async () => {
    const { source, devices } = watched();
    const here = await make({ device: "webgpu", gpu: source });
    const paths = pathsOf(64, 400, 4);
    const work = here.signature(paths, { depth: 4 });
    setTimeout(() => devices[0]!.destroy(), 5);
    expectClose((await work).data, expected(paths, { depth: 4 }));
    const again = await here.signature(small, { depth: 3 });
    expectClose(again.data, expected(small, { depth: 3 }));
    expect(devices.length).toBe(2);
    expect(here.info().gpu).toMatchObject({ devices: 2, fallbacks: 0, memory: { inUse: 0 } });
    expect(here.info().gpu!.faults).toEqual([expect.objectContaining({ code: "GPU_LOST", answer: "new device" })]);
  });

  test("devices that are lost every time: on the CPU, to its bits; or the error, where that was chosen", async () => {
    const lose = (device: GPUDevice) => {
      const { queue } = device;
      return altered(device, {
        queue: altered(queue as unknown as GPUDevice, {
          submit: (commands: GPUCommandBuffer[]) => {
            queue.submit(commands);
            device.destroy();
          },
        }),
      });
    };
    const here = await make({ device: "webgpu", gpu: watched(lose).source });
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }) => seen.push(done);
    const result = await here.signature(small, { depth: 3, onProgress });
    expect(result.data).toEqual(signature(small, { depth: 3 }).data);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(5);
    const { gpu: told, warnings } = here.info();
    expect(told!.fallbacks).toBe(1);
    expect(told!.faults.at(-1)).toMatchObject({ answer: "passed on" });
    expect(warnings.join()).toMatch(/done on the CPU: .*lost/);
    await here.close();
    const strict = await make({ gpu: watched(lose).source, fallback: "error" });
    await expect(strict.signature(small, { depth: 3, device: "webgpu" })).rejects.toMatchObject({ code: "GPU_LOST" });
    expect((await strict.signature(small, { depth: 3 })).shape).toEqual([5, 39]);
  });

  test("no memory, and errors of validation: on the CPU", async () => {
    for (const name of ["GPUOutOfMemoryError", "GPUValidationError"]) {
      const fail = (device: GPUDevice) =>
        altered(device, {
          popErrorScope: async () => {
            await device.popErrorScope();
            const Kind = (globalThis as unknown as Record<string, new (message: string) => GPUError>)[name]!;
            return new Kind("made up");
          },
        });
      const device = await deviceOf();
      const here = await make({ device: "webgpu", gpu: fail(device) });
      expect((await here.signature(small, { depth: 3 })).data).toEqual(signature(small, { depth: 3 }).data);
      expect(here.info().gpu!.fallbacks).toBe(1);
      expect(here.info().warnings.join()).toMatch(/made up/);
      await here.close();
      device.destroy();
    }
  });

  test("a lost tensor's numbers are lost: that is said, whatever the fallback", async () => {
    const { source, devices } = watched();
    const here = await make({ device: "webgpu", gpu: source });
    const tensor = await here.signature(small, { depth: 2, stream: true, output: "gpu" });
    devices[0]!.destroy();
    await devices[0]!.lost;
    await expect(here.signature(tensor, { depth: 2 })).rejects.toMatchObject({ code: "GPU_LOST" });
    expectClose((await here.signature(small, { depth: 2 })).data, expected(small, { depth: 2 }));
  });

  test("close waits for calls, or ends them; afterwards nothing is done", async () => {
    const first = await make({ device: "webgpu", gpu });
    const paths = pathsOf(100, 300, 4);
    const work = first.signature(paths, { depth: 4 });
    await first.close();
    expectClose((await work).data, expected(paths, { depth: 4 }));
    await expect(first.signature(small, { depth: 2 })).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    const second = await make({ device: "webgpu", gpu });
    const ended = second.signature(paths, { depth: 4 });
    const refused = expect(ended).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    await second.close({ abort: true });
    await refused;
  });

  test("as many calls at once as maxQueued says", async () => {
    const here = await make({ device: "webgpu", gpu, maxQueued: 2 });
    const calls = [1, 2, 3].map(() => here.signature(small, { depth: 3 }));
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(settled[2]).toMatchObject({ reason: { code: "QUEUE_FULL" } });
  });
});
