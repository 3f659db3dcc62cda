// Where a call runs: one pure function of the call, of the hardware, and of what things cost. Rules
// are applied in order, and the first that has an opinion decides; every rule's verdict is kept, so
// that the decision can be explained.

import {
  type CallShape,
  type DeviceLimits,
  type GpuOperation,
  type GpuPlan,
  isObstacle,
  type Obstacle,
  type Residency,
} from "../gpu/index.ts";
import type { Costs, GpuCosts } from "./costs.ts";
import { cpuSeconds, type Estimate, gpuSeconds } from "./estimate.ts";
import { shippedCosts } from "./shipped.ts";

export type DeviceName = "cpu" | "webgpu";

/** Where numbers are and are wanted, and what was asked for. */
export interface Demand extends Residency {
  /** What the caller asked for. */
  readonly device: "auto" | DeviceName;
  /** What is done where that cannot be: taken elsewhere, or refused. */
  readonly fallback: "cpu" | "error";
}

/** The hardware. */
export interface Capabilities {
  /** Threads that a call may use, this one included. */
  readonly threads: number;
  /** Absent: no WebGPU, or no adapter; `without` says why. */
  readonly gpu?:
    | {
        readonly limits: DeviceLimits;
        /** A software implementation. */
        readonly isFallbackAdapter: boolean;
        readonly adapter: string;
      }
    | undefined;
  /** Default "there is no WebGPU adapter". */
  readonly without?: string | undefined;
}

const withoutAdapter = "there is no WebGPU adapter";

/** Where and how a call runs. */
export interface Plan {
  readonly device: DeviceName;
  /** "horner" or "pruned" on the CPU, for gradients "bracket" or "horner"; else a GPU kernel. */
  readonly kernel: string;
  /** Parts that the call is cut into on a GPU; on the CPU each thread cuts its own. */
  readonly blocks: number;
  /** Threads on the CPU, 0 on a GPU. */
  readonly threads: number;
  /** Seconds, about. */
  readonly estimate: number;
  /** Why the call cannot be done as asked, where `fallback` says "error". */
  readonly refused?: string;
}

export const ruleNames = ["explicit", "dtype", "residency", "availability", "limits", "cost"] as const;
export type RuleName = (typeof ruleNames)[number];

/** What a rule says of a call. */
export interface Verdict {
  readonly rule: RuleName;
  /** "either": the rule has no opinion. */
  readonly device: DeviceName | "either";
  /** Whether it is the one that decided. */
  readonly decides: boolean;
  readonly why: string;
  /** The seconds, bytes and counts that it depends on. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** A plan and how it came about. */
export interface Explanation {
  readonly plan: Plan;
  readonly verdicts: readonly Verdict[];
  /** Why the call is on the CPU although the GPU was asked for, or holds its numbers. */
  readonly obstacle?: Obstacle;
}

type DTypeName = "float32" | "float64";
type Opinion = Pick<Verdict, "device" | "why"> & { numbers?: Record<string, number> };

/** The best number of threads and its estimate: more of them are not always faster. */
function bestOnCpu(operation: GpuOperation, shape: CallShape, dtype: DTypeName, threads: number, costs: Costs) {
  const one = { threads: 1, estimate: cpuSeconds(operation, shape, dtype, 1, costs.cpu) };
  const most = Math.max(1, Math.min(threads, shape.batch));
  if (most === 1) return one;
  const all = { threads: most, estimate: cpuSeconds(operation, shape, dtype, most, costs.cpu) };
  return all.estimate.seconds < one.estimate.seconds ? all : one;
}

/**
 * Decides where a call runs, and says why.
 *
 * @param costs - constants of this machine; default those that are shipped (`shippedCosts`).
 */
export function decide(
  operation: GpuOperation,
  shape: CallShape,
  dtype: DTypeName,
  demand: Demand,
  capabilities: Capabilities,
  costs: Costs = shippedCosts,
): Explanation {
  const { gpu } = capabilities;
  const work = gpu && operation.plan(shape, demand, gpu.limits);
  const cpu = bestOnCpu(operation, shape, dtype, capabilities.threads, costs);
  const gpuCosts = costs.gpu ?? shippedCosts.gpu;
  const onGpu: Estimate | undefined =
    work && !isObstacle(work) ? gpuSeconds(operation, shape, demand, work, gpuCosts) : undefined;
  const onCpu = withTransfers(cpu.estimate, operation, shape, demand, gpuCosts);

  const opinions: Record<RuleName, Opinion> = {
    explicit:
      demand.device === "auto"
        ? { device: "either", why: 'device is "auto"' }
        : { device: demand.device, why: `device is "${demand.device}"` },
    dtype:
      dtype === "float64"
        ? { device: "cpu", why: "float64 is computed on the CPU: WGSL has no such numbers" }
        : { device: "either", why: "float32 is computed on both" },
    residency: onDevice(demand),
    availability: available(capabilities, costs),
    limits: withinLimits(gpu, work),
    cost: cheaper(onCpu, cpu.threads, onGpu),
  };

  const verdicts: Verdict[] = [];
  let decided: DeviceName | undefined;
  for (const rule of ruleNames) {
    const { device, why, numbers = {} } = opinions[rule];
    const decides = decided === undefined && device !== "either";
    if (decides) decided = device as DeviceName;
    verdicts.push({ rule, device, decides, why, numbers });
  }

  // Asking for the GPU, or having numbers there, does not help against these.
  const obstacle = decided === "webgpu" ? obstacleOf(dtype, capabilities, work) : undefined;
  const device = obstacle === undefined ? decided! : "cpu";
  const plan: Plan =
    device === "webgpu"
      ? {
          device,
          kernel: (work as GpuPlan).kernel,
          blocks: (work as GpuPlan).blocks,
          threads: 0,
          estimate: onGpu!.seconds,
        }
      : {
          device,
          kernel: operation.cpuKernel(shape),
          blocks: 1,
          threads: cpu.threads,
          estimate: onCpu.seconds,
          ...(obstacle !== undefined && demand.fallback === "error" && { refused: obstacle.why }),
        };
  return { plan, verdicts, ...(obstacle !== undefined && { obstacle }) };
}

/** As {@link decide}, without the reasons. */
export const plan = (...args: Parameters<typeof decide>): Plan => decide(...args).plan;

/** The CPU's time, with the transfers from a device and back to it. */
function withTransfers(
  { seconds, parts }: Estimate,
  operation: GpuOperation,
  shape: CallShape,
  { input, output }: Residency,
  gpu: GpuCosts,
): Estimate {
  const traffic = operation.traffic(shape);
  const { launch, upload, download } = gpu.seconds;
  const first = input === "gpu" ? launch + 4 * traffic.input * download : 0;
  const last = output === "gpu" ? launch + 4 * traffic.output * upload : 0;
  return {
    seconds: seconds + first + last,
    parts: { ...parts, ...(first > 0 && { download: first }), ...(last > 0 && { upload: last }) },
  };
}

function onDevice({ input, output }: Residency): Opinion {
  if (input === "gpu") return { device: "webgpu", why: "the paths are on the GPU" };
  if (output === "gpu") return { device: "webgpu", why: "the result is wanted on the GPU" };
  return { device: "either", why: "paths come from the CPU and the result is wanted there" };
}

function available({ gpu, without = withoutAdapter }: Capabilities, costs: Costs): Opinion {
  if (!gpu) return { device: "cpu", why: without };
  // Constants of a GPU say nothing about a software implementation, unless it was measured itself.
  if (gpu.isFallbackAdapter && costs.gpu?.adapter !== gpu.adapter) {
    return { device: "cpu", why: `the adapter (${gpu.adapter}) is a software implementation that was not measured` };
  }
  return { device: "either", why: `there is an adapter: ${gpu.adapter}` };
}

function withinLimits(gpu: Capabilities["gpu"], work: GpuPlan | Obstacle | undefined): Opinion {
  if (!gpu || work === undefined) return { device: "either", why: "there is no device whose limits could be met" };
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  const numbers = { maxBufferSize, maxStorageBufferBindingSize };
  if (isObstacle(work)) return { device: "cpu", why: work.why, numbers };
  const blocks = work.blocks;
  return {
    device: "either",
    why: blocks === 1 ? "the call fits the device's limits" : `the call fits the device's limits in ${blocks} blocks`,
    numbers: { ...numbers, blocks },
  };
}

function cheaper(cpu: Estimate, threads: number, gpu: Estimate | undefined): Opinion {
  const numbers: Record<string, number> = { cpu: cpu.seconds, threads };
  if (!gpu) return { device: "cpu", why: "only the CPU can be estimated", numbers };
  numbers.webgpu = gpu.seconds;
  for (const [name, seconds] of Object.entries(cpu.parts)) numbers[`cpu ${name}`] = seconds;
  for (const [name, seconds] of Object.entries(gpu.parts)) numbers[`webgpu ${name}`] = seconds;
  return cpu.seconds <= gpu.seconds
    ? { device: "cpu", why: "the CPU is expected to be faster", numbers }
    : { device: "webgpu", why: "the GPU is expected to be faster", numbers };
}

/** Why a call that is wanted on the GPU cannot run there. */
function obstacleOf(
  dtype: DTypeName,
  { gpu, without = withoutAdapter }: Capabilities,
  work: GpuPlan | Obstacle | undefined,
): Obstacle | undefined {
  if (dtype === "float64") return { code: "DTYPE_INVALID", why: "WebGPU computes float32 only" };
  if (!gpu) return { code: "GPU_UNAVAILABLE", why: without };
  return work && isObstacle(work) ? work : undefined;
}
