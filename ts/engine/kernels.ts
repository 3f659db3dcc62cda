// Further exports of the family `kernels` on hosts that have engines; see core.ts.

export type { Engine, OperationName } from "./kernels-engine.ts";
