// What the entries of the family `algebra` export besides on hosts that have engines, as in core.ts.

export type { Engine, EngineRowsOptions, EngineRowsVjpOptions, OperationName, RowsSizes } from "./algebra-engine.ts";
