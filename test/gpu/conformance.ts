// Runs the whole table, and calls at a device's limits, on the WebGPU of the current runtime, and
// reports the outcome and compiler messages. Bundled and started by conformance.test.ts, in
// Chromium and in Deno; judges nothing.

import { GpuBackend } from "../../ts/gpu/index.ts";
import { watchCompilers } from "./compilers.ts";
import { gpuGradientCases, runGradientCase } from "./gradient-table.ts";
import { LimitRunner, largeCases, limitCases } from "./limits.ts";
import { gpuLogCases, runLogCase } from "./log-table.ts";
import { gpuCases, type Outcome, runCase } from "./table.ts";

export interface Report {
  readonly adapter: string;
  readonly outcomes: readonly Outcome[];
  readonly gradients: readonly Outcome[];
  readonly logarithms: readonly Outcome[];
  /** Warnings and errors of WGSL compilers. */
  readonly messages: readonly string[];
  /** Errors that could not be attributed to a call, and faults that were handled. */
  readonly faults: readonly unknown[];
}

export async function run(gpu: GPU): Promise<Report> {
  const compilers = watchCompilers(GPUDevice.prototype);
  const backend = new GpuBackend(gpu);
  const outcomes: Outcome[] = [];
  for (const one of gpuCases) outcomes.push(await runCase(backend, one));
  const gradients: Outcome[] = [];
  for (const one of gpuGradientCases) gradients.push(await runGradientCase(backend, one));
  const logarithms: Outcome[] = [];
  for (const one of gpuLogCases) logarithms.push(await runLogCase(backend, one));
  const { adapter, faults } = backend.info();
  await backend.close();
  const runner = new LimitRunner(await (await gpu.requestAdapter())!.requestDevice());
  for (const one of [...limitCases, ...largeCases]) outcomes.push(await runner.run(one));
  await runner.close();
  return {
    adapter: adapter?.description || adapter?.vendor || "unnamed",
    outcomes,
    gradients,
    logarithms,
    messages: await compilers(),
    faults,
  };
}
