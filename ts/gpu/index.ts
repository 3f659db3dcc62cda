// The GPU's door: what dispatch, the engine and tests take of this folder. Re-exports only.

export {
  type FaultReport,
  GpuBackend,
  type GpuInfo,
  type PrepareShape,
  type RunContext,
} from "./backend.ts";
export { type Cut, cutFor, fitsDevice } from "./blocks.ts";
export type { AdapterInfo, DeviceLimits } from "./device.ts";
export { type GpuFaultCode, gpuFault, isGpuFault } from "./faults.ts";
export {
  bracketPasses,
  type GradientWay,
  gradientOperations,
  planGradients,
  setUpOperations,
} from "./gradient-way.ts";
export {
  type GpuInput,
  type GpuNumbers,
  type GpuSignatureOptions,
  isOnDevice,
  type PathsAnywhere,
  readCallAnywhere,
  readRowsOfShape,
  residentsOf,
} from "./input.ts";
export { type Layout, layoutOf } from "./layout.ts";
export { usualLimits } from "./limits.ts";
export { operationsOf, type Share, shareCount, shareOf, streamShareOf } from "./share.ts";
export { type GpuSource, hostGpu, isDevice, readGpuSource } from "./source.ts";
export { GpuGradient, GpuGradients, GpuTensor } from "./tensor.ts";
export { type KernelName, operationsOfStep, piecesLeft, statesOf, type Way, wayOf } from "./way.ts";
