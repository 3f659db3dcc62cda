// Exports of the entries of the family `kernels`; see core.ts for the format.

export type { NestedPath, Paths, TensorInput } from "../input/paths.ts";
export type { GradientTensor } from "../input/tensor.ts";
export {
  bindRandomSignatureFeatures,
  type RandomFeaturesOptions,
  type RandomFeaturesSizes,
  type RandomSignatureFeaturesFunction,
  randomSignatureFeaturesOperation,
} from "./random-signature-features.ts";
export {
  bindSignatureKernel,
  bindSignatureKernelGram,
  bindTruncatedSignatureKernel,
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
export type { KernelSizes } from "./signature-kernel-call.ts";
export {
  bindSignatureMmd,
  bindSignatureMmdVjp,
  bindSignatureScore,
  bindSignatureScoreVjp,
  type KernelLossOptions,
  type LossVjpOptions,
  type ScoreOptions,
  type ScoreVjpOptions,
  type SignatureMmdFunction,
  type SignatureMmdVjpFunction,
  type SignatureScoreFunction,
  type SignatureScoreVjpFunction,
  signatureMmdOperation,
  signatureMmdVjpOperation,
  signatureScoreOperation,
  signatureScoreVjpOperation,
} from "./signature-kernel-losses.ts";
export type { KernelOptions, KernelSchemeOptions } from "./signature-kernel-options.ts";
export { type StaticKernel, staticKernels } from "./signature-kernel-static.ts";
export {
  bindSignatureKernelGramVjp,
  bindSignatureKernelVjp,
  bindTruncatedSignatureKernelGramVjp,
  bindTruncatedSignatureKernelVjp,
  type KernelGradientsOf,
  type KernelVjpOptions,
  type SignatureKernelGramVjpFunction,
  type SignatureKernelVjpFunction,
  signatureKernelGramVjpOperation,
  signatureKernelVjpOperation,
  type TruncatedKernelVjpOptions,
  type TruncatedSignatureKernelGramVjpFunction,
  type TruncatedSignatureKernelVjpFunction,
  truncatedSignatureKernelGramVjpOperation,
  truncatedSignatureKernelVjpOperation,
} from "./signature-kernel-vjp.ts";
export type { Cotangent } from "./signature-vjp.ts";
