// The asynchronous engine: what `createEngine` returns. Reads a call by its operation, and hands it to
// the processor's threads or, if there is a choice to make, to the router.

import type { Costs } from "../dispatch/index.ts";
import { version } from "../generated/version.ts";
import { describe, typeError } from "../input/errors.ts";
import { bind } from "../operations/bind.ts";
import type { Descriptor } from "../operations/descriptor.ts";
import { wantedBinary } from "../pool/binary.ts";
import type { Mode } from "../pool/executor.ts";
import { availableThreads } from "../pool/host.ts";
import { HostExecutors, type ThreadParts } from "../pool/host-executors.ts";
import { Scheduler } from "../pool/scheduler.ts";
import type { Runtime } from "../wasm/runtime.ts";
import type { Device } from "./backend.ts";
import { calibrationOf, type Measured } from "./calibration.ts";
import { EngineCall } from "./call.ts";
import { ReadContext, readPlace } from "./context.ts";
import { type CallPlan, explainCall, explainCpu } from "./explain.ts";
import { type EngineOptions, readEngineOptions } from "./options.ts";
import { engineReaders } from "./readers.ts";
import { type EngineGpuInfo, type GpuParts, Router } from "./router.ts";

/** What an engine is made of besides threads. */
export interface EngineParts extends ThreadParts {
  /** Loads what runs on GPUs. */
  readonly loadGpu: () => Promise<GpuParts>;
}

/** What {@link EngineBase.info} tells. */
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

/** What engines of all families have, besides their functions. */
export interface EngineBase {
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

/** The functions of a family's engines, by their names. */
export type Operations = Readonly<Record<string, Descriptor>>;

class ThreadEngine {
  readonly #runtime: Runtime;
  readonly #operations: Operations;
  readonly #scheduler: Scheduler;
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

  constructor(runtime: Runtime, operations: Operations, parts: EngineParts, given: unknown) {
    const options = readEngineOptions(given, availableThreads);
    const { threads, sharedMemory, workerFactory } = options;
    this.#runtime = runtime;
    this.#operations = operations;
    this.#threads = threads;
    this.#scheduler = new Scheduler(options, new HostExecutors(runtime, parts, workerFactory, sharedMemory));
    this.#router = new Router(options, this.#scheduler, parts.loadGpu);
    this.#device = options.device;
    for (const [name, operation] of Object.entries(operations)) {
      const method = (...given: unknown[]) => this.#run(operation, given);
      Object.defineProperty(this, name, { value: method });
    }
  }

  /** Opens the device that was asked for. @throws PathSignatureError GPU_UNAVAILABLE where there is to be no fallback */
  async ready(): Promise<this> {
    if (this.#device === "webgpu") await this.#router.openOrWarn();
    return this;
  }

  /** Thousands of small calls may be made at once: each makes no more than what it is read into, and one promise. */
  #run(operation: Descriptor, given: readonly unknown[]): Promise<unknown> {
    // A getter of the caller's may make a call of its own meanwhile.
    const outer = this.#context;
    this.#context = undefined;
    try {
      const call = new EngineCall(operation, operation.read(given, engineReaders, this.#readOther));
      const context = this.#context ?? noContext;
      if (this.#router.concerns(call, context)) return this.#router.run(call, context);
      return this.#scheduler.run(call, context);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#context = outer;
    }
  }

  explain(name: unknown, sizes: unknown): CallPlan {
    const { call, context } = this.#imagine(name, sizes);
    return explainCall(this.#router.explain(call, context), () =>
      explainCpu(call, this.#threads, this.#scheduler.mode),
    );
  }

  async prepare(name: unknown, sizes: unknown): Promise<void> {
    const { call, context } = this.#imagine(name, sizes);
    if (await this.#router.prepare(call, context)) return;
    await this.#runtime.init(undefined, undefined);
  }

  async calibrate(options: unknown): Promise<Costs> {
    const alone = bind(this.#runtime, this.#operationOf("signature"));
    return this.#router.calibrate(calibrationOf(options, this.#threads, this as unknown as Measured, alone));
  }

  /** The operation of a name. @throws PathSignatureTypeError OPERATION_UNKNOWN */
  #operationOf(name: unknown): Descriptor {
    const operations = this.#operations;
    if (typeof name === "string" && Object.hasOwn(operations, name)) return operations[name] as Descriptor;
    const names = Object.keys(operations).map((known) => `"${known}"`);
    throw typeError("OPERATION_UNKNOWN", "name", describe(name), `one of ${names.join(", ")}`);
  }

  #imagine(name: unknown, sizes: unknown) {
    const operation = this.#operationOf(name);
    const context = new ReadContext();
    let input: "cpu" | "gpu" | undefined;
    const call = operation.imagine(sizes, (option, value) => {
      if (option !== "input") return context.read(option, value);
      input = readPlace(value, "sizes.input");
      return true;
    });
    const { device, output } = context;
    return { call: new EngineCall(operation, call), context: { device, output, input } };
  }

  info(): EngineInfo {
    const { mode, state, warnings } = this.#scheduler;
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
    await Promise.all([this.#router.close({ abort }), this.#scheduler.close({ abort })]);
  }

  // Engines that do not know the symbol yet have no `await using` either; whoever compiles it away uses this name.
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")](): Promise<void> {
    return this.close();
  }
}

/** @throws PathSignatureError as `createEngine` says */
export async function makeEngine<E extends EngineBase>(
  runtime: Runtime,
  operations: Operations,
  parts: EngineParts,
  options: EngineOptions | undefined,
): Promise<E> {
  return (await new ThreadEngine(runtime, operations, parts, options).ready()) as unknown as E;
}
