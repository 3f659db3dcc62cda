// Exports of the entries of the family `kernels`; see core.ts for the format.

export type { NestedPath, Paths, TensorInput } from "../input/paths.ts";
export type { GradientTensor } from "../input/tensor.ts";
export {
  /**
   * Signature kernels of pairs of paths. @see {@link SignatureKernelFunction} for shapes, options
   * and errors.
   */
  bindSignatureKernel,
  /** Gram matrices of signature kernels. @see {@link SignatureKernelGramFunction} */
  bindSignatureKernelGram,
  /** Kernels of truncated signatures. @see {@link TruncatedSignatureKernelFunction} */
  bindTruncatedSignatureKernel,
  /** Gram matrices of such kernels. @see {@link TruncatedSignatureKernelGramFunction} */
  bindTruncatedSignatureKernelGram,
  type KernelDType,
  type Kernels,
  type SignatureKernelFunction,
  type SignatureKernelGramFunction,
  signatureKernelGramOperation,
  signatureKernelOperation,
  type TruncatedKernelOptions,
  type TruncatedSignatureKernelFunction,
  type TruncatedSignatureKernelGramFunction,
  truncatedSignatureKernelGramOperation,
  truncatedSignatureKernelOperation,
} from "./signature-kernel.ts";
export type { KernelOptions, KernelSizes } from "./signature-kernel-call.ts";
export {
  /**
   * The squared maximum mean discrepancy of two samples of paths.
   * @see {@link SignatureMmdFunction}
   */
  bindSignatureMmd,
  /** Gradients of `signatureMmd`. @see {@link SignatureMmdVjpFunction} */
  bindSignatureMmdVjp,
  /** The signature kernel score of a sample of paths. @see {@link SignatureScoreFunction} */
  bindSignatureScore,
  /** Gradients of `signatureScore`. @see {@link SignatureScoreVjpFunction} */
  bindSignatureScoreVjp,
  type KernelLossOptions,
  type LossVjpOptions,
  type ScoreOptions,
  type SignatureMmdFunction,
  type SignatureMmdVjpFunction,
  type SignatureScoreFunction,
  type SignatureScoreVjpFunction,
  signatureMmdOperation,
  signatureMmdVjpOperation,
  signatureScoreOperation,
  signatureScoreVjpOperation,
} from "./signature-kernel-losses.ts";
export { type StaticKernel, staticKernels } from "./signature-kernel-static.ts";
export {
  /** Gradients of `signatureKernelGram`. @see {@link SignatureKernelGramVjpFunction} */
  bindSignatureKernelGramVjp,
  /** Gradients of `signatureKernel`. @see {@link SignatureKernelVjpFunction} */
  bindSignatureKernelVjp,
  type KernelGradientsOf,
  type KernelVjpOptions,
  type SignatureKernelGramVjpFunction,
  type SignatureKernelVjpFunction,
  signatureKernelGramVjpOperation,
  signatureKernelVjpOperation,
} from "./signature-kernel-vjp.ts";
export type { Cotangent } from "./signature-vjp.ts";
