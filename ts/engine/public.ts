// Types of engines that the entries of all families export. Re-exports only.

export type { Costs, CpuCosts, GpuCosts, RuleName, Verdict } from "../dispatch/index.ts";
export type {
  AdapterInfo,
  FaultReport,
  GpuGradient,
  GpuGradients,
  GpuInput,
  GpuLogSignature,
  GpuNumbers,
  GpuSource,
  GpuTensor,
  PathsAnywhere,
} from "../gpu/index.ts";
export type { Mode } from "../pool/executor.ts";
export type { NodeWorkerLike, WebWorkerLike, WorkerLike } from "../pool/host.ts";
export type { Device, Progress } from "./backend.ts";
export type { CreateEngineFunction } from "./bind.ts";
export type { EngineCallOptions, OnEngine } from "./context.ts";
export type { EngineBase, EngineInfo } from "./engine.ts";
export type { CallPlan, CpuPlan, GpuPlan, Reasoning } from "./explain.ts";
export type { EngineOptions } from "./options.ts";
export type { EngineGpuInfo } from "./router.ts";
