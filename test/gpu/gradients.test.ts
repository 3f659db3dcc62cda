// Gradients on a GPU behind an engine: where they run and why, what stays on the device, what is
// refused, every fault. On Dawn in Node. dawn.test.ts and conformance.test.ts run the table of
// cases.

import { afterEach, beforeAll, expect, test } from "vitest";
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type GpuGradients,
  type SignatureGradients,
  signatureVjp,
  type VjpOptions,
} from "../../ts/index.ts";
import { makePath, makeZigzag, random, toFloat32 } from "../paths.ts";
import { maxAbs } from "../reference.ts";
import { describeOn, openDawn } from "./implementations.ts";
import { altered, smaller } from "./small.ts";

const STORAGE = 0x80;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;

const sizeOf = (channels: number, depth: number) =>
  Array.from({ length: depth }, (_, k) => channels ** (k + 1)).reduce((a, b) => a + b);

/** float32 paths, cotangents for them, and gradients in float64. */
function sceneOf(batch: number, points: number, channels: number, depth: number, options: Partial<VjpOptions> = {}) {
  const next = random(batch + 10 * points + 1000 * channels);
  const data = new Float32Array(batch * points * channels);
  for (let b = 0; b < batch; b++)
    data.set(toFloat32(makePath("walk", points, channels, next)).flat(), b * points * channels);
  const row = sizeOf(channels, depth) + (options.scalarTerm ? 1 : 0);
  const rows = options.stream ? points - (options.basepoint ? 0 : 1) : 1;
  const cotangent = Float32Array.from({ length: batch * rows * row }, () => 2 * next() - 1);
  const given = { depth, ...options };
  const paths = { data, shape: [batch, points, channels] };
  const wanted = () => signatureVjp({ ...paths, data: Float64Array.from(data) }, Float64Array.from(cotangent), given);
  return { paths, cotangent, given, row, wanted };
}

/** Close to the expected values: some hundred steps with a rounding each, gradients of any size. */
function expectClose(found: SignatureGradients, wanted: SignatureGradients): void {
  for (const name of ["paths", "initial", "basepoint"] as const) {
    expect(found[name]?.shape).toEqual(wanted[name]?.shape);
    const [a, b] = [found[name]?.data ?? [], wanted[name]?.data ?? []];
    const worst = Array.prototype.reduce.call(
      b,
      (most, x, i) => Math.max(Number(most), Math.abs(a[i]! - Number(x))),
      0,
    );
    expect(worst, name).toBeLessThanOrEqual(2e-5 * Math.max(1, maxAbs(b)));
  }
}

describeOn("dawn", "gradients on Dawn", () => {
  let gpu: GPU;
  let engine: Engine | undefined;
  beforeAll(async () => {
    gpu = (await openDawn())!;
  });
  afterEach(async () => {
    await engine?.close({ abort: true });
    engine = undefined;
  });

  async function make(options: EngineOptions = { device: "webgpu", gpu }): Promise<Engine> {
    engine = await createEngine(options);
    return engine;
  }
  const deviceOf = async () => (await gpu.requestAdapter())!.requestDevice();
  function upload(device: GPUDevice, data: Float32Array, usage = STORAGE | COPY_DST | COPY_SRC): GPUBuffer {
    const buffer = device.createBuffer({ size: data.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
    return buffer;
  }
  const healthy = { warnings: [], gpu: { fallbacks: 0, faults: [], memory: { inUse: 0 } } };

  test("where it is asked for, with every option, and told so", async () => {
    const here = await make();
    const size = sizeOf(3, 4);
    const shared = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
    const all: [number, number, number, number, Partial<VjpOptions>][] = [
      [5, 40, 3, 4, {}],
      [5, 40, 3, 4, { lengths: [40, 1, 17, 40, 2], basepoint: [0.5, 0.25, 1], initial: shared, inverse: true }],
      [5, 40, 3, 4, { basepoint: true, scalarTerm: true }],
      [4, 30, 6, 2, { inverse: true }],
      [5, 40, 3, 4, { stream: true, lengths: [40, 1, 17, 40, 2], basepoint: [0.5, 0.25, 1], initial: shared }],
      [3, 20, 4, 3, { stream: true, scalarTerm: true, inverse: true }],
      [3, 1, 4, 3, {}],
    ];
    for (const [batch, points, channels, depth, options] of all) {
      const { paths, cotangent, given, wanted } = sceneOf(batch, points, channels, depth, options);
      const found = await here.signatureVjp(paths, cotangent, given);
      expect(found.paths.data).toBeInstanceOf(Float32Array);
      expectClose(found, wanted());
    }
    const nothing = { data: new Float32Array(0), shape: [0, 4, 3] };
    expect((await here.signatureVjp(nothing, [], { depth: 2 })).paths.shape).toEqual([0, 4, 3]);
    expect(here.info()).toMatchObject(healthy);
  });

  test("explain names the kernel, and why what has none is the CPU's", async () => {
    const here = await make({ gpu });
    const plan = (shape: number[], depth: number, more = {}) =>
      here.explain("signatureVjp", { shape, depth, device: "webgpu", ...more });
    expect(plan([64, 100, 4], 4)).toMatchObject({ device: "webgpu", kernel: "pair", blocks: 1 });
    expect(plan([64, 100, 4], 2)).toMatchObject({ device: "webgpu", kernel: "straight" });
    expect(plan([64, 100, 4], 4, { stream: true })).toMatchObject({ device: "webgpu", kernel: "adjoint" });
    // WGSL numbers are float32.
    expect(plan([64, 100, 4], 4, { dtype: "float64" })).toMatchObject({ device: "cpu", kernel: "bracket" });
    // More pairs of letters than fit a workgroup's memory.
    expect(plan([64, 100, 60], 3).text).toMatch(/gradients of 60 channels need more than the 16384 bytes/);
    const auto = here.explain("signatureVjp", { shape: [16384, 1000, 8], depth: 4 });
    expect(auto.device).toBe("webgpu");
    expect(here.explain("signatureVjp", { shape: [4, 10, 3], depth: 3 })).toMatchObject({
      device: "cpu",
      kernel: "bracket",
    });
  });

  test("what has no kernel is the CPU's, to its bits, and that is told; or refused", async () => {
    const here = await make();
    const wide = sceneOf(3, 20, 40, 3);
    const found = await here.signatureVjp(wide.paths, wide.cotangent, wide.given);
    expect(found.paths.data).toEqual(signatureVjp(wide.paths, wide.cotangent, wide.given).paths.data);
    expect(here.info().warnings.join()).toMatch(/gradients of 40 channels need more/);
    const { cotangent, given, paths, wanted } = sceneOf(3, 20, 3, 3);
    const precise = { data: Float64Array.from(paths.data), shape: paths.shape };
    expect((await here.signatureVjp(precise, cotangent, given)).paths.data).toEqual(wanted().paths.data);
    expect(here.info().gpu!.fallbacks).toBe(2);
    await here.close();
    const strict = await make({ gpu, fallback: "error" });
    const there = { ...wide.given, device: "webgpu" as const };
    await expect(strict.signatureVjp(wide.paths, wide.cotangent, there)).rejects.toMatchObject({
      code: "GPU_LIMITS",
    });
  });

  test("paths and cotangents that are there, gradients that stay", async () => {
    const device = await deviceOf();
    const here = await make({ gpu: device });
    const { paths, cotangent, given, row, wanted } = sceneOf(6, 50, 3, 4, { basepoint: [1, 2, 3] });
    const there = { buffer: upload(device, paths.data), shape: paths.shape };
    const weights = { buffer: upload(device, cotangent), shape: [6, row] };
    const stay: GpuGradients = await here.signatureVjp(there, weights, { ...given, output: "gpu" });
    expect(stay.paths.shape).toEqual([6, 50, 3]);
    expect(stay.paths.device).toBe(device);
    expect(stay.initial).toBeUndefined();
    const [dx, db] = await Promise.all([stay.paths.toCpu(), stay.basepoint!.toCpu()]);
    expectClose({ paths: dx, basepoint: db, initial: undefined }, wanted());
    // Every combination, and the CPU for data in memory.
    for (const from of [paths, there])
      for (const of of [cotangent, weights]) {
        expectClose(await here.signatureVjp(from, of, { ...given, device: "webgpu" }), wanted());
        expectClose(await here.signatureVjp(from, of, { ...given, device: "cpu" }), wanted());
      }
    const computed = await here.signatureVjp(there, weights, { ...given, device: "cpu", output: "gpu" });
    expect((await computed.paths.toCpu()).data).toEqual(
      (await here.signatureVjp(paths, cotangent, { ...given, device: "cpu" })).paths.data,
    );
    // A signature from the library is a valid cotangent, a gradient a valid path.
    const s = await here.signature(there, { ...given, output: "gpu" });
    const half = await here.signatureVjp(there, s, { ...given, device: "webgpu" });
    const numbers = Float64Array.from((await s.toCpu()).data);
    expectClose(half, signatureVjp({ ...paths, data: Float64Array.from(paths.data) }, numbers, given));
    expect((await here.signature(stay.paths, { depth: 2 })).shape).toEqual([6, 12]);
    for (const one of [stay, computed, s]) one.destroy();
    expect(stay.paths.isDestroyed).toBe(true);
    await expect(stay.paths.toCpu()).rejects.toMatchObject({ code: "GPU_BUFFER" });
    await expect(here.signatureVjp(there, { ...weights, shape: [row, 6] }, given)).rejects.toMatchObject({
      code: "COTANGENT_SHAPE",
    });
    expect(here.info().gpu).toMatchObject({ fallbacks: 0, faults: [], memory: { inUse: 0 } });
    device.destroy();
  });

  test("numbers that are not finite are named as on the CPU, and what is not looked at may be anything", async () => {
    const device = await deviceOf();
    const here = await make({ gpu: device, device: "webgpu" });
    const { paths, cotangent, given, row } = sceneOf(4, 20, 3, 3);
    const bad = paths.data.slice();
    bad[(2 * 20 + 7) * 3 + 1] = Number.NaN;
    const position = { path: 2, point: 7, channel: 1 };
    await expect(here.signatureVjp({ ...paths, data: bad }, cotangent, given)).rejects.toMatchObject({
      code: "NOT_FINITE",
      position,
    });
    const weights = cotangent.slice();
    weights[3 * row + 5] = Number.NEGATIVE_INFINITY;
    const onCpu = (() => {
      try {
        return signatureVjp(paths, weights, given);
      } catch (error) {
        return error as Error;
      }
    })() as Error;
    await expect(here.signatureVjp(paths, weights, given)).rejects.toThrow(onCpu.message);
    const there = { buffer: upload(device, weights), shape: [4, row] };
    await expect(here.signatureVjp(paths, there, given)).rejects.toThrow(onCpu.message);
    await expect(here.signatureVjp(paths, there, { ...given, output: "gpu" })).rejects.toThrow(onCpu.message);
    // Not by the GPU: the CPU says what such numbers reach.
    await here.signatureVjp(paths, weights, { ...given, checkFinite: false });
    const fellBack = { warnings: [expect.stringContaining("not finite")], gpu: { ...healthy.gpu, fallbacks: 1 } };
    expect(here.info()).toMatchObject(fellBack);
    const stream = sceneOf(4, 20, 3, 3, { stream: true, scalarTerm: true });
    const some = stream.cotangent.slice();
    // The scalar term's entry is ignored.
    some[5 * 40] = Number.NaN;
    await here.signatureVjp(stream.paths, some, stream.given);
    some[(2 * 19 + 7) * 40 + 3] = Number.NaN;
    await expect(here.signatureVjp(stream.paths, some, stream.given)).rejects.toMatchObject({
      code: "NOT_FINITE",
      argument: "cotangent",
    });
    expect(here.info()).toMatchObject(fellBack);
    device.destroy();
  });

  test("blocks on a small device: the same bits", async () => {
    const { paths, cotangent, given } = sceneOf(40, 60, 4, 4, {
      lengths: Array.from({ length: 40 }, (_, i) => 1 + ((i * 17) % 60)),
      basepoint: [1, 0, 0, 1],
      initial: Float32Array.from({ length: sizeOf(4, 4) }, (_, i) => Math.cos(i)),
      inverse: true,
    });
    const whole = await (await make()).signatureVjp(paths, cotangent, given);
    await engine!.close();
    const device = await deviceOf();
    const small = smaller(device, { maxStorageBufferBindingSize: 2 ** 16, maxBufferSize: 2 ** 16 });
    const here = await make({ gpu: small, device: "webgpu" });
    const cut = await here.signatureVjp(paths, cotangent, given);
    for (const name of ["paths", "initial", "basepoint"] as const) expect(cut[name]).toEqual(whole[name]);
    // The number of segments depends on the call, not on its blocks.
    const few = sceneOf(12, 300, 4, 4);
    const large = await make();
    expect(await here.signatureVjp(few.paths, few.cotangent, few.given)).toEqual(
      await large.signatureVjp(few.paths, few.cotangent, few.given),
    );
    await large.close();
    engine = here;
    expect(here.info()).toMatchObject(healthy);
    // A path larger than a binding has no kernel.
    const long = sceneOf(1, 5000, 4, 2);
    expectClose(await here.signatureVjp(long.paths, long.cotangent, long.given), long.wanted());
    expect(here.info().gpu!.fallbacks).toBe(1);
    device.destroy();
  });

  test.each([
    [3, 4, "walk"],
    [3, 4, "zigzag"],
    [4, 4, "scales"],
    [2, 6, "drift"],
    [8, 3, "closed"],
  ] as const)(
    "d=%i N=%i, ten thousand steps of %s, in pieces: errors of float32 do not add up",
    async (channels, depth, kind) => {
      const here = await make();
      const points = 10_000;
      const path =
        kind === "zigzag" ? makeZigzag(points, channels, random(4)) : makePath(kind, points, channels, random(4));
      const data = Float32Array.from(toFloat32(path).flat());
      const next = random(5);
      const cotangent = Float32Array.from({ length: sizeOf(channels, depth) }, () => 2 * next() - 1);
      const shape = [points, channels];
      const wanted = signatureVjp({ data: Float64Array.from(data), shape }, Float64Array.from(cotangent), { depth });
      const cpu = signatureVjp({ data, shape }, cotangent, { depth });
      const found = await here.signatureVjp({ data, shape }, cotangent, { depth });
      const worst = (of: SignatureGradients) =>
        maxAbs(Float64Array.from(of.paths.data, (x, i) => x - wanted.paths.data[i]!));
      // The bound of the forward kernels: four times the CPU's float32 error, or a
      // hundred-thousandth of the largest gradient.
      const largest = maxAbs(wanted.paths.data);
      expect(worst(found)).toBeLessThanOrEqual(Math.max(4 * worst(cpu), 1e-5 * largest));
      expect(here.info()).toMatchObject(healthy);
    },
  );

  test("calls prepared for compile nothing; the same call gives the same bits", async () => {
    const here = await make();
    const { paths, cotangent, given } = sceneOf(8, 60, 3, 4);
    await here.prepare("signatureVjp", { shape: paths.shape, depth: 4 });
    const { pipelines } = here.info().gpu!;
    expect(pipelines).toBeGreaterThan(3);
    const a = await here.signatureVjp(paths, cotangent, given);
    expect(here.info().gpu!.pipelines).toBe(pipelines);
    expect(await here.signatureVjp(paths, cotangent, given)).toEqual(a);
    // In segments of time, which have kernels of their own.
    const long = sceneOf(2, 400, 3, 4);
    await here.prepare("signatureVjp", { shape: long.paths.shape, depth: 4 });
    const more = here.info().gpu!.pipelines;
    expect(more).toBeGreaterThan(pipelines);
    const b = await here.signatureVjp(long.paths, long.cotangent, long.given);
    expect(here.info().gpu!.pipelines).toBe(more);
    expect(await here.signatureVjp(long.paths, long.cotangent, long.given)).toEqual(b);
  });

  test("progress in paths, to the total; an abort at once", async () => {
    const here = await make();
    const { paths, cotangent, given, wanted } = sceneOf(200, 200, 4, 4);
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }) => seen.push(done);
    expectClose(await here.signatureVjp(paths, cotangent, { ...given, onProgress }), wanted());
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(200);
    const controller = new AbortController();
    const doomed = ["cpu", "gpu"].map((output) =>
      here.signatureVjp(paths, cotangent, {
        ...given,
        output: output as "cpu",
        signal: controller.signal,
      }),
    );
    controller.abort("enough");
    for (const one of doomed) await expect(one).rejects.toBe("enough");
    await expect.poll(() => here.info().gpu!.calls).toBe(0);
    expect(here.info()).toMatchObject(healthy);
  });

  /** A GPU whose devices are observed and may be modified. */
  function watched(alter: (device: GPUDevice) => GPUDevice = (device) => device) {
    const devices: GPUDevice[] = [];
    const requestAdapter = async () => {
      const adapter = (await gpu.requestAdapter())!;
      return altered(adapter as unknown as GPUDevice, {
        requestDevice: async (descriptor: GPUDeviceDescriptor) => {
          devices.push(await adapter.requestDevice(descriptor));
          return alter(devices.at(-1)!);
        },
      });
    };
    return { source: { requestAdapter } as unknown as GPU, devices };
  }
  const scene = () => sceneOf(64, 200, 4, 4, { basepoint: [1, 2, 3, 4] });

  test("a device that is lost in the middle: done again on a new one, sums over paths too", async () => {
    const { source, devices } = watched();
    const here = await make({ device: "webgpu", gpu: source });
    const { paths, cotangent, given, wanted } = scene();
    let told = 0;
    const onProgress = () => {
      if (++told === 1) devices[0]!.destroy();
    };
    expectClose(await here.signatureVjp(paths, cotangent, { ...given, onProgress }), wanted());
    expect(devices.length).toBe(2);
    expect(here.info().gpu).toMatchObject({ devices: 2, fallbacks: 0, memory: { inUse: 0 } });
    expect(here.info().gpu!.faults).toEqual([expect.objectContaining({ code: "GPU_LOST", answer: "new device" })]);
  });

  test("devices that are lost every time: the CPU's bits; or the error, where that was chosen", async () => {
    const lose = (device: GPUDevice) => {
      const { queue } = device;
      const submit = (commands: GPUCommandBuffer[]) => {
        queue.submit(commands);
        device.destroy();
      };
      return altered(device, { queue: altered(queue as unknown as GPUDevice, { submit }) });
    };
    const here = await make({ device: "webgpu", gpu: watched(lose).source });
    const { paths, cotangent, given } = scene();
    expect(await here.signatureVjp(paths, cotangent, given)).toEqual(signatureVjp(paths, cotangent, given));
    expect(here.info().gpu!.fallbacks).toBe(1);
    expect(here.info().warnings.join()).toMatch(/done on the CPU: .*lost/);
    await here.close();
    const strict = await make({ gpu: watched(lose).source, fallback: "error" });
    const there = { ...given, device: "webgpu" as const };
    await expect(strict.signatureVjp(paths, cotangent, there)).rejects.toMatchObject({ code: "GPU_LOST" });
  });

  test("no memory, and errors of validation: on the CPU", async () => {
    for (const name of ["GPUOutOfMemoryError", "GPUValidationError"]) {
      const popErrorScope = async (device: GPUDevice) => {
        await device.popErrorScope();
        const Kind = (globalThis as unknown as Record<string, new (message: string) => GPUError>)[name]!;
        return new Kind("made up");
      };
      const device = await deviceOf();
      const here = await make({
        device: "webgpu",
        gpu: altered(device, { popErrorScope: () => popErrorScope(device) }),
      });
      const { paths, cotangent, given } = scene();
      expect(await here.signatureVjp(paths, cotangent, given)).toEqual(signatureVjp(paths, cotangent, given));
      expect(here.info().warnings.join()).toMatch(/made up/);
      await here.close();
      device.destroy();
    }
  });
});
