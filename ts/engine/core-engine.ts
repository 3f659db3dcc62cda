// The engine of the family `core`: its functions and their options. Types only.

import type { Costs } from "../dispatch/index.ts";
import type { GpuNumbers, GpuSignatureOptions, PathsAnywhere } from "../gpu/index.ts";
import type { Only } from "../input/types.ts";
import type { Cotangent } from "../operations/signature-vjp.ts";
import type { EngineCallOptions } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";
import type { EngineGradientsOf, EngineSignatureOf } from "./result.ts";

/** Options of `engine.signature`: those of `signature`, a signal and a listener to progress, and where it runs. */
export interface EngineSignatureOptions extends GpuSignatureOptions, EngineCallOptions {}

/** Options of `engine.signatureVjp`: those of `signatureVjp`, a signal and a listener to progress, and where it runs. */
export interface EngineVjpOptions extends Omit<GpuSignatureOptions, "out">, EngineCallOptions {}

/** What {@link Engine.explain} is asked about: the shape, and the options of the call. */
export interface SignatureSizes extends Omit<EngineSignatureOptions, "out" | "signal" | "onProgress"> {
  /** (…batch, length, channels). */
  readonly shape: ArrayLike<number>;
  /** Where the paths are. Default "cpu". */
  readonly input?: "cpu" | "gpu" | undefined;
}

/** Names of the functions that `prepare` and `explain` know. */
export type OperationName = "signature" | "signatureVjp";

/** Batches on all threads. Made by `createEngine`. */
export interface Engine extends EngineBase {
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
}
