// Runs the calls that measure a machine (ts/dispatch/calibrate.ts) on the engine's threads and GPU.
// Loaded with the code for GPUs.

import { type Capabilities, type Costs, calibrate as calibrateMachine, type Trial } from "../dispatch/index.ts";
import { type GpuBackend, measuredOperation, readCallAnywhere } from "../gpu/index.ts";
import { availableThreads } from "../pool/host.ts";
import type { Calibration } from "./calibration.ts";

const STORAGE_AND_COPY = 0x80 | 0x8;

/** Smooth paths with numbers of magnitude one. */
function numbersOf({ batch, points, channels, dtype }: Trial) {
  const wave = (_: unknown, i: number) => Math.sin(i * 0.37) + Math.sin(i * 0.011);
  const from = { length: batch * points * channels };
  const data = dtype === "float32" ? Float32Array.from(from, wave) : Float64Array.from(from, wave);
  return { data, shape: [batch, points, channels] };
}

function machineOf(threads: number, adapter: string | undefined): string {
  const host = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? "unnamed host";
  return `${host}, ${threads} of ${availableThreads()} threads; ${adapter ?? "no GPU"}`;
}

/** Measures the machine. @throws CLOCK_FROZEN, errors of calls, and the signal's reason */
export async function calibrate(
  { budgetMs, signal, threads, engine, alone }: Calibration,
  backend: GpuBackend | undefined,
  gpu: Capabilities["gpu"],
  onGpuFault: (error: Error) => void,
): Promise<Costs> {
  const buffers: GPUBuffer[] = [];
  const costs = await calibrateMachine({
    machine: machineOf(threads, backend && gpu?.adapter),
    threads,
    budgetMs,
    signal,
    async cpu(trial) {
      const paths = numbersOf(trial);
      const { depth, stream = false } = trial;
      if (trial.threads === 1) return () => alone(paths, { depth, stream });
      return () => engine.signature(paths, { depth, stream, device: "cpu" });
    },
    ...(backend &&
      gpu && {
        gpu: {
          adapter: gpu.adapter,
          limits: gpu.limits,
          run: (trial) => onGpu(backend, trial, buffers),
          onFault: onGpuFault,
        },
      }),
  }).finally(() => {
    for (const buffer of buffers) buffer.destroy();
  });
  return costs;
}

async function onGpu(backend: GpuBackend, trial: Trial, buffers: GPUBuffer[]): Promise<() => Promise<void>> {
  const paths = numbersOf(trial);
  const { depth, stream = false, residency } = trial;
  let input: unknown = paths;
  if (residency.input === "gpu") {
    const { gpu } = await backend.open();
    const buffer = gpu.createBuffer({ size: paths.data.byteLength, usage: STORAGE_AND_COPY });
    gpu.queue.writeBuffer(buffer, 0, paths.data as Float32Array<ArrayBuffer>);
    buffers.push(buffer);
    input = { buffer, shape: paths.shape };
  }
  return async () => {
    const { call } = readCallAnywhere(input, { depth, stream });
    const result = await backend.run(measuredOperation, { call, rows: [] }, { output: residency.output });
    if (!(result instanceof Float32Array)) result.destroy();
  };
}
