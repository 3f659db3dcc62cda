// Runs a call of any operation on a device: plan, pipelines, blocks, result.

import type { Device } from "./device.ts";
import { gpuFault } from "./faults.ts";
import { isObstacle, refusalOf } from "./obstacle.ts";
import type { CallInputs, GpuOperation, GpuPlan, GpuProgram, Kernels, PipelinesOf, RunOptions } from "./operation.ts";
import type { Kernel, Pipeline } from "./pipelines.ts";
import { runBlocks, submitBlocks } from "./run-blocks.ts";
import type { CallShape, Residency } from "./shape.ts";

/** The plan of a call on a device. @throws PathSignatureError GPU_LIMITS */
export function planOn<Plan extends GpuPlan>(
  device: Device,
  operation: GpuOperation<unknown, unknown, unknown, Plan>,
  shape: CallShape,
  residency: Residency,
): Plan {
  const plan = operation.plan(shape, residency, device.limits, device.blockBytes);
  if (isObstacle(plan)) throw refusalOf(plan);
  return plan;
}

/** Makes pipelines of kernels, all at once. @throws PathSignatureError GPU_FAILED, GPU_LOST */
export async function pipelinesOf<K extends Kernels>(device: Device, kernels: K): Promise<PipelinesOf<K>> {
  const made = await Promise.all(
    kernelsIn(kernels).map(async ([name, kernel]) => [name, await device.pipelines.get(kernel)] as const),
  );
  return Object.fromEntries(made) as PipelinesOf<K>;
}

const kernelsIn = (kernels: Kernels): [string, Kernel][] =>
  Object.entries(kernels).filter((entry): entry is [string, Kernel] => entry[1] !== undefined);

function planned<Plan extends GpuPlan>(
  device: Device,
  operation: GpuOperation<unknown, unknown, unknown, Plan>,
  { call, rows }: CallInputs,
  { output, pieces }: RunOptions,
) {
  const shape = { ...operation.shapeOf(call), pieces };
  // What has to be uploaded is cut into small blocks; if anything has to be, all of it is.
  const isThere = call.paths.resident !== undefined && rows.every((one) => one.rows.resident !== undefined);
  return { shape, plan: planOn(device, operation, shape, { input: isThere ? "gpu" : "cpu", output }) };
}

/**
 * Runs a call; gives its result.
 * @throws PathSignatureError GPU_LIMITS, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, NOT_FINITE,
 *   NOT_REPRESENTABLE, and what `check` throws
 */
export async function runOn<Numbers, OnDevice, Plan extends GpuPlan>(
  device: Device,
  operation: GpuOperation<Numbers, unknown, OnDevice, Plan>,
  inputs: CallInputs,
  options: RunOptions,
): Promise<Numbers | OnDevice> {
  const program = await operation.load();
  const { shape, plan } = planned(device, operation, inputs, options);
  const pipelines = await pipelinesOf(device, program.kernels(shape, plan));
  options.check?.();
  const job = program.job({ ...options, device, inputs }, plan, pipelines);
  await runBlocks(device, job);
  try {
    return await job.result();
  } catch (error) {
    job.drop();
    throw error;
  }
}

/**
 * Plans a call whose results go to buffers of the caller's, and makes its pipelines; the function
 * that comes back submits it.
 * @throws PathSignatureError GPU_LIMITS
 */
export function planNow<Plan extends GpuPlan>(
  device: Device,
  operation: GpuOperation<unknown, unknown, unknown, Plan>,
  program: GpuProgram<unknown, unknown, unknown, Plan>,
  inputs: CallInputs,
  lengths: GPUBuffer | undefined,
): (results: RunOptions["results"]) => void {
  const options = { output: "gpu", lengths } as const;
  const { shape, plan } = planned(device, operation, inputs, options);
  if (lengths && plan.cut.steps !== undefined) {
    throw gpuFault("GPU_LIMITS", "paths of more numbers than a binding need lengths that are not on the device");
  }
  const pipelines: Record<string, Pipeline> = {};
  for (const [name, kernel] of kernelsIn(program.kernels(shape, plan)))
    pipelines[name] = device.pipelines.getNow(kernel);
  return (results) => submitBlocks(device, program.job({ ...options, device, inputs, results }, plan, pipelines));
}
