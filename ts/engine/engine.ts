// The asynchronous engine that `createEngine` returns. Reads a call with its descriptor, and passes
// it to the CPU's scheduler or, if the device is not settled, to the router.

import type { Costs } from "../dispatch/index.ts";
import { version } from "../generated/version.ts";
import type { Call } from "../input/call.ts";
import { describe, isPathSignatureError, typeError } from "../input/errors.ts";
import { bind, compute } from "../operations/bind.ts";
import type { Descriptor, Steps } from "../operations/descriptor.ts";
import { wantedBinary } from "../pool/binary.ts";
import { closed } from "../pool/errors.ts";
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
import { LightCalls } from "./light-calls.ts";
import { type EngineOptions, readEngineOptions } from "./options.ts";
import { engineReaders } from "./readers.ts";
import { type EngineGpuInfo, type GpuParts, Router } from "./router.ts";

/** Parts of an engine besides threads. */
export interface EngineParts extends ThreadParts {
  /** Loads the code for GPUs. */
  readonly loadGpu: () => Promise<GpuParts>;
}

/** The result of {@link EngineBase.info}. */
export interface EngineInfo {
  /** Version of the package. */
  readonly version: string;
  /**
   * The binary that determines the bits of results: "relaxed", "simd" or "custom"; "none" if this
   * engine can run none.
   */
  readonly variant: string;
  /** How tasks reach threads, or would before the first call. */
  readonly mode: Mode;
  /** Maximum number of threads. */
  readonly threads: number;
  /** Current number of workers. Calls start them, and they end after a while without calls. */
  readonly workers: number;
  /** Number of workers that were replaced. */
  readonly replaced: number;
  /** Calls that wait or run, and their tasks that threads are working on. */
  readonly calls: number;
  readonly tasks: number;
  /** Bytes of memory that threads share, or that is kept for transfers. */
  readonly memoryBytes: number;
  /** Faults that did not fail a call, each listed once. */
  readonly warnings: readonly string[];
  /** Default device of calls. */
  readonly device: "auto" | Device;
  /**
   * The GPU: its adapter, memory, faults and recoveries. Absent if the host has none and none was
   * given.
   */
  readonly gpu?: EngineGpuInfo | undefined;
  readonly closed: boolean;
}

/** Common members of the engines of all families, besides their functions. */
export interface EngineBase {
  /** The current state and history of the engine. Starts nothing. */
  info(): EngineInfo;
  /**
   * Closes the engine: later calls are rejected; waiting and running calls are completed, or
   * rejected with ENGINE_CLOSED. Resolves when all threads have ended. May be called again.
   */
  close(options?: { readonly abort?: boolean | undefined }): Promise<void>;
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const noContext = new ReadContext();

/** The functions of a family's engine, by name. */
export type Operations = Readonly<Record<string, Descriptor>>;

class ThreadEngine {
  readonly #runtime: Runtime;
  readonly #operations: Operations;
  readonly #scheduler: Scheduler;
  readonly #threads: number;
  readonly #light: LightCalls;
  readonly #router: Router;
  readonly #device: "auto" | Device;
  /** Engine options of the call that is being read, if it has any. */
  #context: ReadContext | undefined;
  readonly #readOther = (name: string, value: unknown): boolean => {
    this.#context ??= new ReadContext();
    return this.#context.read(name, value);
  };
  /** Calls of several steps, which are not over before the last. */
  readonly #inSteps = new Set<Promise<unknown>>();
  #closed = false;

  constructor(runtime: Runtime, operations: Operations, parts: EngineParts, given: unknown) {
    const options = readEngineOptions(given, availableThreads);
    const { threads, sharedMemory, workerFactory } = options;
    this.#runtime = runtime;
    this.#operations = operations;
    this.#threads = threads;
    this.#scheduler = new Scheduler(options, new HostExecutors(runtime, parts, workerFactory, sharedMemory));
    this.#light = new LightCalls(runtime, this.#scheduler);
    this.#router = new Router(options, this.#scheduler, parts.loadGpu);
    this.#device = options.device;
    for (const [name, operation] of Object.entries(operations)) {
      const method = (...given: unknown[]) => this.#run(operation, given);
      Object.defineProperty(this, name, { value: method });
    }
  }

  /**
   * Opens the requested device. @throws PathSignatureError GPU_UNAVAILABLE if there is no fallback
   */
  async ready(): Promise<this> {
    if (this.#device === "webgpu") await this.#router.openOrWarn();
    return this;
  }

  /**
   * Thousands of small calls may be made at once: each allocates only its reading and one promise.
   */
  #run(operation: Descriptor, given: readonly unknown[]): Promise<unknown> {
    // A getter of the caller may make another call in the meantime.
    const outer = this.#context;
    this.#context = undefined;
    try {
      const call = operation.read(given, engineReaders, this.#readOther);
      const context = this.#context ?? noContext;
      if (this.#closed) throw closed();
      const other = operation.instead?.(call);
      if (other !== undefined) return this.#runOne(other.operation, other.call, context);
      return operation.steps === undefined
        ? this.#runOne(operation, call, context)
        : this.#runSteps(operation.steps(call), context);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#context = outer;
    }
  }

  #runOne(operation: Descriptor, read: Call, context: ReadContext): Promise<unknown> {
    if (context === noContext && this.#device !== "webgpu" && this.#light.take(operation, read)) {
      try {
        return Promise.resolve(compute(this.#runtime, operation, read));
      } catch (error) {
        // A kernel that trapped is tried again by workers.
        if (!isPathSignatureError(error) || error.code !== "INTERNAL") throw error;
      }
    }
    const call = new EngineCall(operation, read);
    if (this.#router.concerns(call, context)) return this.#router.run(call, context);
    return this.#scheduler.run(call, context);
  }

  #runSteps(steps: Steps<unknown>, context: ReadContext): Promise<unknown> {
    const silent = Object.assign(new ReadContext(), context, { onProgress: undefined });
    const run = async (): Promise<unknown> => {
      let next = steps.next();
      while (!next.done) {
        const { operation, call, isLast } = next.value;
        next = steps.next(await this.#runOne(operation, call, isLast ? context : silent));
      }
      return next.value;
    };
    const all = run();
    this.#inSteps.add(all);
    const forget = () => this.#inSteps.delete(all);
    all.then(forget, forget);
    return all;
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

  /** The operation with a name. @throws PathSignatureTypeError OPERATION_UNKNOWN */
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
    const chosen = operation.instead?.(call) ?? { operation, call };
    return { call: new EngineCall(chosen.operation, chosen.call), context: { device, output, input } };
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
    if (!abort) await Promise.allSettled(this.#inSteps);
    await Promise.all([this.#router.close({ abort }), this.#scheduler.close({ abort })]);
  }

  // Engines without the symbol have no `await using` either; transpiled code uses this name.
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")](): Promise<void> {
    return this.close();
  }
}

/** @throws PathSignatureError as for `createEngine` */
export async function makeEngine<E extends EngineBase>(
  runtime: Runtime,
  operations: Operations,
  parts: EngineParts,
  options: EngineOptions | undefined,
): Promise<E> {
  return (await new ThreadEngine(runtime, operations, parts, options).ready()) as unknown as E;
}
