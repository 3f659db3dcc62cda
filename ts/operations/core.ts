// Exports of the entries of the family `core`, read by the build (scripts/lib/entry-modules.mjs).
// Each `bindName` becomes the function `name`, with the comment above it; each `nameOperation`
// becomes a function of the family's engines; other names are exported unchanged. Only
// `export {…} from` is allowed here.

export type { Algorithm, SignatureOptions } from "../input/options.ts";
export type { NestedPath, Paths, TensorInput } from "../input/paths.ts";
export { type LayoutOptions, signatureSize } from "../input/size.ts";
export type { Coefficients, GradientTensor, LevelView, Signature } from "../input/tensor.ts";
export type { BatchedOf, DTypeOf, Only, SignatureOf, StreamOf } from "../input/types.ts";
export { words } from "../input/words.ts";
export {
  /** Log-signatures of paths. @see {@link LogSignatureFunction} for shapes, options and errors. */
  bindLogSignature,
  type LogSignatureFunction,
  type LogSignatureOf,
  type LogSignatureOptions,
  logSignatureOperation,
} from "./log-signature.ts";
export {
  type Bracket,
  type LogSignatureBasis,
  type LogSignatureLabel,
  logSignatureLabels,
  logSignatureSize,
} from "./log-signature-labels.ts";
export {
  /** Signatures of log-signatures. @see {@link LogSignatureToSignatureFunction} */
  bindLogSignatureToSignature,
  /** Gradients of `logSignatureToSignature`. @see {@link LogSignatureRowsVjpFunction} */
  bindLogSignatureToSignatureVjp,
  /** Log-signatures of signatures. @see {@link SignatureToLogSignatureFunction} */
  bindSignatureToLogSignature,
  /** Gradients of `signatureToLogSignature`. @see {@link LogSignatureRowsVjpFunction} */
  bindSignatureToLogSignatureVjp,
  type LogSignatureRowsOptions,
  type LogSignatureRowsVjpFunction,
  type LogSignatureRowsVjpOptions,
  type LogSignatureToSignatureFunction,
  type SignatureToLogSignatureFunction,
} from "./log-signature-rows.ts";
export type { LogSignature } from "./log-signature-tensor.ts";
export {
  /** Gradients of log-signatures. @see {@link LogSignatureVjpFunction} */
  bindLogSignatureVjp,
  /**
   * Log-signatures, and a function that gives their gradients.
   * @see {@link LogSignatureWithVjpFunction}
   */
  bindLogSignatureWithVjp,
  type LogSignatureVjpFunction,
  type LogSignatureVjpOptions,
  type LogSignatureWithVjpFunction,
} from "./log-signature-vjp.ts";
export {
  /** Signatures of paths. @see {@link SignatureFunction} for shapes, options and errors. */
  bindSignature,
  type SignatureFunction,
  signatureOperation,
} from "./signature.ts";
export {
  /** Gradients of signatures. @see {@link SignatureVjpFunction} for shapes, options and errors. */
  bindSignatureVjp,
  /**
   * Signatures, and a function that gives their gradients. @see {@link SignatureWithVjpFunction}
   */
  bindSignatureWithVjp,
  type SignatureGradients,
  type SignatureVjpFunction,
  type SignatureWithVjpFunction,
  signatureVjpOperation,
  type VjpOptions,
} from "./signature-vjp.ts";
