// The engine of the family `core`: the functions that take and give numbers on a
// GPU, and what it has besides functions. Types only.

import type { Costs } from "../dispatch/index.ts";
import type { Functions } from "../generated/engines/core.ts";
import type { GpuNumbers, GpuOptions, PathsAnywhere } from "../gpu/index.ts";
import type { DType } from "../input/arrays.ts";
import type { Signal } from "../input/host-types.ts";
import type { SignatureOptions } from "../input/options.ts";
import type { Windows } from "../input/windows.ts";
import type { LogSignatureOptions } from "../operations/log-signature.ts";
import type { LogSignatureRowsVjpOptions } from "../operations/log-signature-rows.ts";
import type { Cotangent } from "../operations/signature-vjp.ts";
import type { EngineCallOptions, OnEngine } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";
import type { EngineDTypeOf, EngineGradientsOf, EngineLogSignatureOf, EngineSignatureOf } from "./result.ts";

/**
 * Options of `engine.signatureVjp`: those of `signatureVjp`, a signal, a progress listener, and
 * where it runs.
 *
 * @typeParam T - number type of the result.
 * @typeParam S - whether the result is a stream.
 * @typeParam Place - where the result is put.
 * @typeParam W - the type of the windows, if any.
 */
export interface EngineVjpOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  Place extends "cpu" | "gpu" = "cpu" | "gpu",
  W extends Windows | undefined = Windows | undefined,
> extends GpuOptions<T, S, W>,
    EngineCallOptions<Place> {}

/**
 * Options of `engine.signature`: those of `signature`, a signal, a progress listener, and where it
 * runs.
 *
 * @typeParam T - number type of the result.
 * @typeParam S - whether the result is a stream.
 * @typeParam Place - where the result is put.
 * @typeParam W - the type of the windows, if any.
 */
export interface EngineSignatureOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  Place extends "cpu" | "gpu" = "cpu" | "gpu",
  W extends Windows | undefined = Windows | undefined,
> extends EngineVjpOptions<T, S, Place, W>,
    Pick<SignatureOptions, "out"> {}

/**
 * Options of `engine.logSignature`: those of `logSignature`, a signal, a progress listener, and
 * where it runs.
 *
 * @typeParam T - number type of the result.
 * @typeParam S - whether the result is a stream.
 * @typeParam Place - where the result is put.
 * @typeParam W - the type of the windows, if any.
 */
export interface EngineLogSignatureOptions<
  T extends DType = DType,
  S extends boolean = boolean,
  Place extends "cpu" | "gpu" = "cpu" | "gpu",
  W extends Windows | undefined = Windows | undefined,
> extends Omit<EngineVjpOptions<T, S, Place, W>, "scalarTerm" | "algorithm" | "select">,
    Pick<LogSignatureOptions, "basis" | "precision" | "out"> {}

/** Arguments of {@link Engine.explain}: the shape, and the options of the call. */
export interface SignatureSizes extends Omit<EngineVjpOptions, "signal" | "onProgress"> {
  /**
   * (…batch, length, channels).
   *
   * @example shape: [512, 100, 3]
   */
  readonly shape: ArrayLike<number>;
  /**
   * Where the paths are. Default "cpu".
   *
   * @example input: "gpu"
   */
  readonly input?: "cpu" | "gpu" | undefined;
}

/** The same for log-signatures and their gradients. */
export interface LogSignatureSizes
  extends Omit<EngineLogSignatureOptions, "signal" | "onProgress" | "out">,
    Pick<SignatureSizes, "shape" | "input"> {}

/** Arguments of {@link Engine.explain} for conversions: the shape of the rows, and the options. */
export interface LogSignatureRowsSizes extends Omit<OnEngine<LogSignatureRowsVjpOptions>, "signal" | "onProgress"> {
  /**
   * (…batch, size) of signatures, or (…batch, row) of log-signatures: of what is given.
   *
   * @example shape: [512, 14]
   */
  readonly shape: ArrayLike<number>;
}

/** Names of the functions of rows that `prepare` and `explain` accept. */
export type ConversionName = Extract<keyof Functions, `${string}To${string}`>;

/** Names of the functions of paths that they accept. */
export type OperationName = "signature" | "signatureVjp" | "logSignature" | Exclude<keyof Functions, ConversionName>;

/** Computes batches on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase, Functions {
  /**
   * Like `signature`, on the engine's threads: the same options and the same result, to the bit,
   * for any number of threads. It runs on the GPU, in float32, if requested or expected to be
   * faster (see `explain`). Inputs must not change until the promise settles. `paths`, `basepoint`
   * and `initial` may be on the GPU: a `GpuTensor`, or `{ buffer, shape }`.
   *
   * @param paths - (…batch, length, channels), in memory or on the GPU.
   * @param options - `depth`, the options of `signature`, and those of {@link EngineCallOptions}.
   * @returns A promise of the tensor, (…batch, size) as of `signature`, or of a `GpuTensor` with
   *   `output: "gpu"`. It rejects with the errors of `signature`, with the signal's reason, or with
   *   QUEUE_FULL, ENGINE_CLOSED, BLOCK_FAILED, GPU_BUFFER; with `fallback: "error"` also with
   *   GPU_UNAVAILABLE, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, GPU_LIMITS. After an error of
   *   `signature`, `out` is unchanged.
   *
   * @example
   * const s = await engine.signature(paths, { depth: 4, signal: AbortSignal.timeout(1000) });
   */
  signature<
    P extends PathsAnywhere,
    T extends DType = EngineDTypeOf<P>,
    S extends boolean = false,
    Place extends "cpu" | "gpu" = "cpu",
    W extends Windows | undefined = undefined,
  >(paths: P, options: EngineSignatureOptions<T, S, Place, W>): Promise<EngineSignatureOf<P, T, S, Place, W>>;
  /**
   * Like `logSignature`, on the engine's threads: the same options and the same result, to the bit,
   * for any number of threads. With `precision: "float32"` it runs on the GPU if requested or
   * expected to be faster (see `explain`); other precisions need float64, which GPUs do not have
   * here. Inputs must not change until the promise settles. `paths`, `basepoint` and `initial` may
   * be on the GPU.
   *
   * @param paths - (…batch, length, channels), in memory or on the GPU.
   * @param options - `depth`, the options of `logSignature`, and those of
   *   {@link EngineCallOptions}.
   * @returns A promise of the tensor, (…batch, row) as of `logSignature`, or of a
   *   `GpuLogSignature` with `output: "gpu"`. It rejects with the errors of `logSignature`, with
   *   the signal's reason, or with QUEUE_FULL, ENGINE_CLOSED, BLOCK_FAILED, and errors of the GPU
   *   as for `signature`. After an error of `logSignature`, `out` is unchanged.
   *
   * @example
   * const p = await engine.logSignature(paths, { depth: 4, precision: "float32" });
   */
  logSignature<
    P extends PathsAnywhere,
    T extends DType = EngineDTypeOf<P>,
    S extends boolean = false,
    Place extends "cpu" | "gpu" = "cpu",
    W extends Windows | undefined = undefined,
  >(paths: P, options: EngineLogSignatureOptions<T, S, Place, W>): Promise<EngineLogSignatureOf<P, T, S, Place, W>>;
  /**
   * Like `signatureVjp`, on the engine's threads: the same options and the same gradients, to the
   * bit, for any number of threads. It runs on the GPU, in float32, if requested or expected to be
   * faster. Threads divide a call by paths, so a single path uses one thread. Inputs must not
   * change until the promise settles. `paths`, `cotangent`, `basepoint` and `initial` may be on the
   * GPU.
   *
   * @param paths - (…batch, length, channels), in memory or on the GPU.
   * @param cotangent - numbers of the shape of the signatures, (…batch, size).
   * @param options - `depth`, the options of `signatureVjp`, and those of
   *   {@link EngineCallOptions}.
   * @returns A promise of the gradients, or of `GpuGradients` with `output: "gpu"`. It rejects with
   *   the errors of `signatureVjp`, with the signal's reason, or with QUEUE_FULL, ENGINE_CLOSED,
   *   BLOCK_FAILED, and errors of the GPU as for `signature`.
   *
   * @example
   * const { paths: dx } = await engine.signatureVjp(paths, cotangent, { depth: 4 });
   */
  signatureVjp<P extends PathsAnywhere, T extends DType = EngineDTypeOf<P>, Place extends "cpu" | "gpu" = "cpu">(
    paths: P,
    cotangent: Cotangent | GpuNumbers,
    options: EngineVjpOptions<T, boolean, Place>,
  ): Promise<EngineGradientsOf<T, Place>>;
  /**
   * Prepares for a call of such a shape, so that the first one does not wait: loads the binary, or
   * opens the device and creates its pipelines.
   *
   * @param name - the function that will be called.
   * @param sizes - `shape`, (…batch, length, channels), and the options of the call.
   * @throws as the function, and with `fallback: "error"` errors of the device (as a rejection)
   *
   * @example await engine.prepare("signature", { shape: [512, 100, 3], depth: 4 });
   */
  prepare(name: OperationName, sizes: SignatureSizes | LogSignatureSizes): Promise<void>;
  prepare(name: ConversionName, sizes: LogSignatureRowsSizes): Promise<void>;
  /**
   * Measures the costs of calls on this machine, CPU and GPU, and returns the value for
   * `createEngine({ costs })`. Takes about `budgetMs` (default 2000); up to three times as long if
   * kernels compile slowly. Keeps the calling thread busy. If a GPU fails, returns the costs of the
   * CPU and adds to `info().warnings`; with `fallback: "error"` it rejects.
   *
   * @returns A promise of the costs; it rejects with CLOCK_FROZEN, ENGINE_OPTION, ENGINE_CLOSED,
   *   errors of the GPU, or the signal's reason.
   *
   * @example const costs = await engine.calibrate({ budgetMs: 1000 });
   */
  calibrate(options?: { readonly budgetMs?: number | undefined; readonly signal?: Signal | undefined }): Promise<Costs>;
  /**
   * How the engine would run a call of such a shape, and why. Starts nothing.
   *
   * @param name - the function.
   * @param sizes - `shape`, (…batch, length, channels), and the options of the call.
   * @throws as the function
   *
   * @example console.log(engine.explain("signature", { shape: [512, 100, 3], depth: 4 }).text);
   */
  explain(name: OperationName, sizes: SignatureSizes | LogSignatureSizes): CallPlan;
  explain(name: ConversionName, sizes: LogSignatureRowsSizes): CallPlan;
}
