// The GPU's door: what dispatch, the engine and tests take of this folder. Re-exports only.

export { type FaultReport, GpuBackend, type GpuInfo, type RunContext } from "./backend.ts";
export type { AdapterInfo, DeviceLimits } from "./device.ts";
export { type GpuFaultCode, gpuFault, isGpuFault } from "./faults.ts";
export {
  type GpuInput,
  type GpuNumbers,
  type GpuOptions,
  isOnDevice,
  isResident,
  type PathsAnywhere,
  readCallAnywhere,
  readRowsOfShape,
} from "./input.ts";
export { usualLimits } from "./limits.ts";
export { isObstacle, type Obstacle, refusalOf } from "./obstacle.ts";
export type { CallInputs, GpuCounts, GpuOperation, GpuPlan, InputRows } from "./operation.ts";
export { gpuOperations, measuredOperation } from "./operations/index.ts";
export type { CallShape, Residency } from "./shape.ts";
export { type GpuSource, hostGpu, readGpuSource } from "./source.ts";
export { GpuGradient, GpuGradients, GpuLogSignature, GpuTensor } from "./tensor.ts";
