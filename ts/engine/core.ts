// Further exports of the family `core` on hosts that have engines; see ts/operations/core.ts.
// Binders here take the entry's `createEngine`.

export {
  bindSignatureAsync,
  type SignatureAsyncFunction,
} from "./bind.ts";
export type {
  ConversionName,
  Engine,
  EngineLogSignatureOptions,
  EngineSignatureOptions,
  EngineVjpOptions,
  LogSignatureRowsSizes,
  LogSignatureSizes,
  OperationName,
  SignatureSizes,
} from "./core-engine.ts";
export type { EngineDTypeOf, EngineGradientsOf, EngineLogSignatureOf, EngineSignatureOf } from "./result.ts";
