// What every entry exports besides the functions that need a binary. Re-exports only.

export type { ArrayOf, DType, NumericView } from "./arrays.ts";
export type { ModuleSource } from "./compile.ts";
export {
  type ErrorDetails,
  isPathSignatureError,
  PathSignatureError,
  type PathSignatureErrorCode,
  type PathSignatureErrorCodes,
  PathSignatureRangeError,
  PathSignatureTypeError,
  type Position,
} from "./errors.ts";
export type { Info, InfoFunction } from "./info.ts";
export type { InitFunction } from "./init.ts";
export type { NestedPath, Paths, TensorInput } from "./input.ts";
export type { Algorithm, SignatureOptions } from "./options.ts";
export type { Variant } from "./probe.ts";
export type { InitOptions } from "./runtime.ts";
export type { SignatureFunction } from "./signature.ts";
export { type LayoutOptions, signatureSize } from "./size.ts";
export type { Coefficients, LevelView, Signature } from "./tensor.ts";
export type { BatchedOf, DTypeOf, Only, SignatureOf, StreamOf } from "./types.ts";
export type {
  GradientTensor,
  SignatureGradients,
  SignatureVjpFunction,
  SignatureWithVjpFunction,
  VjpOptions,
} from "./vjp.ts";
export { words } from "./words.ts";
