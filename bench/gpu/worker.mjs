// path-signature on a GPU in a process of its own, through Dawn in Node, controlled by lines of
// JSON (see lib/worker.mjs): node worker.mjs. Decides nothing itself.

import { readFileSync, writeFileSync } from "node:fs";
import { create, globals } from "webgpu";
import { swiftShaderToggles, vulkanDriver } from "../../scripts/lib/webgpu.mjs";
import { GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { serve } from "../lib/serve.mjs";
import { peakOf } from "./peak.mjs";

const swiftShader = vulkanDriver("swiftShader");
const isSoftware = process.argv[2] === "software";
if (isSoftware && swiftShader) process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES = swiftShader;
Object.assign(globalThis, globals);
const gpu = create(isSoftware ? [swiftShaderToggles] : []);
const backend = new GpuBackend(gpu);

const prepared = new Map();

const readFloats = (file) => {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

/**
 * Calls by what is measured. `run()` starts one; `finish()` waits for all that were started;
 * `rows(paths)` returns the signatures of some paths.
 */
const subjects = {
  /** Paths and signatures on the device. */
  async resident({ data, batch, points, channels, depth, algorithm = "auto" }) {
    const { gpu: device } = await backend.open();
    const buffer = device.createBuffer({ size: data.byteLength, usage: 0x80 | 0x8 });
    device.queue.writeBuffer(buffer, 0, data);
    const paths = { buffer, shape: [batch, points, channels] };
    const run = async () => {
      const { call } = readCallAnywhere(paths, { depth, algorithm, checkFinite: false });
      return backend.run(gpuOperations.signature, { call, rows: [] }, { output: "gpu" });
    };
    return {
      run: async () => (await run()).destroy(),
      async rows(wanted) {
        const tensor = await run();
        const { data: numbers, shape } = await tensor.toCpu();
        tensor.destroy();
        return wanted.map((path) => numbers.slice(path * shape[1], (path + 1) * shape[1]));
      },
      release: () => buffer.destroy(),
    };
  },

  /** From a typed array to a typed array, with the finite check. */
  async "end to end"({ data, batch, points, channels, depth }) {
    const run = () => {
      const { call } = readCallAnywhere({ data, shape: [batch, points, channels] }, { depth });
      return backend.run(gpuOperations.signature, { call, rows: [] });
    };
    return {
      run,
      async rows(wanted) {
        const numbers = await run();
        const size = numbers.length / batch;
        return wanted.map((path) => numbers.slice(path * size, (path + 1) * size));
      },
      release() {},
    };
  },
};

const operations = {
  async hello() {
    const { gpu: device } = await backend.open();
    const { adapter, features, subgroupSize } = backend.info();
    const limits = {};
    for (const name in device.limits) limits[name] = device.limits[name];
    return { adapter, features, subgroupSize, limits, versions: { node: process.versions.node } };
  },

  async prepare({ key, subject, file, ...fields }) {
    prepared.set(key, await subjects[subject]({ data: readFloats(file), ...fields }));
    return {};
  },

  /** The signatures of some paths, concatenated, as float64. */
  async rows({ key, paths, file }) {
    const rows = await prepared.get(key).rows(paths);
    writeFileSync(file, new Uint8Array(Float64Array.from(rows.flatMap((row) => [...row])).buffer));
    return {};
  },

  async warm({ key, seconds }) {
    const { run } = prepared.get(key);
    const until = performance.now() + 1e3 * seconds;
    let fastest = Number.POSITIVE_INFINITY;
    let calls = 0;
    for (let before = performance.now(), after; calls < 3 || before < until; before = after, calls++) {
      await run();
      after = performance.now();
      fastest = Math.min(fastest, after - before);
    }
    return { fastest: fastest / 1e3, calls };
  },

  /** One call after the other, each awaited. */
  async sample({ key, calls, before }) {
    const { run } = prepared.get(key);
    for (let i = 0; i < before; i++) await run();
    const begin = performance.now();
    for (let i = 0; i < calls; i++) await run();
    return { seconds: (performance.now() - begin) / 1e3 };
  },

  /** Many calls at once, awaited together: the device's throughput without waiting for the host. */
  async queued({ key, calls }) {
    const { run } = prepared.get(key);
    const begin = performance.now();
    await Promise.all(Array.from({ length: calls }, run));
    return { seconds: (performance.now() - begin) / 1e3 / calls };
  },

  /** Seconds of a call's kernels by the device's own clock: the fastest of several. */
  async kernel({ key, calls }) {
    const device = await backend.open();
    if (!device.has("timestamp-query")) return { seconds: null };
    const { run } = prepared.get(key);
    const { submitter } = device;
    let fastest = Number.POSITIVE_INFINITY;
    submitter.measuresKernels = true;
    for (let i = 0; i < calls; i++) {
      submitter.kernelNanoseconds = 0;
      await run();
      if (submitter.kernelNanoseconds > 0) fastest = Math.min(fastest, submitter.kernelNanoseconds);
    }
    submitter.measuresKernels = false;
    return { seconds: Number.isFinite(fastest) ? fastest / 1e9 : null };
  },

  /** Multiply-adds per second in registers. */
  async peak({ share }) {
    const { gpu: device } = await backend.open();
    const { call, multiplyAdds } = peakOf(device, share);
    let fastest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 6; i++) fastest = Math.min(fastest, await call());
    return { perSecond: multiplyAdds / fastest };
  },

  forget({ key }) {
    prepared.get(key)?.release();
    prepared.delete(key);
    return {};
  },
};

await serve(operations);
await backend.close();
// Dawn's handle keeps the process alive.
process.exit(0);
