// The engine of the family `core`: its functions and their options. Types only.

import type { Costs } from "../dispatch/index.ts";
import type { GpuNumbers, GpuSignatureOptions, PathsAnywhere } from "../gpu/index.ts";
import type { Paths } from "../input/paths.ts";
import type { Only } from "../input/types.ts";
import type { LogSignatureOf, LogSignatureOptions } from "../operations/log-signature.ts";
import type { Cotangent } from "../operations/signature-vjp.ts";
import type { EngineCallOptions } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";
import type { EngineGradientsOf, EngineSignatureOf } from "./result.ts";

/**
 * Options of `engine.signature`: those of `signature`, a signal, a progress listener, and where it
 * runs.
 */
export interface EngineSignatureOptions extends GpuSignatureOptions, EngineCallOptions {}

/**
 * Options of `engine.signatureVjp`: those of `signatureVjp`, a signal, a progress listener, and
 * where it runs.
 */
export interface EngineVjpOptions extends Omit<GpuSignatureOptions, "out">, EngineCallOptions {}

/** Arguments of {@link Engine.explain}: the shape, and the options of the call. */
export interface SignatureSizes extends Omit<EngineSignatureOptions, "out" | "signal" | "onProgress"> {
  /** (…batch, length, channels). */
  readonly shape: ArrayLike<number>;
  /** Where the paths are. Default "cpu". */
  readonly input?: "cpu" | "gpu" | undefined;
}

/** Names of the functions that `prepare` and `explain` accept. */
export type OperationName = "signature" | "signatureVjp" | "logSignature";

/** Options of `engine.logSignature`: those of `logSignature`, a signal and a progress listener. */
export interface EngineLogSignatureOptions extends LogSignatureOptions, EngineCallOptions {}

/** Computes batches on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase {
  /**
   * Like `signature`, on the engine's threads: the same options and the same result, to the bit,
   * for any number of threads. It runs on the GPU, in float32, if requested or expected to be
   * faster (see `explain`). Inputs must not change until the promise settles. `paths`, `basepoint`
   * and `initial` may be on the GPU: a `GpuTensor`, or `{ buffer, shape }`.
   *
   * @returns A promise of the tensor, or of a `GpuTensor` with `output: "gpu"`. It rejects with the
   *   errors of `signature`, with the signal's reason, or with QUEUE_FULL, ENGINE_CLOSED,
   *   BLOCK_FAILED, GPU_BUFFER; with `fallback: "error"` also with GPU_UNAVAILABLE, GPU_LOST,
   *   GPU_OUT_OF_MEMORY, GPU_FAILED, GPU_LIMITS. After an error of `signature`, `out` is unchanged.
   */
  signature<const P extends PathsAnywhere, const O extends EngineSignatureOptions>(
    paths: P,
    options: Only<O, EngineSignatureOptions>,
  ): Promise<EngineSignatureOf<P, O>>;
  /**
   * Like `signatureVjp`, on the engine's threads: the same options and the same gradients, to the
   * bit, for any number of threads. It runs on the GPU, in float32, if requested or expected to be
   * faster. Threads divide a call by paths, so a single path uses one thread. Inputs must not
   * change until the promise settles. `paths`, `cotangent`, `basepoint` and `initial` may be on the
   * GPU.
   *
   * @returns A promise of the gradients, or of `GpuGradients` with `output: "gpu"`. It rejects with
   *   the errors of `signatureVjp`, with the signal's reason, or with QUEUE_FULL, ENGINE_CLOSED,
   *   BLOCK_FAILED, and errors of the GPU as for `signature`.
   */
  signatureVjp<const P extends PathsAnywhere, const O extends EngineVjpOptions>(
    paths: P,
    cotangent: Cotangent | GpuNumbers,
    options: Only<O, EngineVjpOptions>,
  ): Promise<EngineGradientsOf<P, O>>;
  /**
   * Like `logSignature`, on the engine's threads: the same options and the same result, to the bit,
   * for any number of threads. Paths are in memory.
   */
  logSignature<const P extends Paths, const O extends EngineLogSignatureOptions>(
    paths: P,
    options: Only<O, EngineLogSignatureOptions>,
  ): Promise<LogSignatureOf<P, O>>;
  /**
   * Prepares for a call of such a shape, so that the first one does not wait: loads the binary, or
   * opens the device and creates its pipelines.
   * @throws as the function, and with `fallback: "error"` errors of the device (as a rejection)
   */
  prepare(name: OperationName, sizes: SignatureSizes): Promise<void>;
  /**
   * Measures the costs of calls on this machine, CPU and GPU, and returns the value for
   * `createEngine({ costs })`. Takes about `budgetMs` (default 2000); up to three times as long if
   * kernels compile slowly. Keeps the calling thread busy. If a GPU fails, returns the costs of the
   * CPU and adds to `info().warnings`; with `fallback: "error"` it rejects.
   *
   * @returns A promise of the costs; it rejects with CLOCK_FROZEN, ENGINE_OPTION, ENGINE_CLOSED,
   *   errors of the GPU, or the signal's reason.
   */
  calibrate(options?: {
    readonly budgetMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Costs>;
  /**
   * How the engine would run a call of such a shape, and why. Starts nothing. @throws as the
   * function
   */
  explain(name: OperationName, sizes: SignatureSizes): CallPlan;
}
