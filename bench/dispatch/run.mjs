// The bench of dispatch: measures this machine's costs, times five hundred calls of all kinds on each device, and says how far the plan is from the
// best choice. Started by
//
//   npm run bench -- dispatch [--calls 0-499] [--budget 20000] [--software]
//
// Writes bench/results/dispatch-MACHINE-DATE.json, which test/dispatch/regret.test.ts reads, and prints the costs as ts/dispatch/shipped.ts takes them.
// Without a GPU the other device is SwiftShader, which is none: the CPU's costs are this machine's all the same.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { hasGpu, swiftShaderToggles, vulkanDriver } from "../../scripts/lib/webgpu.mjs";
import { calibrate } from "../../ts/dispatch/index.ts";
import { GpuBackend, readCallAnywhere } from "../../ts/gpu/index.ts";
import { signature } from "../../ts/index.ts";
import { codeMeasured, machine, root } from "../lib/machine.mjs";
import { Progress } from "../lib/progress.mjs";
import { dispatchGrid } from "./grid.mjs";
import { regretOf, summaryOf } from "./regret.mjs";

/** Milliseconds for which a call is repeated, and how often at least. */
const callMs = 15;
const leastRuns = 2;

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

/** The fastest run on the device, and what of it its kernels took by the device's own clock. */
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

const onCpu = ({ depth, stream, ...shape }) => {
  const paths = pathsOf(shape);
  return () => signature(paths, { depth, stream });
};

async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      calls: { type: "string", default: "0-499" },
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
  const onGpu = ({ depth, stream, places = { input: "cpu", output: "cpu" }, ...shape }) => {
    const paths = pathsOf(shape);
    const resident = places.input === "gpu";
    const buffer = resident && device.gpu.createBuffer({ size: paths.data.byteLength, usage: 0x80 | 0x8 });
    if (buffer) device.gpu.queue.writeBuffer(buffer, 0, paths.data);
    const input = buffer ? { buffer, shape: paths.shape } : paths;
    return async () => {
      const { call } = readCallAnywhere(input, { depth, stream });
      const result = await backend.run("signature", call, { output: places.output });
      if (places.output === "gpu") result.destroy();
    };
  };

  let costs = earlier?.costs;
  if (!costs) {
    progress.note(`costs of this machine, ${Number(values.budget) / 1e3} s …`);
    costs = await calibrate({
      machine: `${where.name}, ${where.cores} cores, Node ${process.versions.node}; ${adapter}`,
      threads: 1,
      cpu: async (trial) => onCpu(trial),
      gpu: { adapter, limits: device.limits, run: async (trial) => onGpu(trial) },
      budgetMs: Number(values.budget),
    });
  }
  const result = {
    format: 1,
    date,
    machine: where,
    code: codeMeasured(),
    adapter,
    isSoftware,
    costs,
    calls: earlier?.calls ?? [],
  };
  const save = () =>
    writeFileSync(
      file,
      `${JSON.stringify(result, (_, x) => (typeof x === "number" ? Number(x.toPrecision(4)) : x))}\n`,
    );
  save();

  device.submitter.measuresKernels = device.has("timestamp-query");
  const [from, to] = values.calls.split("-").map(Number);
  const grid = dispatchGrid();
  progress.begin("dispatch", to - from + 1);
  for (let i = from; i <= to; i++) {
    const call = grid[i];
    progress.row(`${call.batch}×${call.points}×${call.channels}^${call.depth}${call.stream ? " stream" : ""}`);
    const cpu = await fastest(onCpu(call));
    const run = onGpu(call);
    const { seconds: webgpu, kernels } = await fastestOnGpu(run, device.submitter);
    result.calls[i] = { ...call, cpu, webgpu, kernels };
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
  // Dawn's handle keeps a process.
  process.exit(0);
}

export const runDispatchBench = main;
