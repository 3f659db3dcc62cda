// Exports of the entries of all families. Re-exports only; ts/operations/<family>.ts lists those of
// one family.

export type { ArrayOf, DType, NumericView } from "../input/arrays.ts";
export {
  type ErrorDetails,
  isPathSignatureError,
  PathSignatureError,
  type PathSignatureErrorCode,
  type PathSignatureErrorCodes,
  PathSignatureRangeError,
  PathSignatureTypeError,
  type Position,
} from "../input/errors.ts";
export type { CompiledModule, GpuBuffer, GpuDevice } from "../input/host-types.ts";
export type { ModuleSource } from "../wasm/compile.ts";
export type { Info, InfoFunction } from "../wasm/info.ts";
export type { InitFunction } from "../wasm/init.ts";
export type { Variant } from "../wasm/probe.ts";
export type { InitOptions } from "../wasm/runtime.ts";
