// The engine of the family `kernels`: what it has besides its functions. Types only.

import type { Functions } from "../generated/engines/kernels.ts";
import type { RandomFeaturesSizes } from "../operations/random-signature-features.ts";
import type { KernelSizes } from "../operations/signature-kernel-call.ts";
import type { OnEngine } from "./context.ts";
import type { EngineBase } from "./engine.ts";
import type { CallPlan } from "./explain.ts";

/** Names of the functions that `prepare` and `explain` accept. */
export type OperationName = keyof Functions;

/** Computes signature kernels on all threads. Created by `createEngine`. */
export interface Engine extends EngineBase, Functions {
  /**
   * Makes ready what a call needs, so that the first one does not wait.
   *
   * @param name - the function that will be called.
   * @param sizes - `shape` of x, (…batch, length, channels), and the options of the call.
   * @throws as the function would (as a rejection)
   *
   * @example await engine.prepare("signatureKernelGram", { shape: [512, 64, 3] });
   */
  prepare(name: OperationName, sizes: OnEngine<KernelSizes | RandomFeaturesSizes>): Promise<void>;
  /**
   * How the engine would run a call of such shapes, and why. Starts nothing.
   *
   * @param name - the function.
   * @param sizes - `shape` of x, (…batch, length, channels), and the options of the call.
   * @throws as the function
   *
   * @example engine.explain("signatureKernelGram", { shape: [512, 64, 3] }).reasons;
   */
  explain(name: OperationName, sizes: OnEngine<KernelSizes | RandomFeaturesSizes>): CallPlan;
}
