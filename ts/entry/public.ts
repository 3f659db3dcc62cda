// What every entry exports besides the functions that need a binary. Re-exports only.

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
export type { Algorithm, SignatureOptions } from "../input/options.ts";
export type { NestedPath, Paths, TensorInput } from "../input/paths.ts";
export { type LayoutOptions, signatureSize } from "../input/size.ts";
export type { BatchedOf, DTypeOf, Only, SignatureOf, StreamOf } from "../input/types.ts";
export { words } from "../input/words.ts";
export type { SignatureFunction } from "../operations/signature.ts";
export type {
  GradientTensor,
  SignatureGradients,
  SignatureVjpFunction,
  SignatureWithVjpFunction,
  VjpOptions,
} from "../operations/signature-vjp.ts";
export type { Coefficients, LevelView, Signature } from "../input/tensor.ts";
export type { ModuleSource } from "../wasm/compile.ts";
export type { Info, InfoFunction } from "../wasm/info.ts";
export type { InitFunction } from "../wasm/init.ts";
export type { Variant } from "../wasm/probe.ts";
export type { InitOptions } from "../wasm/runtime.ts";
