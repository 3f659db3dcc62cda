// Faults of a GPU as errors of the library: the device is lost, has no memory, rejects a command,
// or there is none. Which of them are answered by another attempt, and where, is the caller's to
// decide.

import { failure, isPathSignatureError, type PathSignatureError } from "../input/errors.ts";

/** Codes of faults of the GPU itself: the same call may succeed elsewhere. */
export type GpuFaultCode = "GPU_UNAVAILABLE" | "GPU_LOST" | "GPU_OUT_OF_MEMORY" | "GPU_FAILED" | "GPU_LIMITS";

const accepted: Record<GpuFaultCode, string> = {
  GPU_UNAVAILABLE: "an adapter that WebGPU gives a device for",
  GPU_LOST: "a device that is there until the call is done",
  GPU_OUT_OF_MEMORY: "memory for the call on the device",
  GPU_FAILED: "a device that carries out what it is told",
  GPU_LIMITS: "a call within the limits of the device",
};

/** An error for a fault of the GPU. `what` goes on after "WebGPU: ". */
export const gpuFault = (code: GpuFaultCode, what: string, cause?: unknown): PathSignatureError =>
  failure(code, "device", "webgpu", accepted[code], `WebGPU: ${what}`, cause);

/** Whether an error is a fault of the GPU: the call may be run again elsewhere. */
export const isGpuFault = (error: unknown): error is PathSignatureError & { code: GpuFaultCode } =>
  isPathSignatureError(error) && error.code in accepted;

/** An error scope's error as one of the library's. */
export function faultOf(error: GPUError): PathSignatureError {
  const name = error.constructor.name;
  if (name === "GPUOutOfMemoryError") return gpuFault("GPU_OUT_OF_MEMORY", `out of memory: ${error.message}`, error);
  const kind = name === "GPUValidationError" ? "a validation error" : "an internal error";
  return gpuFault("GPU_FAILED", `${kind}: ${error.message}`, error);
}

/** What a promise of the API was rejected with, as one of the library's errors. */
export function faultOfRejection(error: unknown): unknown {
  if (isPathSignatureError(error)) return error;
  const { name, message } = error as { name?: string; message?: string };
  if (name === "AbortError") return gpuFault("GPU_LOST", `the device was lost: ${message}`, error);
  return gpuFault("GPU_FAILED", `${message ?? String(error)}`, error);
}

/** Root causes first: a lost device or a failed allocation causes further errors. */
const rootCauses: readonly unknown[] = ["GPU_LOST", "GPU_OUT_OF_MEMORY"];

/** Waits for all promises; rejects with the error among theirs that is most likely the cause. */
export async function allOf(promises: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const errors = results
    .filter(({ status }) => status === "rejected")
    .map((one) => (one as PromiseRejectedResult).reason);
  if (errors.length === 0) return;
  for (const code of rootCauses) {
    const error = errors.find((one) => isGpuFault(one) && one.code === code);
    if (error) throw error;
  }
  throw errors[0];
}
