// Further exports of the family `kernels` on hosts that have engines; see core.ts.

export type { Engine, EngineKernelOptions, OperationName } from "./kernels-engine.ts";
