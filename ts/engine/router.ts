// The choice between the GPU and the processor's threads, call by call, and what follows from it: the device is opened when a call first
// wants it, a call that fails there is done again on the CPU, numbers cross the bus where they have to. Where a call should run is
// ts/dispatch's to say, how it runs ts/gpu's, which is loaded when a device is opened and not before.

import {
  type Capabilities,
  type Costs,
  decide,
  type Explanation,
  type Residency,
  shippedCosts,
} from "../dispatch/index.ts";
import {
  type GpuBackend,
  type GpuInfo,
  type GpuSource,
  type GpuTensor,
  gpuFault,
  hostGpu,
  isGpuFault,
  usualLimits,
} from "../gpu/index.ts";
import { FLOAT32 } from "../input/arrays.ts";
import { typeError } from "../input/errors.ts";
import { checkUnreported } from "../input/finite.ts";
import { closed, full } from "../pool/errors.ts";
import type { Scheduler } from "../pool/scheduler.ts";
import type { CallContext, CheckedCall, Device, GpuOperation, Operation } from "./backend.ts";
import type { Calibration } from "./calibration.ts";
import type { OperationName } from "./operations.ts";

/** What an entry brings for the GPU, loaded when one is used. */
export interface GpuParts {
  readonly makeBackend: (source: GpuSource) => GpuBackend;
  readonly calibrate: (
    calibration: Calibration,
    backend: GpuBackend | undefined,
    gpu: Capabilities["gpu"],
    onGpuFault: (error: Error) => void,
  ) => Promise<Costs>;
}

/** How calls are to be placed. */
export interface PlaceSettings {
  readonly device: "auto" | Device;
  readonly gpu: GpuSource;
  readonly costs: Costs | undefined;
  readonly fallback: "cpu" | "error";
  readonly threads: number;
  readonly maxQueued: number;
}

/** What a call says about places. */
export interface PlaceContext extends CallContext {
  /** Default the engine's. */
  readonly device?: "auto" | Device | undefined;
  readonly output: "cpu" | "gpu";
}

/** What {@link EngineInfo} tells of the GPU. */
export interface EngineGpuInfo extends GpuInfo {
  /** "closed": no call has wanted it yet, or the engine was closed. */
  readonly state: "closed" | "open" | "unavailable";
  /** Calls that wait or run on it. */
  readonly calls: number;
  /** Calls that it was to do, and that were done on the CPU. */
  readonly fallbacks: number;
}

/** So many faults in a row, and "auto" leaves the GPU alone until a call that asks for it succeeds. */
const mostFaultsInRow = 3;
/** Below this part of what a call on a GPU takes at least, nothing has to be reckoned. */
const clearlyLess = 0.25;
const mostWarnings = 20;

const notAsked: GpuInfo = {
  adapter: undefined,
  isShared: false,
  features: [],
  subgroupSize: 1,
  memory: { inUse: 0, idle: 0 },
  pipelines: 0,
  devices: 0,
  faults: [],
};

/** Where calls run. */
export class Places {
  readonly warnings: string[] = [];
  readonly #settings: PlaceSettings;
  readonly #cpu: Scheduler;
  readonly #load: () => Promise<GpuParts>;
  readonly #costs: Costs;
  readonly #isPossible: boolean;
  #backend: Promise<GpuBackend> | undefined;
  /** Once its device was opened. */
  #open: GpuBackend | undefined;
  /** What the device that was opened last allows. */
  #gpu: Capabilities["gpu"];
  /** Why there is no device, after one was tried for. */
  #without: string | undefined;
  #faultsInRow = 0;
  #fallbacks = 0;
  #closed = false;
  /** Calls under way: what ends each of them, and when it has ended. */
  readonly #calls = new Map<AbortController, Promise<unknown>>();

  constructor(settings: PlaceSettings, cpu: Scheduler, load: () => Promise<GpuParts>) {
    this.#settings = settings;
    this.#cpu = cpu;
    this.#load = load;
    this.#costs = settings.costs ?? shippedCosts;
    this.#isPossible = hostGpu(settings.gpu) !== undefined;
  }

  /** Whether a call has to be looked at here: false where it is the CPU's without question, which is told at once. */
  concern({ gpu }: Operation, call: CheckedCall, { device, output }: PlaceContext): boolean {
    if (output === "gpu") return true;
    if (gpu !== undefined && gpu.residents(call).length > 0) return true;
    const wanted = device ?? this.#settings.device;
    if (wanted !== "auto") return wanted === "webgpu";
    if (!this.#isPossible || gpu === undefined || gpu.dtype(call) === "float64") return false;
    const { launch } = (this.#costs.gpu ?? shippedCosts.gpu!).seconds;
    return call.cost * 1e-9 > clearlyLess * launch;
  }

  /** Why a call would run where, as far as is known now. Opens nothing. */
  explain(
    operation: Operation,
    call: CheckedCall,
    { input, ...context }: PlaceContext & { input?: "cpu" | "gpu" | undefined },
  ) {
    const asked = this.#askedOf(operation, call, context);
    return this.#decide(operation, call, input === undefined ? asked : { ...asked, input });
  }

  /** Runs a call where it belongs; gives its result. @throws what the operation throws, and faults of the device */
  async run<C extends CheckedCall>(operation: Operation<C>, call: C, context: PlaceContext): Promise<unknown> {
    return this.#count(context.signal, (signal) =>
      this.#place(operation, call, { ...context, signal, ...monotone(context) }),
    );
  }

  /** Work that counts as a call: closing waits for it or ends it. */
  async #count<T>(signal: AbortSignal | undefined, begin: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    if (this.#calls.size >= this.#settings.maxQueued) throw full(this.#settings.maxQueued);
    const controller = new AbortController();
    const abort = () => controller.abort(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const work = begin(controller.signal);
    this.#calls.set(controller, work);
    try {
      return await orAborted(work, controller.signal);
    } finally {
      signal?.removeEventListener("abort", abort);
      // Its submissions may still be under way where it was aborted.
      work.then(
        () => this.#calls.delete(controller),
        () => this.#calls.delete(controller),
      );
    }
  }

  async #place<C extends CheckedCall>(operation: Operation<C>, call: C, context: PlaceContext): Promise<unknown> {
    const { gpu } = operation;
    if (gpu === undefined) return this.#withoutKernels(operation, call, context);
    const asked = this.#askedOf(operation, call, context);
    if (asked.output === "gpu" && gpu.kernelCall(call).dtype !== FLOAT32)
      throw typeError("DTYPE_INVALID", "options.dtype", '"float64"', '"float32" where the result is wanted on the GPU');
    let explanation = this.#decide(operation, call, asked);
    if (explanation.plan.device === "webgpu" && this.#open === undefined) {
      try {
        await this.open();
      } catch (error) {
        if (!isGpuFault(error) || (this.#settings.fallback === "error" && insists(asked))) throw error;
      }
      explanation = this.#decide(operation, call, asked, true);
    }
    const { plan, obstacle } = explanation;
    if (plan.refused !== undefined) throw refusal(plan.refused, this.#isPossible && this.#without === undefined);
    const empty = call.batch === 0 || call.output === 0;
    if (plan.device === "cpu" || empty) {
      if (!empty && obstacle !== undefined) this.#fellBack(this.#without ?? obstacle);
      return this.#onCpu(gpu, call, context);
    }
    try {
      const result = await this.#onGpu(gpu, call, context);
      this.#faultsInRow = 0;
      return result;
    } catch (error) {
      if (!isGpuFault(error)) throw error;
      this.#faultsInRow++;
      if (this.#settings.fallback === "error") throw error;
      this.#fellBack(error.message);
      return this.#onCpu(gpu, call, context);
    }
  }

  /** An operation that has no kernels for GPUs. */
  async #withoutKernels<C extends CheckedCall>(operation: Operation<C>, call: C, context: PlaceContext) {
    const { name } = operation;
    if (context.output === "gpu")
      throw typeError("ENGINE_OPTION_TYPE", "options.output", '"gpu"', `"cpu": ${name} is computed on the CPU`);
    if (this.#settings.fallback === "error") throw gpuFault("GPU_FAILED", `there are no kernels for ${name}`);
    this.#fellBack(`there are no kernels for ${name}`);
    return this.#cpu.run(call, context);
  }

  async #onGpu<C extends CheckedCall>(
    gpu: GpuOperation<C>,
    call: C,
    { signal, output, onProgress }: PlaceContext,
  ): Promise<unknown> {
    const backend = this.#open!;
    const read = gpu.kernelCall(call);
    if (read.checkFinite) checkUnreported(read);
    const total = call.batch;
    const told =
      onProgress && ((part: number) => onProgress({ done: Math.min(total - 1, Math.floor(part * total)), total }));
    const result = await gpu.run(backend, call, { signal, output, onProgress: told });
    if (signal?.aborted) {
      free(result);
      signal.throwIfAborted();
    }
    onProgress?.({ done: total, total });
    return result;
  }

  async #onCpu<C extends CheckedCall>(gpu: GpuOperation<C>, call: C, context: PlaceContext): Promise<unknown> {
    const isThere = gpu.residents(call).length > 0;
    const backend = isThere || context.output === "gpu" ? await this.open() : undefined;
    const here = isThere ? await gpu.bring(backend!, call) : call;
    const result = await this.#cpu.run(here, context);
    return context.output === "cpu" ? result : gpu.put(backend!, here);
  }

  /**
   * The GPU, with a device that is there or was, and will be opened again.
   * @throws PathSignatureError GPU_UNAVAILABLE, GPU_LOST
   */
  async open(): Promise<GpuBackend> {
    if (this.#closed) throw closed();
    this.#backend ??= this.#load().then(({ makeBackend }) => makeBackend(this.#settings.gpu));
    let backend: GpuBackend;
    try {
      backend = await this.#backend;
    } catch (error) {
      // What could not be loaded may be there the next time.
      this.#backend = undefined;
      this.#without = "its code could not be loaded";
      throw gpuFault("GPU_UNAVAILABLE", this.#without, error);
    }
    try {
      const { limits, adapter } = await backend.open();
      const name = adapter.description || adapter.device || adapter.vendor || "unnamed";
      this.#gpu = { limits, adapter: name, isFallbackAdapter: adapter.isFallbackAdapter };
      this.#open = backend;
      this.#without = undefined;
      return backend;
    } catch (error) {
      if (isGpuFault(error)) this.#without = error.message;
      throw error;
    }
  }

  /** Makes ready what a call needs on the GPU; says whether that is where it would run. @throws as `open` does, and GPU_LIMITS */
  async prepare(operation: Operation, call: CheckedCall, context: PlaceContext): Promise<boolean> {
    const { gpu } = operation;
    if (gpu === undefined || this.explain(operation, call, context).plan.device === "cpu") return false;
    try {
      const backend = await this.open();
      if (this.explain(operation, call, context).plan.device === "cpu") return false;
      await backend.prepare(operation.name as OperationName, gpu.shape(call));
      return true;
    } catch (error) {
      if (!isGpuFault(error) || this.#settings.fallback === "error") throw error;
      return false;
    }
  }

  /** Costs of this machine. */
  async calibrate(calibration: Calibration): Promise<Costs> {
    return this.#count(calibration.signal, async (signal) => {
      const { calibrate } = await this.#load();
      const failed = (error: Error) => {
        if (this.#settings.fallback === "error" || !isGpuFault(error)) throw error;
        this.#warn(`The GPU was not measured: ${error.message}`);
      };
      const backend = this.#isPossible ? await this.open().catch(failed) : undefined;
      return calibrate({ ...calibration, signal }, backend ?? undefined, this.#gpu, failed);
    });
  }

  /** What is said when a device is wanted at once and there is none. */
  async openOrWarn(): Promise<void> {
    try {
      await this.open();
    } catch (error) {
      if (this.#settings.fallback === "error" || !isGpuFault(error)) throw error;
      this.#warn(`Calls for the GPU will be done on the CPU: ${error.message}`);
    }
  }

  info(): EngineGpuInfo | undefined {
    if (!this.#isPossible && this.#without === undefined) return undefined;
    const isOpen = this.#open !== undefined && !this.#closed;
    return {
      state: isOpen ? "open" : this.#without === undefined ? "closed" : "unavailable",
      calls: this.#calls.size,
      fallbacks: this.#fallbacks,
      ...(this.#open?.info() ?? notAsked),
    };
  }

  /** Ends it, after what runs or at once; the device too where the library made it, and with it the tensors on it. */
  async close({ abort }: { readonly abort: boolean }): Promise<void> {
    this.#closed = true;
    if (abort) for (const controller of this.#calls.keys()) controller.abort(closed());
    await Promise.allSettled(this.#calls.values());
    await (await this.#backend?.catch(() => undefined))?.close();
  }

  #askedOf({ gpu }: Operation, call: CheckedCall, { device, output }: PlaceContext): Residency {
    const isThere = gpu !== undefined && gpu.residents(call).length > 0;
    const { fallback } = this.#settings;
    return { device: device ?? this.#settings.device, fallback, input: isThere ? "gpu" : "cpu", output };
  }

  /** `tried`: a device was asked for just now, so that what came of it is known. */
  #decide({ name, gpu }: Operation, call: CheckedCall, asked: Residency, tried = false): Explanation {
    const { threads } = this.#settings;
    if (gpu === undefined) return alone(name);
    const capabilities = { threads, ...this.#capabilities(insists(asked) && !tried) };
    return decide(name as OperationName, gpu.shape(call), gpu.dtype(call), asked, capabilities, this.#costs);
  }

  /** What there is. Of a device that was not opened yet, what every device has. `again`: it is worth trying. */
  #capabilities(again: boolean): Omit<Capabilities, "threads"> {
    if (!this.#isPossible)
      return { without: "this host has no navigator.gpu, and none was given (Node: pass the `webgpu` package's)" };
    if (this.#without !== undefined && !again) return { without: this.#without };
    if (this.#faultsInRow >= mostFaultsInRow && !again)
      return { without: `the GPU failed ${this.#faultsInRow} calls in a row` };
    return { gpu: this.#gpu ?? { limits: usualLimits, adapter: "not asked for yet", isFallbackAdapter: false } };
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

/** Whether a call asks for the GPU, or has something to do with it that cannot be elsewhere. */
const insists = ({ device, input, output }: Residency): boolean =>
  device === "webgpu" || (device === "auto" && (input === "gpu" || output === "gpu"));

/** The explanation of a call that only the CPU can do. */
function alone(name: string): Explanation {
  const why = `${name} is computed on the CPU: there are no kernels for GPUs`;
  return {
    plan: { device: "cpu", kernel: name, blocks: 1, threads: 1, estimate: 0 },
    verdicts: [{ rule: "availability", device: "cpu", decides: true, why, numbers: {} }],
  };
}

/** `isThere`: a device, or none was asked for yet. */
function refusal(why: string, isThere: boolean): Error {
  if (why.includes("float32")) return typeError("DTYPE_INVALID", "options.dtype", '"float64"', '"float32" on the GPU');
  return gpuFault(isThere ? "GPU_LIMITS" : "GPU_UNAVAILABLE", why);
}

/** A listener that is told of nothing twice, and never of less: a call may be begun again. */
function monotone({ onProgress }: CallContext): Pick<CallContext, "onProgress"> {
  if (onProgress === undefined) return {};
  let last = 0;
  return {
    onProgress: (progress) => {
      if (progress.done <= last && progress.done < progress.total) return;
      last = progress.done;
      onProgress(progress);
    },
  };
}

/** Frees a result, where it is on a device. */
const free = (result: unknown): void => (result as Partial<GpuTensor> | undefined)?.destroy?.();

/** A promise, or the signal's reason at once. What comes late, and is on a device, is freed. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      work.then(
        (late) => free(late),
        () => undefined,
      );
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
