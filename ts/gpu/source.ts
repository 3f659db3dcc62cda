// Where a GPU comes from: from the user, or from the host. Requests nothing.

import { describe, typeError } from "../input/errors.ts";

/** Where a device may come from: an object as `navigator.gpu`, or a user's `GPUDevice`. */
export type GpuSource =
  | { requestAdapter(...options: never[]): Promise<unknown> }
  | { createComputePipeline(...descriptor: never[]): unknown }
  | undefined;

/** The device that was given, if it is one. */
export const deviceOf = (source: GpuSource): GPUDevice | undefined =>
  source !== undefined && "createComputePipeline" in source ? (source as GPUDevice) : undefined;

/** Checks what was given as `gpu`. @throws PathSignatureTypeError GPU_TYPE */
export function readGpuSource(given: unknown): GpuSource {
  if (given === undefined) return undefined;
  if (typeof given === "object" && given !== null && ("requestAdapter" in given || "createComputePipeline" in given)) {
    return given as GpuSource;
  }
  throw typeError("GPU_TYPE", "options.gpu", describe(given), "a GPU (as navigator.gpu is) or a GPUDevice");
}

/** The GPU to request a device from: the user's, or the host's own. */
export function hostGpu(source: GpuSource): GPU | undefined {
  if (source !== undefined) return source as GPU;
  return (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
}
