// The asynchronous engine: what `createEngine` gives. Reads a call by its entry in the table, hands it to a backend, wraps what comes
// back. Which backend: the processor's threads, until there is another one to choose from.

import { describe, typeError } from "../core/errors.ts";
import type { Paths } from "../core/input.ts";
import type { SignatureOptions } from "../core/options.ts";
import type { Runtime } from "../core/runtime.ts";
import type { DTypeOf, Only, SignatureOf } from "../core/types.ts";
import type { Cotangent, SignatureGradients } from "../core/vjp.ts";
import { version } from "../generated/version.ts";
import type { Mode } from "../pool/crew.ts";
import { HostCrews, type ThreadParts } from "../pool/crews.ts";
import { availableThreads } from "../pool/host.ts";
import { ThreadPool } from "../pool/pool.ts";
import type { Operation } from "./backend.ts";
import { type EngineCallOptions, ReadContext } from "./context.ts";
import { type CpuPlan, explainCpu } from "./explain.ts";
import { type OperationName, operationOf, operations } from "./operations.ts";
import { type EngineOptions, readEngineOptions } from "./options.ts";
import type { EngineVjpOptions } from "./vjp.ts";

/** Options of `engine.signature`: those of `signature`, a signal and a listener to progress. */
export interface EngineSignatureOptions extends SignatureOptions, EngineCallOptions {}

/** What {@link Engine.explain} is asked about: the shape, and the options of the call. */
export interface SignatureSizes extends Omit<SignatureOptions, "out"> {
  /** (…batch, length, channels). */
  readonly shape: ArrayLike<number>;
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
  readonly closed: boolean;
}

/** Batches on all threads. Made by `createEngine`. */
export interface Engine {
  /**
   * As `signature`, on the engine's threads: the same options and the same result, to the bit, whatever the number of threads. The
   * paths, and what else is given, must not be changed until the promise is settled.
   *
   * @returns A promise of the tensor; it rejects with what `signature` throws, with the signal's reason, or with QUEUE_FULL,
   *   ENGINE_CLOSED, BLOCK_FAILED. After errors that `signature` would throw `out` has not been written to.
   */
  signature<const P extends Paths, const O extends EngineSignatureOptions>(
    paths: P,
    options: Only<O, EngineSignatureOptions>,
  ): Promise<SignatureOf<P, O>>;
  /**
   * As `signatureVjp`, on the engine's threads: the same options and the same gradients, to the bit, whatever the number of threads.
   * Divided among threads by paths: a path that is alone has one thread. What is given must not be changed until the promise is
   * settled.
   *
   * @returns A promise of the gradients; it rejects with what `signatureVjp` throws, with the signal's reason, or with QUEUE_FULL,
   *   ENGINE_CLOSED, BLOCK_FAILED.
   */
  signatureVjp<const P extends Paths, const O extends EngineVjpOptions>(
    paths: P,
    cotangent: Cotangent,
    options: Only<O, EngineVjpOptions>,
  ): Promise<SignatureGradients<DTypeOf<P, O>>>;
  /** What the engine would do with a call of such sizes, and why. Starts nothing. @throws as the function would */
  explain(name: OperationName, sizes: SignatureSizes): CpuPlan;
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

class ThreadEngine {
  readonly #runtime: Runtime;
  readonly #pool: ThreadPool;
  readonly #threads: number;
  #closed = false;

  constructor(runtime: Runtime, parts: ThreadParts, given: unknown) {
    const options = readEngineOptions(given, availableThreads);
    const { threads, sharedMemory, workerFactory } = options;
    this.#runtime = runtime;
    this.#threads = threads;
    this.#pool = new ThreadPool(options, new HostCrews(runtime, parts, workerFactory, sharedMemory));
  }

  signature(paths: unknown, options: unknown): Promise<unknown> {
    return this.#run(operations.signature as unknown as Operation, paths, options);
  }

  signatureVjp(paths: unknown, cotangent: unknown, options: unknown): Promise<unknown> {
    return this.#run(operations.signatureVjp as unknown as Operation, { paths, cotangent }, options);
  }

  async #run(operation: Operation, paths: unknown, options: unknown): Promise<unknown> {
    const context = new ReadContext();
    const call = operation.read(paths, options, context.read);
    await this.#pool.run(operation, call, context);
    return operation.result(call);
  }

  explain(name: unknown, sizes: unknown): CpuPlan {
    const operation = operationOf(name);
    return explainCpu(operation, operation.imagine(sizes), this.#threads, this.#pool.mode);
  }

  info(): EngineInfo {
    const { mode, state, warnings } = this.#pool;
    return {
      version,
      variant: this.#runtime.wanted,
      mode,
      threads: this.#threads,
      ...state,
      warnings: [...warnings],
      closed: this.#closed,
    };
  }

  async close(options: unknown = {}): Promise<void> {
    const { abort = false } = (typeof options === "object" && options !== null ? options : { abort: options }) as {
      abort?: unknown;
    };
    if (typeof abort !== "boolean") throw typeError("OPTION_TYPE", "options.abort", describe(abort), "true or false");
    this.#closed = true;
    await this.#pool.close({ abort });
  }

  // Engines that do not know the symbol yet have no `await using` either; whoever compiles it away uses this name.
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")](): Promise<void> {
    return this.close();
  }
}

/** @throws PathSignatureError as `createEngine` says */
export function makeEngine(runtime: Runtime, parts: ThreadParts, options: EngineOptions | undefined): Engine {
  return new ThreadEngine(runtime, parts, options) as unknown as Engine;
}
