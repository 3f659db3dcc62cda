// The engine of the family `kernels`: its functions and their options. Types only.

import type { Paths } from "../input/paths.ts";
import type { Only } from "../input/types.ts";
import type { KernelDType, Kernels, TruncatedKernelOptions } from "../operations/signature-kernel.ts";
import type { KernelOptions, KernelSizes } from "../operations/signature-kernel-call.ts";
import type { KernelLossOptions, LossVjpOptions, ScoreOptions } from "../operations/signature-kernel-losses.ts";
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

type No = Record<never, never>;
type WithEngine<O, Known> = Only<O, EngineKernelOptions<Known>>;

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
  /** Like `signatureKernel`, on the engine's threads: the same result, to the bit. */
  signatureKernel<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<KernelOptions> = No,
  >(x: X, y: Y, options?: WithEngine<O, KernelOptions>): Promise<Kernels<KernelDType<X, Y, O>>>;
  /** Like `signatureKernelGram`, on the engine's threads: the same result, to the bit. */
  signatureKernelGram<const X extends Paths, const O extends EngineKernelOptions<KernelOptions> = No>(
    x: X,
    options?: WithEngine<O, KernelOptions>,
  ): Promise<Kernels<KernelDType<X, X, O>>>;
  signatureKernelGram<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<KernelOptions> = No,
  >(x: X, y: Y, options?: WithEngine<O, KernelOptions>): Promise<Kernels<KernelDType<X, Y, O>>>;
  /** Like `signatureKernelVjp`, on the engine's threads. */
  signatureKernelVjp<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<KernelVjpOptions> = No,
  >(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options?: WithEngine<O, KernelVjpOptions>,
  ): Promise<KernelGradientsOf<KernelDType<X, Y, O>>>;
  /** Like `signatureKernelGramVjp`, on the engine's threads. */
  signatureKernelGramVjp<
    const X extends Paths,
    const Y extends Paths | undefined,
    const O extends EngineKernelOptions<KernelVjpOptions> = No,
  >(
    x: X,
    y: Y,
    cotangent: Cotangent,
    options?: WithEngine<O, KernelVjpOptions>,
  ): Promise<KernelGradientsOf<KernelDType<X, Y extends Paths ? Y : X, O>>>;
  /** Like `signatureMmd`, on the engine's threads: the same number, to the bit. */
  signatureMmd<const O extends EngineKernelOptions<KernelLossOptions> = No>(
    x: Paths,
    y: Paths,
    options?: WithEngine<O, KernelLossOptions>,
  ): Promise<number>;
  /** Like `signatureMmdVjp`, on the engine's threads. */
  signatureMmdVjp<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<LossVjpOptions> = No,
  >(x: X, y: Y, options?: WithEngine<O, LossVjpOptions>): Promise<KernelGradientsOf<KernelDType<X, Y, O>>>;
  /** Like `signatureScore`, on the engine's threads: the same number, to the bit. */
  signatureScore<const O extends EngineKernelOptions<ScoreOptions> = No>(
    x: Paths,
    y: Paths,
    options?: WithEngine<O, ScoreOptions>,
  ): Promise<number>;
  /** Like `signatureScoreVjp`, on the engine's threads. */
  signatureScoreVjp<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<LossVjpOptions<ScoreOptions>> = No,
  >(
    x: X,
    y: Y,
    options?: WithEngine<O, LossVjpOptions<ScoreOptions>>,
  ): Promise<KernelGradientsOf<KernelDType<X, Y, O>>>;
  /** Like `truncatedSignatureKernel`, on the engine's threads: the same result, to the bit. */
  truncatedSignatureKernel<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<TruncatedKernelOptions>,
  >(x: X, y: Y, options: WithEngine<O, TruncatedKernelOptions>): Promise<Kernels<KernelDType<X, Y, O>>>;
  /** Like `truncatedSignatureKernelGram`, on the engine's threads: the same result, to the bit. */
  truncatedSignatureKernelGram<const X extends Paths, const O extends EngineKernelOptions<TruncatedKernelOptions>>(
    x: X,
    options: WithEngine<O, TruncatedKernelOptions>,
  ): Promise<Kernels<KernelDType<X, X, O>>>;
  truncatedSignatureKernelGram<
    const X extends Paths,
    const Y extends Paths,
    const O extends EngineKernelOptions<TruncatedKernelOptions>,
  >(x: X, y: Y, options: WithEngine<O, TruncatedKernelOptions>): Promise<Kernels<KernelDType<X, Y, O>>>;
  /**
   * Makes ready what a call needs, so that the first one does not wait. @throws as the function
   * would (as a rejection)
   */
  prepare(name: OperationName, sizes: EngineKernelOptions<KernelSizes>): Promise<void>;
  /**
   * How the engine would run a call of such shapes, and why. Starts nothing. @throws as the
   * function
   */
  explain(name: OperationName, sizes: EngineKernelOptions<KernelSizes>): CallPlan;
}
