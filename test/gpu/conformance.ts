// Runs the host's tables, and calls at a device's limits, on the WebGPU of the current runtime, and
// reports the outcome and compiler messages. Bundled and started by conformance.test.ts, in
// Chromium and in Deno; judges nothing.

import { GpuBackend } from "../../ts/gpu/index.ts";
import { watchCompilers } from "./compilers.ts";
import { runGradientCase } from "./gradient-table.ts";
import { tablesOf } from "./host-tables.ts";
import { LimitRunner } from "./limits.ts";
import { runLogCase } from "./log-table.ts";
import { type Outcome, runCase } from "./table.ts";

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
  const tables = tablesOf["Deno" in globalThis ? "deno" : "chromium"];
  const compilers = watchCompilers(GPUDevice.prototype);
  const backend = new GpuBackend(gpu);
  const outcomes: Outcome[] = [];
  for (const one of tables.signatures) outcomes.push(await runCase(backend, one));
  const gradients: Outcome[] = [];
  for (const one of tables.gradients) gradients.push(await runGradientCase(backend, one));
  const logarithms: Outcome[] = [];
  for (const one of tables.logarithms) logarithms.push(await runLogCase(backend, one));
  const { adapter, faults } = backend.info();
  await backend.close();
  const runner = new LimitRunner(await (await gpu.requestAdapter())!.requestDevice());
  for (const one of tables.limits) outcomes.push(await runner.run(one));
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
