// The asynchronous engine: what `createEngine` gives. Reads a call by its entry in the table, hands it to the processor's threads or,
// where there is something to choose, to router.ts, and wraps what comes back.

import type { Costs } from "../dispatch/index.ts";
import { version } from "../generated/version.ts";
import type { GpuNumbers, GpuSignatureOptions, PathsAnywhere } from "../gpu/index.ts";
import { describe, typeError } from "../input/errors.ts";
import type { Only } from "../input/types.ts";
import { bindSignature } from "../operations/signature.ts";
import type { Cotangent } from "../operations/signature-vjp.ts";
import { wantedBinary } from "../pool/binary.ts";
import type { Mode } from "../pool/executor.ts";
import { availableThreads } from "../pool/host.ts";
import { HostCrews, type ThreadParts } from "../pool/host-executors.ts";
import { ThreadPool } from "../pool/scheduler.ts";
import type { Runtime } from "../wasm/runtime.ts";
import type { Device, Operation } from "./backend.ts";
import { calibrationOf } from "./calibration.ts";
import { type EngineCallOptions, ReadContext, readPlace } from "./context.ts";
import { type CallPlan, explainCall, explainCpu } from "./explain.ts";
import { type OperationName, operationOf, operations } from "./operations.ts";
import { type EngineOptions, readEngineOptions } from "./options.ts";
import type { EngineGradientsOf, EngineSignatureOf } from "./result.ts";
import { type EngineGpuInfo, type GpuParts, Router } from "./router.ts";
import type { EngineVjpOptions } from "./vjp.ts";

/** Options of `engine.signature`: those of `signature`, a signal and a listener to progress, and where it runs. */
export interface EngineSignatureOptions extends GpuSignatureOptions, EngineCallOptions {}

/** What an engine is made of besides threads. */
export interface EngineParts extends ThreadParts {
  /** Loads what runs on GPUs. */
  readonly loadGpu: () => Promise<GpuParts>;
}

/** What {@link Engine.explain} is asked about: the shape, and the options of the call. */
export interface SignatureSizes extends Omit<EngineSignatureOptions, "out" | "signal" | "onProgress"> {
  /** (…batch, length, channels). */
  readonly shape: ArrayLike<number>;
  /** Where the paths are. Default "cpu". */
  readonly input?: "cpu" | "gpu" | undefined;
}

/** What {@link Engine.info} tells. */
export interface EngineInfo {
  /** Version of the package. */
  readonly version: string;
  /** The binary whose bits results have: "relaxed", "simd" or "custom"; "none" where this engine can run none. */
  readonly variant: string;
  /** How tasks reach threads; before the first call, how they would. */
  readonly mode: Mode;
  /** Threads at most. */
  readonly threads: number;
  /** Workers that are there now. They are started by calls, and end when there have been none for a while. */
  readonly workers: number;
  /** Workers that had to be replaced since the engine was made. */
  readonly replaced: number;
  /** Calls that wait or run, and tasks of theirs that are with threads. */
  readonly calls: number;
  readonly tasks: number;
  /** Bytes of memory that threads share, or that are kept for transfers. */
  readonly memoryBytes: number;
  /** What went wrong without failing a call, each once. */
  readonly warnings: readonly string[];
  /** Where calls run that do not say it themselves. */
  readonly device: "auto" | Device;
  /** The GPU: its adapter, what it holds, its faults and what was done about them. Absent where the host has none and none was given. */
  readonly gpu?: EngineGpuInfo | undefined;
  readonly closed: boolean;
}

/** Batches on all threads. Made by `createEngine`. */
export interface Engine {
  /**
   * As `signature`, on the engine's threads: the same options and the same result, to the bit, whatever the number of threads; or on the
   * GPU, in float32, where that is asked for or expected to be faster (`explain` says which). The paths, and what else is given, must not
   * be changed until the promise is settled. `paths`, `basepoint` and `initial` may be on the GPU: a `GpuTensor`, or `{ buffer, shape }`.
   *
   * @returns A promise of the tensor, a `GpuTensor` with `output: "gpu"`; it rejects with what `signature` throws, with the signal's
   *   reason, or with QUEUE_FULL, ENGINE_CLOSED, BLOCK_FAILED, GPU_BUFFER, and where `fallback` is "error" with GPU_UNAVAILABLE, GPU_LOST,
   *   GPU_OUT_OF_MEMORY, GPU_FAILED, GPU_LIMITS. After errors that `signature` would throw `out` has not been written to.
   */
  signature<const P extends PathsAnywhere, const O extends EngineSignatureOptions>(
    paths: P,
    options: Only<O, EngineSignatureOptions>,
  ): Promise<EngineSignatureOf<P, O>>;
  /**
   * As `signatureVjp`, on the engine's threads: the same options and the same gradients, to the bit, whatever the number of threads; or on
   * the GPU, in float32, where that is asked for or expected to be faster. Divided among threads by paths: a path
   * that is alone has one thread. What is given must not be changed until the promise is settled. `paths`, `cotangent`, `basepoint` and
   * `initial` may be on the GPU.
   *
   * @returns A promise of the gradients, `GpuGradients` with `output: "gpu"`; it rejects with what `signatureVjp` throws, with the signal's
   *   reason, or with QUEUE_FULL, ENGINE_CLOSED, BLOCK_FAILED, and faults of the GPU as `signature` does.
   */
  signatureVjp<const P extends PathsAnywhere, const O extends EngineVjpOptions>(
    paths: P,
    cotangent: Cotangent | GpuNumbers,
    options: Only<O, EngineVjpOptions>,
  ): Promise<EngineGradientsOf<P, O>>;
  /**
   * Makes ready what a call of such sizes needs, so that the first one does not wait: the binary, or the device and its pipelines.
   * @throws as the function would, and where `fallback` is "error" faults of the device (as a rejection)
   */
  prepare(name: OperationName, sizes: SignatureSizes): Promise<void>;
  /**
   * Measures what calls cost on this machine, CPU and GPU, for some `budgetMs` (default 2000; where kernels are slow to compile up to
   * three times as long), and gives what `createEngine({ costs })` takes. Keeps the calling thread busy. Where a GPU fails the
   * processor's costs are what is given, and `info().warnings` says so; with `fallback: "error"` it rejects.
   *
   * @returns A promise of the costs; it rejects with CLOCK_FROZEN, ENGINE_OPTION, ENGINE_CLOSED, faults of the GPU, or the signal's reason.
   */
  calibrate(options?: {
    readonly budgetMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Costs>;
  /** What the engine would do with a call of such sizes, and why. Starts nothing. @throws as the function would */
  explain(name: OperationName, sizes: SignatureSizes): CallPlan;
  /** What there is, and what has been. Starts nothing. */
  info(): EngineInfo;
  /**
   * Ends the engine: calls that come after are refused, those that wait or run are finished, or rejected with ENGINE_CLOSED. Resolves
   * when all threads have ended. May be called again.
   */
  close(options?: { readonly abort?: boolean | undefined }): Promise<void>;
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const noContext = new ReadContext();

class ThreadEngine {
  readonly #runtime: Runtime;
  readonly #pool: ThreadPool;
  readonly #threads: number;
  readonly #router: Router;
  readonly #device: "auto" | Device;
  /** What the call that is being read says besides the options of its function, if it does. */
  #context: ReadContext | undefined;
  readonly #readOther = (name: string, value: unknown): boolean => {
    this.#context ??= new ReadContext();
    return this.#context.read(name, value);
  };
  #closed = false;

  constructor(runtime: Runtime, parts: EngineParts, given: unknown) {
    const options = readEngineOptions(given, availableThreads);
    const { threads, sharedMemory, workerFactory } = options;
    this.#runtime = runtime;
    this.#threads = threads;
    this.#pool = new ThreadPool(options, new HostCrews(runtime, parts, workerFactory, sharedMemory));
    this.#router = new Router(options, this.#pool, parts.loadGpu);
    this.#device = options.device;
  }

  /** Opens the device that was asked for. @throws PathSignatureError GPU_UNAVAILABLE where there is to be no fallback */
  async ready(): Promise<this> {
    if (this.#device === "webgpu") await this.#router.openOrWarn();
    return this;
  }

  signature(paths: unknown, options: unknown): Promise<unknown> {
    return this.#run(operations.signature as unknown as Operation, paths, options);
  }

  signatureVjp(paths: unknown, cotangent: unknown, options: unknown): Promise<unknown> {
    return this.#run(operations.signatureVjp as unknown as Operation, { paths, cotangent }, options);
  }

  /** Where thousands of small calls wait at once, what is made for each is most of what it costs: here no more than what it is read into, and one promise. */
  #run(operation: Operation, paths: unknown, options: unknown): Promise<unknown> {
    // A getter of the caller's may make a call of its own meanwhile.
    const outer = this.#context;
    this.#context = undefined;
    try {
      const call = operation.read(paths, options, this.#readOther);
      const context = this.#context ?? noContext;
      if (this.#router.concerns(operation, call, context)) return this.#router.run(operation, call, context);
      return this.#pool.run(operation, call, context);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#context = outer;
    }
  }

  explain(name: unknown, sizes: unknown): CallPlan {
    const { operation, call, context } = this.#imagine(name, sizes);
    return explainCall(this.#router.explain(operation, call, context), () =>
      explainCpu(operation, call, this.#threads, this.#pool.mode),
    );
  }

  async prepare(name: unknown, sizes: unknown): Promise<void> {
    const { operation, call, context } = this.#imagine(name, sizes);
    if (await this.#router.prepare(operation, call, context)) return;
    await this.#runtime.init(undefined, undefined);
  }

  async calibrate(options: unknown): Promise<Costs> {
    return this.#router.calibrate(
      calibrationOf(options, this.#threads, this as unknown as Engine, bindSignature(this.#runtime)),
    );
  }

  #imagine(name: unknown, sizes: unknown) {
    const operation = operationOf(name);
    const context = new ReadContext();
    let input: "cpu" | "gpu" | undefined;
    const call = operation.imagine(sizes, (option, value) => {
      if (option !== "input") return context.read(option, value);
      input = readPlace(value, "sizes.input");
      return true;
    });
    return { operation, call, context: { device: context.device, output: context.output, input } };
  }

  info(): EngineInfo {
    const { mode, state, warnings } = this.#pool;
    return {
      version,
      variant: wantedBinary(this.#runtime),
      mode,
      threads: this.#threads,
      ...state,
      warnings: [...warnings, ...this.#router.warnings],
      device: this.#device,
      gpu: this.#router.info(),
      closed: this.#closed,
    };
  }

  async close(options: unknown = {}): Promise<void> {
    const { abort = false } = (typeof options === "object" && options !== null ? options : { abort: options }) as {
      abort?: unknown;
    };
    if (typeof abort !== "boolean") throw typeError("OPTION_TYPE", "options.abort", describe(abort), "true or false");
    this.#closed = true;
    await Promise.all([this.#router.close({ abort }), this.#pool.close({ abort })]);
  }

  // Engines that do not know the symbol yet have no `await using` either; whoever compiles it away uses this name.
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")](): Promise<void> {
    return this.close();
  }
}

/** @throws PathSignatureError as `createEngine` says */
export async function makeEngine(
  runtime: Runtime,
  parts: EngineParts,
  options: EngineOptions | undefined,
): Promise<Engine> {
  return (await new ThreadEngine(runtime, parts, options).ready()) as unknown as Engine;
}
