// Exports of the entries of the family `core`, read by the build (scripts/lib/entry-modules.mjs).
// Each `bindName` becomes the function `name`, documented as the interface `NameFunction` of the
// same file is; each `nameOperation` becomes a function of the family's engines; other names are
// exported unchanged. Only `export {…} from` is allowed here.

export { augmentedChannels, augmentedNames } from "../input/augment/channels.ts";
export type {
  Augmentation,
  AugmentationName,
  LeadLagOrder,
  Mask,
  PerPoint,
  RandomProjections,
} from "../input/augment/types.ts";
export type { ColumnsInput, PointsInput } from "../input/containers.ts";
export type { Algorithm, Layout, SignatureOptions, VjpOptions } from "../input/options.ts";
export type { NestedPath, Paths, TensorInput } from "../input/paths.ts";
export { type Select, selectionSize } from "../input/select.ts";
export { type LayoutOptions, signatureSize } from "../input/size.ts";
export type { GradientTensor, LevelView, Signature, SignatureOf, SignatureRows, Signatures } from "../input/tensor.ts";
export type { BatchedOf, DTypeOf } from "../input/types.ts";
export type { Windows } from "../input/windows.ts";
export { words } from "../input/words.ts";
export type { SignatureStreamOptions, SignatureStreamsOptions } from "../streams/options.ts";
export type { StreamPoints } from "../streams/points.ts";
export {
  bindCreateSignatureIntervals,
  type CreateSignatureIntervalsFunction,
  type Intervals,
  type SignatureIntervals,
  type SignatureIntervalsOptions,
} from "../streams/signature-intervals.ts";
export {
  bindCreateSignatureStream,
  bindRestoreSignatureStream,
  type CreateSignatureStreamFunction,
  type RestoreSignatureStreamFunction,
  type SignatureStream,
} from "../streams/signature-stream.ts";
export {
  bindCreateSignatureStreams,
  type CreateSignatureStreamsFunction,
  type SignatureStreams,
} from "../streams/signature-streams.ts";
export {
  bindSignatureTransform,
  type SignatureTransformFunction,
} from "../streams/transform.ts";
export {
  bindLogSignature,
  type LogSignatureFunction,
  type LogSignatureOptions,
  type LogSignatureVjpOptions,
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
  bindLogSignatureToSignature,
  bindLogSignatureToSignatureVjp,
  bindSignatureToLogSignature,
  bindSignatureToLogSignatureVjp,
  type LogSignatureRowsOptions,
  type LogSignatureRowsVjpOptions,
  type LogSignatureToSignatureFunction,
  type LogSignatureToSignatureVjpFunction,
  logSignatureToSignatureOperation,
  logSignatureToSignatureVjpOperation,
  type SignatureToLogSignatureFunction,
  type SignatureToLogSignatureVjpFunction,
  signatureToLogSignatureOperation,
  signatureToLogSignatureVjpOperation,
} from "./log-signature-rows.ts";
export type { LogSignature, LogSignatureOf, LogSignatureRows, LogSignatures } from "./log-signature-tensor.ts";
export {
  bindLogSignatureVjp,
  bindLogSignatureWithVjp,
  type LogSignatureVjpFunction,
  type LogSignatureWithVjpFunction,
  logSignatureVjpOperation,
} from "./log-signature-vjp.ts";
export {
  bindSignature,
  type SignatureFunction,
  signatureOperation,
} from "./signature.ts";
export {
  bindSignatureVjp,
  bindSignatureWithVjp,
  type SignatureGradients,
  type SignatureVjpFunction,
  type SignatureWithVjpFunction,
  signatureVjpOperation,
} from "./signature-vjp.ts";
