// What the entries of the family `core` export besides on hosts that have engines, as in
// ts/operations/core.ts; binders here take the entry's `createEngine`.

export {
  /** Signatures of paths, on all threads. @see {@link SignatureAsyncFunction} */
  bindSignatureAsync,
  type SignatureAsyncFunction,
} from "./bind.ts";
export type { EngineSignatureOptions, SignatureSizes } from "./engine.ts";
export type { OperationName } from "./operations.ts";
export type { EngineGradientsOf, EngineSignatureOf } from "./result.ts";
export type { EngineVjpOptions } from "./vjp.ts";
