// The engine of the family `kernels`: its functions and their options. Types only.

import type { DType } from "../input/arrays.ts";
import type { Paths } from "../input/paths.ts";
import type { KernelDType, Kernels, TruncatedKernelOptions } from "../operations/signature-kernel.ts";
import type { KernelSizes } from "../operations/signature-kernel-call.ts";
import type {
  KernelLossOptions,
  LossVjpOptions,
  ScoreOptions,
  ScoreVjpOptions,
} from "../operations/signature-kernel-losses.ts";
import type { KernelOptions } from "../operations/signature-kernel-options.ts";
import type { KernelGradientsOf, KernelVjpOptions } from "../operations/signature-kernel-vjp.ts";
import type { Cotangent } from "../operations/signature-vjp.ts";
import type { EngineCallOptions } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";

/**
 * Options of an engine's functions: those of the synchronous ones, a signal and a progress
 * listener.
 */
export type EngineKernelOptions<O> = O & EngineCallOptions;

/** Names of the functions that `prepare` and `explain` accept. */
export type OperationName =
  | "signatureKernel"
  | "signatureKernelVjp"
  | "signatureKernelGram"
  | "signatureKernelGramVjp"
  | "signatureMmd"
  | "signatureMmdVjp"
  | "signatureScore"
  | "signatureScoreVjp"
  | "truncatedSignatureKernel"
  | "truncatedSignatureKernelGram";

/** Computes signature kernels on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase {
  /**
   * Like `signatureKernel`, on the engine's threads: the same result, to the bit.
   *
   * @example const k = await engine.signatureKernel(x, y);
   */
  signatureKernel<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: EngineKernelOptions<KernelOptions<T>>,
  ): Promise<Kernels<T>>;
  /**
   * Like `signatureKernelGram`, on the engine's threads: the same result, to the bit.
   *
   * @example const gram = await engine.signatureKernelGram(paths, { onProgress });
   */
  signatureKernelGram<X extends Paths, T extends DType = KernelDType<X>>(
    x: X,
    options?: EngineKernelOptions<KernelOptions<T>>,
  ): Promise<Kernels<T>>;
  /** The same of all paths of x with all of y. */
  signatureKernelGram<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: EngineKernelOptions<KernelOptions<T>>,
  ): Promise<Kernels<T>>;
  /**
   * Like `signatureKernelVjp`, on the engine's threads: the same result, to the bit.
   *
   * @example const { x: dx } = await engine.signatureKernelVjp(x, y, cotangent);
   */
  signatureKernelVjp<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options?: EngineKernelOptions<KernelVjpOptions<T>>,
  ): Promise<KernelGradientsOf<T>>;
  /**
   * Like `signatureKernelGramVjp`, on the engine's threads: the same result, to the bit.
   *
   * @example const { x: dx } = await engine.signatureKernelGramVjp(x, y, cotangent);
   */
  signatureKernelGramVjp<
    X extends Paths,
    Y extends Paths | undefined,
    T extends DType = KernelDType<X, Y extends Paths ? Y : X>,
  >(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options?: EngineKernelOptions<KernelVjpOptions<T>>,
  ): Promise<KernelGradientsOf<T>>;
  /**
   * Like `signatureMmd`, on the engine's threads: the same result, to the bit.
   *
   * @example const distance = await engine.signatureMmd(before, after);
   */
  signatureMmd(x: Paths, y: Paths, options?: EngineKernelOptions<KernelLossOptions>): Promise<number>;
  /**
   * Like `signatureMmdVjp`, on the engine's threads: the same result, to the bit.
   *
   * @example const { x: dx } = await engine.signatureMmdVjp(generated, real);
   */
  signatureMmdVjp<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: EngineKernelOptions<LossVjpOptions<T>>,
  ): Promise<KernelGradientsOf<T>>;
  /**
   * Like `signatureScore`, on the engine's threads: the same result, to the bit.
   *
   * @example const score = await engine.signatureScore(sample, observed);
   */
  signatureScore(x: Paths, y: Paths, options?: EngineKernelOptions<ScoreOptions>): Promise<number>;
  /**
   * Like `signatureScoreVjp`, on the engine's threads: the same result, to the bit.
   *
   * @example const { x: dx } = await engine.signatureScoreVjp(sample, observed);
   */
  signatureScoreVjp<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options?: EngineKernelOptions<ScoreVjpOptions<T>>,
  ): Promise<KernelGradientsOf<T>>;
  /**
   * Like `truncatedSignatureKernel`, on the engine's threads: the same result, to the bit.
   *
   * @example const k = await engine.truncatedSignatureKernel(x, y, { depth: 4 });
   */
  truncatedSignatureKernel<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options: EngineKernelOptions<TruncatedKernelOptions<T>>,
  ): Promise<Kernels<T>>;
  /**
   * Like `truncatedSignatureKernelGram`, on the engine's threads: the same result, to the bit.
   *
   * @example const gram = await engine.truncatedSignatureKernelGram(paths, { depth: 4 });
   */
  truncatedSignatureKernelGram<X extends Paths, T extends DType = KernelDType<X>>(
    x: X,
    options: EngineKernelOptions<TruncatedKernelOptions<T>>,
  ): Promise<Kernels<T>>;
  /** The same of all paths of x with all of y. */
  truncatedSignatureKernelGram<X extends Paths, Y extends Paths, T extends DType = KernelDType<X, Y>>(
    x: X,
    y: Y,
    options: EngineKernelOptions<TruncatedKernelOptions<T>>,
  ): Promise<Kernels<T>>;
  /**
   * Makes ready what a call needs, so that the first one does not wait.
   *
   * @param name - the function that will be called.
   * @param sizes - `shape` of x, (…batch, length, channels), and the options of the call.
   * @throws as the function would (as a rejection)
   *
   * @example await engine.prepare("signatureKernelGram", { shape: [512, 64, 3] });
   */
  prepare(name: OperationName, sizes: EngineKernelOptions<KernelSizes>): Promise<void>;
  /**
   * How the engine would run a call of such shapes, and why. Starts nothing.
   *
   * @param name - the function.
   * @param sizes - `shape` of x, (…batch, length, channels), and the options of the call.
   * @throws as the function
   *
   * @example engine.explain("signatureKernelGram", { shape: [512, 64, 3] }).reasons;
   */
  explain(name: OperationName, sizes: EngineKernelOptions<KernelSizes>): CallPlan;
}
