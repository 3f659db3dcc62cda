// Routes each call to the GPU or to the CPU's threads. ts/dispatch decides, ts/gpu runs it on the
// GPU. A call that fails on the GPU is run again on the CPU; data is transferred as needed.

import {
  type Capabilities,
  type Costs,
  type Demand,
  decide,
  type Explanation,
  shippedCosts,
} from "../dispatch/index.ts";
import {
  type GpuBackend,
  type GpuInfo,
  type GpuOperation,
  type GpuSource,
  gpuFault,
  isGpuFault,
  isResident,
  refusalOf,
} from "../gpu/index.ts";
import { FLOAT32 } from "../input/arrays.ts";
import { isPathSignatureError, typeError } from "../input/errors.ts";
import { checkBefore } from "../input/finite.ts";
import { closed } from "../pool/errors.ts";
import type { Scheduler } from "../pool/scheduler.ts";
import type { CallContext, Device } from "./backend.ts";
import type { Calibration } from "./calibration.ts";
import type { EngineCall } from "./call.ts";
import { GpuAccess } from "./gpu-access.ts";
import { free, monotone, RunningCalls } from "./running-calls.ts";

/** The code for the GPU, which an entry loads on first use. */
export interface GpuParts {
  readonly makeBackend: (source: GpuSource) => GpuBackend;
  readonly calibrate: (
    calibration: Calibration,
    backend: GpuBackend | undefined,
    gpu: Capabilities["gpu"],
    onGpuFault: (error: Error) => void,
  ) => Promise<Costs>;
}

/** Options that determine routing. */
export interface RouterSettings {
  readonly device: "auto" | Device;
  readonly gpu: GpuSource;
  readonly costs: Costs | undefined;
  readonly fallback: "cpu" | "error";
  readonly threads: number;
  readonly maxQueued: number;
}

/** A call's own options about where it runs. */
export interface RouterContext extends CallContext {
  /** Default: the engine's. */
  readonly device?: "auto" | Device | undefined;
  readonly output: "cpu" | "gpu";
}

/** The GPU's part of {@link EngineInfo}. */
export interface EngineGpuInfo extends GpuInfo {
  /** "closed": no call has used it yet, or the engine is closed. */
  readonly state: "closed" | "open" | "unavailable";
  /** Calls that wait or run on it. */
  readonly calls: number;
  /** Calls that were routed to it but run on the CPU. */
  readonly fallbacks: number;
}

/**
 * A call that costs less than this share of the minimum time on a GPU runs on the CPU without
 * planning.
 */
const clearlyLess = 0.25;
const mostWarnings = 20;

/** Decides where calls run. */
export class Router {
  readonly warnings: string[] = [];
  readonly #settings: RouterSettings;
  readonly #cpu: Scheduler;
  readonly #gpu: GpuAccess;
  readonly #costs: Costs;
  readonly #calls: RunningCalls;
  #fallbacks = 0;

  constructor(settings: RouterSettings, cpu: Scheduler, load: () => Promise<GpuParts>) {
    this.#settings = settings;
    this.#cpu = cpu;
    this.#gpu = new GpuAccess(settings.gpu, load);
    this.#costs = settings.costs ?? shippedCosts;
    this.#calls = new RunningCalls(settings.maxQueued);
  }

  /** Whether a call needs the router: false if it clearly runs on the CPU. Synchronous. */
  concerns(call: EngineCall, { device, output }: RouterContext): boolean {
    if (output === "gpu" || isResident(call.call)) return true;
    const wanted = device ?? this.#settings.device;
    if (wanted !== "auto") return wanted === "webgpu";
    if (!this.#gpu.isPossible || call.gpu === undefined || call.call.dtype !== FLOAT32) return false;
    const { launch } = (this.#costs.gpu ?? shippedCosts.gpu).seconds;
    return call.cost * 1e-9 > clearlyLess * launch;
  }

  /** Where a call would run, and why, by what is known now. Opens no device. */
  explain(call: EngineCall, { input, ...context }: RouterContext & { input?: "cpu" | "gpu" | undefined }): Explanation {
    if (call.gpu === undefined) return onCpuOnly(call.operation.name);
    const demand = this.#demandOf(call, context);
    return this.#decide(call.gpu, call, input === undefined ? demand : { ...demand, input });
  }

  /**
   * Runs a call on its device and returns the result. @throws as the operation, and errors of the
   * device
   */
  async run(call: EngineCall, context: RouterContext): Promise<unknown> {
    return this.#calls.run(context.signal, (signal) => this.#route(call, { ...context, signal, ...monotone(context) }));
  }

  async #route(call: EngineCall, context: RouterContext): Promise<unknown> {
    const { gpu } = call;
    if (gpu === undefined || (context.output === "gpu" && !gpu.stays)) return this.#withoutKernels(call, context);
    const demand = this.#demandOf(call, context);
    if (demand.output === "gpu" && call.call.dtype !== FLOAT32)
      throw typeError("DTYPE_INVALID", "options.dtype", '"float64"', '"float32" where the result is wanted on the GPU');
    let explanation = this.#decide(gpu, call, demand);
    // A device may allow more than every device does.
    const mayBeThere = explanation.plan.device === "webgpu" || explanation.obstacle?.code === "GPU_LIMITS";
    if (mayBeThere && this.#gpu.opened === undefined) {
      try {
        await this.#open();
      } catch (error) {
        if (!isGpuFault(error) || (this.#settings.fallback === "error" && insists(demand))) throw error;
      }
      explanation = this.#decide(gpu, call, demand, true);
    }
    const { plan, obstacle } = explanation;
    if (plan.refused) throw refusalOf(obstacle!);
    const empty = call.batch === 0 || call.output === 0;
    if (plan.device === "cpu" || empty) {
      if (!empty && obstacle !== undefined) this.#fellBack(this.#gpu.missing ?? obstacle.why);
      return this.#onCpu(call, context);
    }
    try {
      const result = await this.#onGpu(gpu, call.checked(), context);
      this.#gpu.count(false);
      return result;
    } catch (error) {
      if (!call.call.checkFinite && isNotFinite(error)) return this.#notFinite(gpu, call, context);
      if (!isGpuFault(error)) throw call.fault(error);
      this.#gpu.count(true);
      if (this.#settings.fallback === "error") throw error;
      this.#fellBack(error.message);
      return this.#onCpu(call, context);
    }
  }

  /**
   * A call that allows numbers that are not finite, and has some. The CPU says which results they
   * reach; what cannot be read back stays where it is.
   */
  async #notFinite(gpu: GpuOperation, call: EngineCall, context: RouterContext): Promise<unknown> {
    this.#fellBack("it has numbers that are not finite");
    try {
      return await this.#onCpu(call, context);
    } catch (error) {
      if (!isPathSignatureError(error) || error.code !== "GPU_BUFFER") throw error;
      return this.#onGpu(gpu, call, context);
    }
  }

  /** An operation without GPU kernels, or results there. Its inputs may still be on a device. */
  async #withoutKernels(
    call: EngineCall,
    { device = this.#settings.device, ...context }: RouterContext,
  ): Promise<unknown> {
    const { name } = call.operation;
    if (context.output === "gpu")
      throw typeError("ENGINE_OPTION_TYPE", "options.output", '"gpu"', `"cpu": ${name} is computed on the CPU`);
    if (device !== "cpu") {
      if (this.#settings.fallback === "error") throw gpuFault("GPU_FAILED", `there are no kernels for ${name}`);
      this.#fellBack(`there are no kernels for ${name}`);
    }
    return this.#onCpu(call, context);
  }

  async #onGpu(gpu: GpuOperation, call: EngineCall, context: RouterContext): Promise<unknown> {
    const { signal, output, onProgress } = context;
    if (call.call.checkFinite) checkBefore(call.operation.kernel.inputs, call.call);
    const total = call.batch;
    const report =
      onProgress && ((part: number) => onProgress({ done: Math.min(total - 1, Math.floor(part * total)), total }));
    const numbers = await this.#gpu.opened!.run(gpu, call.inputs, { signal, output, onProgress: report });
    if (signal?.aborted) {
      free(numbers);
      signal.throwIfAborted();
    }
    onProgress?.({ done: total, total });
    if (output === "gpu") return numbers;
    const { fromDevice } = call.operation;
    // Without it the program has put its numbers where the CPU's go.
    return fromDevice ? fromDevice(call.call, numbers) : call.result();
  }

  async #onCpu(call: EngineCall, context: RouterContext): Promise<unknown> {
    // Opened first: without a device nothing needs to be computed.
    const backend = context.output === "gpu" ? await this.#open() : undefined;
    const here = isResident(call.call)
      ? call.withInputs(await (await this.#open()).read(call.inputs))
      : // Results of a failed device are dropped.
        call.again();
    const result = await this.#cpu.run(here, context);
    return backend ? backend.upload(call.gpu!, here.inputs, result) : result;
  }

  #open(): Promise<GpuBackend> {
    return this.#calls.isClosed ? Promise.reject(closed()) : this.#gpu.open();
  }

  /**
   * Prepares the GPU for a call; returns whether the call would run there. @throws as `open`, and
   * GPU_LIMITS
   */
  async prepare(call: EngineCall, context: RouterContext): Promise<boolean> {
    const wouldBeThere = () => this.explain(call, context).plan.device === "webgpu";
    if (!wouldBeThere()) return false;
    try {
      const backend = await this.#open();
      if (!wouldBeThere()) return false;
      await backend.prepare(call.gpu!, call.gpu!.shapeOf(call.call));
      return true;
    } catch (error) {
      if (!isGpuFault(error) || this.#settings.fallback === "error") throw error;
      return false;
    }
  }

  /** Costs of this machine. */
  async calibrate(calibration: Calibration): Promise<Costs> {
    return this.#calls.run(calibration.signal, async (signal) => {
      const { calibrate } = await this.#gpu.load();
      const failed = (error: Error) => {
        if (this.#settings.fallback === "error" || !isGpuFault(error)) throw error;
        this.#warn(`The GPU was not measured: ${error.message}`);
      };
      const backend = this.#gpu.isPossible ? await this.#open().catch(failed) : undefined;
      return calibrate({ ...calibration, signal }, backend ?? undefined, this.#gpu.device, failed);
    });
  }

  /** Opens the device that the options of the engine request; adds a warning if there is none. */
  async openOrWarn(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (this.#settings.fallback === "error" || !isGpuFault(error)) throw error;
      this.#warn(`Calls for the GPU will be done on the CPU: ${error.message}`);
    }
  }

  info(): EngineGpuInfo | undefined {
    const info = this.#gpu.info(this.#calls.isClosed);
    return info && { ...info, calls: this.#calls.count, fallbacks: this.#fallbacks };
  }

  /**
   * Closes the router, after its calls or at once, with the library's own device and its tensors.
   */
  async close({ abort }: { readonly abort: boolean }): Promise<void> {
    await this.#calls.close(abort);
    await this.#gpu.close();
  }

  #demandOf({ call }: EngineCall, { device, output }: RouterContext): Demand {
    const { fallback } = this.#settings;
    const input = isResident(call) ? "gpu" : "cpu";
    return { device: device ?? this.#settings.device, fallback, input, output };
  }

  /** `tried`: a device was just requested, so the outcome is known. */
  #decide(gpu: GpuOperation, { call }: EngineCall, demand: Demand, tried = false): Explanation {
    const capabilities = {
      threads: this.#settings.threads,
      ...this.#gpu.capabilities(insists(demand) && !tried),
    };
    const dtype = call.dtype === FLOAT32 ? "float32" : "float64";
    return decide(gpu, gpu.shapeOf(call), dtype, demand, capabilities, this.#costs);
  }

  #fellBack(why: string): void {
    this.#fallbacks++;
    this.#warn(`A call for the GPU was done on the CPU: ${why}`);
  }

  #warn(text: string): void {
    if (this.warnings.includes(text)) return;
    this.warnings.push(text);
    if (this.warnings.length > mostWarnings) this.warnings.shift();
  }
}

/** Whether a check for numbers that are not finite, or not in float32, has found one. */
const isNotFinite = (error: unknown): boolean =>
  isPathSignatureError(error) && ["NOT_FINITE", "NOT_REPRESENTABLE", "KERNEL_OVERFLOW"].includes(error.code);

/** Whether a call requests the GPU, or has input or output that is on it. */
const insists = ({ device, input, output }: Demand): boolean =>
  device === "webgpu" || (device === "auto" && (input === "gpu" || output === "gpu"));

/** The explanation of a call that only the CPU can compute. */
function onCpuOnly(name: string): Explanation {
  const why = `${name} is computed on the CPU: there are no kernels for GPUs`;
  return {
    plan: { device: "cpu", kernel: name, blocks: 1, threads: 1, estimate: 0 },
    verdicts: [{ rule: "availability", device: "cpu", decides: true, why, numbers: {} }],
  };
}
