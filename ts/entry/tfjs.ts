// `path-signature/tfjs`: signatures in TensorFlow.js, with the binaries of the main entry.
// Requires @tensorflow/tfjs-core and @tensorflow/tfjs-layers.

import { bindTensorSignature } from "../adapters/tfjs.ts";
import { bindSigLayer, type SigLayerClass } from "../adapters/tfjs-layer.ts";
import { signatureWithVjp } from "../index.ts";

/**
 * The op, and the function to await before it is used on a WebGPU backend. @see
 * {@link TensorSignature}, {@link Prepare}
 */
export const { signature, prepare } = bindTensorSignature(signatureWithVjp, () => import("../adapters/tfjs-webgpu.ts"));

/** The layer for models. @see {@link SigLayerArguments} */
export const SigLayer: SigLayerClass = bindSigLayer(signature);
export type SigLayer = InstanceType<SigLayerClass>;

export type { Prepare, TensorSignature, TensorSignatureOptions } from "../adapters/tfjs.ts";
export type { SigLayerArguments, SigLayerClass } from "../adapters/tfjs-layer.ts";
