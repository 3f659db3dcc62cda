// Where a call runs: one pure function of the call, of what there is, and of what things cost. The rules are tried in order, and the first that
// has an opinion decides; every rule's verdict is kept, so that the decision can be explained.

import type { DeviceLimits } from "../gpu/index.ts";
import type { Costs } from "./costs.ts";
import { cpuSeconds, type Estimate, gpuSeconds } from "./estimate.ts";
import { shippedCosts } from "./shipped.ts";
import { type CallShape, cpuPrunes, type GpuWork, gpuWorkOf, type Places, sizesOf } from "./units.ts";

export type DeviceName = "cpu" | "webgpu";

/** Operations that can be planned. */
export type Operation = "signature" | "signatureVjp";

/** Where numbers are and are wanted, and what was asked for. */
export interface Residency extends Places {
  /** What the caller asked for. */
  readonly device: "auto" | DeviceName;
  /** What is done where that cannot be: taken elsewhere, or refused. */
  readonly fallback: "cpu" | "error";
}

/** What there is. */
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
  /** On the CPU "horner" or "pruned", of gradients "bracket" or "horner"; on a GPU one of its kernels. */
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

/** What a rule said. */
export interface Verdict {
  readonly rule: RuleName;
  /** "either": the rule has no opinion. */
  readonly device: DeviceName | "either";
  /** Whether it is the one that decided. */
  readonly decides: boolean;
  readonly why: string;
  /** What it looked at: seconds, bytes, counts. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** A plan and how it came about. */
export interface Explanation {
  readonly plan: Plan;
  readonly verdicts: readonly Verdict[];
  /** Why the call is on the CPU although the GPU was asked for, or holds its numbers. */
  readonly obstacle?: string;
}

type Opinion = Pick<Verdict, "device" | "why"> & { numbers?: Record<string, number> };

/** The best number of threads and its estimate: more of them are not always faster. */
function bestOnCpu(shape: CallShape, dtype: "float32" | "float64", threads: number, costs: Costs) {
  const one = { threads: 1, estimate: cpuSeconds(shape, dtype, 1, costs.cpu) };
  const most = Math.max(1, Math.min(threads, shape.batch));
  if (most === 1) return one;
  const all = { threads: most, estimate: cpuSeconds(shape, dtype, most, costs.cpu) };
  return all.estimate.seconds < one.estimate.seconds ? all : one;
}

/**
 * Decides where a call runs, and says why.
 *
 * @param costs - constants of this machine; default those that are shipped (`shippedCosts`).
 */
export function decide(
  operation: Operation,
  asked: CallShape,
  dtype: "float32" | "float64",
  residency: Residency,
  capabilities: Capabilities,
  costs: Costs = shippedCosts,
): Explanation {
  const { gpu } = capabilities;
  const shape: CallShape = operation === "signatureVjp" ? { ...asked, gradient: true } : asked;
  const work = gpu && gpuWorkOf(shape, residency, gpu.limits);
  const cpu = bestOnCpu(shape, dtype, capabilities.threads, costs);
  const gpuCosts = costs.gpu ?? shippedCosts.gpu!;
  const onGpu: Estimate | undefined =
    work && typeof work !== "string" ? gpuSeconds(shape, residency, work, gpuCosts) : undefined;
  const onCpu = withTransfers(cpu.estimate, shape, residency, gpuCosts);

  const opinions: Record<RuleName, Opinion> = {
    explicit:
      residency.device === "auto"
        ? { device: "either", why: 'device is "auto"' }
        : { device: residency.device, why: `device is "${residency.device}"` },
    dtype:
      dtype === "float64"
        ? { device: "cpu", why: "float64 is computed on the CPU: WGSL has no such numbers" }
        : { device: "either", why: "float32 is computed on both" },
    residency: onDevice(residency),
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

  // Whoever asked for the GPU, or has numbers there, cannot have it against these.
  const obstacle = decided === "webgpu" ? obstacleOf(dtype, capabilities, work) : undefined;
  const device = obstacle === undefined ? decided! : "cpu";
  const plan: Plan =
    device === "webgpu"
      ? {
          device,
          kernel: (work as GpuWork).kernel,
          blocks: (work as GpuWork).blocks,
          threads: 0,
          estimate: onGpu!.seconds,
        }
      : {
          device,
          kernel: cpuKernel(shape),
          blocks: 1,
          threads: cpu.threads,
          estimate: onCpu.seconds,
          ...(obstacle !== undefined && residency.fallback === "error" && { refused: obstacle }),
        };
  return { plan, verdicts, ...(obstacle !== undefined && { obstacle }) };
}

/** Gradients of streams are the adjoint of Horner's scheme, all others the bracket adjoint (docs/gradients.md). */
function cpuKernel(shape: CallShape): string {
  if (shape.gradient) return shape.stream ? "horner" : "bracket";
  return cpuPrunes(shape) ? "pruned" : "horner";
}

/** As {@link decide}, without the reasons. */
export const plan = (...args: Parameters<typeof decide>): Plan => decide(...args).plan;

/** The CPU's time, with what has to be brought from a device and back to it. */
function withTransfers(
  { seconds, parts }: Estimate,
  shape: CallShape,
  { input, output }: Places,
  gpu: NonNullable<Costs["gpu"]>,
): Estimate {
  const { inputNumbers, outputNumbers } = sizesOf(shape);
  const { launch, upload, download } = gpu.seconds;
  const first = input === "gpu" ? launch + 4 * inputNumbers * download : 0;
  const last = output === "gpu" ? launch + 4 * outputNumbers * upload : 0;
  return {
    seconds: seconds + first + last,
    parts: { ...parts, ...(first > 0 && { download: first }), ...(last > 0 && { upload: last }) },
  };
}

function onDevice({ input, output }: Places): Opinion {
  if (input === "gpu") return { device: "webgpu", why: "the paths are on the GPU" };
  if (output === "gpu") return { device: "webgpu", why: "the result is wanted on the GPU" };
  return { device: "either", why: "paths come from the CPU and the result is wanted there" };
}

function available({ gpu, without = withoutAdapter }: Capabilities, costs: Costs): Opinion {
  if (!gpu) return { device: "cpu", why: without };
  // Constants of a real GPU say nothing of one that is none, unless it was measured itself.
  if (gpu.isFallbackAdapter && costs.gpu?.adapter !== gpu.adapter) {
    return { device: "cpu", why: `the adapter (${gpu.adapter}) is a software implementation that was not measured` };
  }
  return { device: "either", why: `there is an adapter: ${gpu.adapter}` };
}

function withinLimits(gpu: Capabilities["gpu"], work: GpuWork | string | undefined): Opinion {
  if (!gpu || work === undefined) return { device: "either", why: "there is no device whose limits could be met" };
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  const numbers = { maxBufferSize, maxStorageBufferBindingSize };
  if (typeof work === "string") return { device: "cpu", why: work, numbers };
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

/** Why a call cannot be on the GPU that is wanted there. */
function obstacleOf(
  dtype: "float32" | "float64",
  { gpu, without = withoutAdapter }: Capabilities,
  work: GpuWork | string | undefined,
): string | undefined {
  if (dtype === "float64") return "WebGPU computes float32 only";
  if (!gpu) return without;
  return typeof work === "string" ? work : undefined;
}
