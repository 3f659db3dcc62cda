// Further exports of the family `algebra` on hosts that have engines; see core.ts.

export type { Engine, OperationName, RowsSizes } from "./algebra-engine.ts";
