// The benchmark of dispatch: measures this machine's costs, times five hundred calls of all kinds
// on each device, and compares the plans with the best choice. Started by
//
//   npm run bench -- dispatch [--calls 0-499|none] [--trials] [--budget 20000] [--software]
//
// Repeated measurements of one day keep the faster times: those of the calls named, and with
// --trials those of the trials to which costs are fitted.
//
// Writes bench/results/dispatch-MACHINE-DATE.json, which test/dispatch/regret.test.ts reads, and
// prints the costs in the form of ts/dispatch/shipped.ts. Without a GPU the other device is
// SwiftShader, a software adapter; the CPU's costs are valid all the same.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { hasGpu, swiftShaderToggles, vulkanDriver } from "../../scripts/lib/webgpu.mjs";
import { fitCosts, measure } from "../../ts/dispatch/index.ts";
import { GpuBackend, gpuOperations, readCallAnywhere } from "../../ts/gpu/index.ts";
import { signature } from "../../ts/index.ts";
import { codeMeasured, machine, root } from "../lib/machine.mjs";
import { Progress } from "../lib/progress.mjs";
import { dispatchGrid } from "./grid.mjs";
import { regretOf, summaryOf } from "./regret.mjs";

/** Milliseconds for which a call is repeated, and the minimum number of repetitions. */
const callMs = 15;
const leastRuns = 3;

const numbers = Float32Array.from({ length: 2 ** 23 }, (_, i) => Math.sin(i * 0.37) + Math.sin(i * 0.011));
const wide = Float64Array.from(numbers);

const pathsOf = ({ batch, points, channels, dtype = "float32" }) => ({
  data: (dtype === "float64" ? wide : numbers).subarray(0, batch * points * channels),
  shape: [batch, points, channels],
});

/** Seconds of the fastest run. */
async function fastest(run) {
  await run();
  let best = Number.POSITIVE_INFINITY;
  let repeats = 1;
  const begin = performance.now();
  for (let runs = 0; runs < leastRuns || performance.now() - begin < callMs; runs++) {
    const before = performance.now();
    for (let i = 0; i < repeats; i++) {
      const result = run();
      if (result instanceof Promise) await result;
    }
    const ms = (performance.now() - before) / repeats;
    best = Math.min(best, ms);
    if (ms * repeats < 0.5) repeats *= 4;
  }
  return best / 1e3;
}

/** The fastest run on the device, and its kernel time by the device's own clock. */
async function fastestOnGpu(run, submitter) {
  await run();
  let best = { seconds: Number.POSITIVE_INFINITY, kernels: 0 };
  const begin = performance.now();
  for (let runs = 0; runs < leastRuns || performance.now() - begin < 2 * callMs; runs++) {
    submitter.kernelNanoseconds = 0;
    const before = performance.now();
    await run();
    const seconds = (performance.now() - before) / 1e3;
    if (seconds < best.seconds) best = { seconds, kernels: Math.min(seconds, submitter.kernelNanoseconds / 1e9) };
  }
  return best;
}

/**
 * The faster of two recordings of a call, for each device: other load makes calls longer, never
 * shorter.
 */
const fasterOf = (one, other) =>
  other
    ? {
        ...one,
        cpu: Math.min(one.cpu, other.cpu),
        ...(other.webgpu < one.webgpu && { webgpu: other.webgpu, kernels: other.kernels }),
      }
    : one;

const nameOf = ({ batch, points, channels, depth, stream, dtype, residency }) =>
  [batch, points, channels, depth, stream, dtype, residency.input, residency.output].join();
const fasterOfEach = (timed, others) => {
  const known = new Map(others.map((one) => [nameOf(one), one.seconds]));
  return timed.map((one) => ({ ...one, seconds: Math.min(one.seconds, known.get(nameOf(one)) ?? one.seconds) }));
};
const fasterTrials = (one, other) => ({
  ...one,
  cpu: fasterOfEach(one.cpu, other.cpu),
  gpu: { ...one.gpu, calls: fasterOfEach(one.gpu.calls, other.gpu.calls) },
});

const onCpu = ({ depth, stream, ...shape }) => {
  const paths = pathsOf(shape);
  return () => signature(paths, { depth, stream });
};

async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      calls: { type: "string", default: "0-499" },
      trials: { type: "boolean", default: false },
      budget: { type: "string", default: "20000" },
      software: { type: "boolean", default: false },
    },
  });
  const isSoftware = values.software || !hasGpu();
  const driver = vulkanDriver("swiftShader");
  if (isSoftware && driver) process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES = driver;
  Object.assign(globalThis, globals);
  const backend = new GpuBackend(create(isSoftware ? [swiftShaderToggles] : []));
  const device = await backend.open();
  const adapter = backend.info().adapter.description || backend.info().adapter.vendor;
  const where = machine();
  const date = new Date().toISOString().slice(0, 10);
  const file = join(root, "bench/results", `dispatch-${where.slug}-${date}.json`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  const earlier = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;

  const progress = new Progress();
  progress.note(`adapter: ${adapter}${isSoftware ? " (software: what is said of it holds for no GPU)" : ""}`);
  const onGpu = ({ depth, stream, residency = { input: "cpu", output: "cpu" }, ...shape }) => {
    const paths = pathsOf(shape);
    const resident = residency.input === "gpu";
    const buffer = resident && device.gpu.createBuffer({ size: paths.data.byteLength, usage: 0x80 | 0x8 });
    if (buffer) device.gpu.queue.writeBuffer(buffer, 0, paths.data);
    const input = buffer ? { buffer, shape: paths.shape } : paths;
    return async () => {
      const { call } = readCallAnywhere(input, { depth, stream });
      const result = await backend.run(gpuOperations.signature, { call, rows: [] }, { output: residency.output });
      if (residency.output === "gpu") result.destroy();
    };
  };

  let measured = earlier?.measured;
  if (!measured || values.trials) {
    progress.note(`costs of this machine, ${Number(values.budget) / 1e3} s …`);
    const again = await measure({
      machine: `${where.name}, ${where.cores} cores, Node ${process.versions.node}; ${adapter}`,
      threads: 1,
      cpu: async (trial) => onCpu(trial),
      gpu: {
        adapter,
        limits: device.limits,
        run: async (trial) => onGpu(trial),
        onFault: (error) => {
          throw error;
        },
      },
      budgetMs: Number(values.budget),
    });
    measured = measured ? fasterTrials(again, measured) : again;
  }
  const result = {
    format: 1,
    date,
    machine: where,
    code: codeMeasured(),
    adapter,
    isSoftware,
    measured,
    calls: earlier?.calls ?? [],
  };
  const save = () =>
    writeFileSync(
      file,
      `${JSON.stringify(result, (_, x) => (typeof x === "number" ? Number(x.toPrecision(4)) : x))}\n`,
    );
  save();
  const costs = fitCosts(measured);

  device.submitter.measuresKernels = device.has("timestamp-query");
  const [from, to] = values.calls === "none" ? [0, -1] : values.calls.split("-").map(Number);
  const grid = dispatchGrid();
  progress.begin("dispatch", to - from + 1);
  for (let i = from; i <= to; i++) {
    const call = grid[i];
    progress.row(`${call.batch}×${call.points}×${call.channels}^${call.depth}${call.stream ? " stream" : ""}`);
    const cpu = await fastest(onCpu(call));
    const run = onGpu(call);
    const { seconds: webgpu, kernels } = await fastestOnGpu(run, device.submitter);
    result.calls[i] = fasterOf({ ...call, cpu, webgpu, kernels }, result.calls[i]);
    progress.step();
    if (i % 20 === 0) save();
  }
  progress.stop();
  save();
  if (result.calls.filter(Boolean).length === grid.length) {
    process.stdout.write(`\n${summaryOf(regretOf(result, device.limits))}\n`);
  }
  process.stdout.write(`\n${JSON.stringify(costs, undefined, 2)}\n\n${relative(root, file)}\n`);
  await backend.close();
  // Dawn's handle keeps the process alive.
  process.exit(0);
}

export const runDispatchBench = main;
