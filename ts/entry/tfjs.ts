// `path-signature/tfjs`: signatures in TensorFlow.js, on the same binaries as the main entry's.
// Needs @tensorflow/tfjs-core and @tensorflow/tfjs-layers beside it.

import { bindTensorSignature } from "../adapters/tfjs.ts";
import { bindSigLayer } from "../adapters/tfjs-layer.ts";
import { signatureWithVjp } from "../index.ts";

/**
 * The op, and what is awaited before it is used on a WebGPU backend. @see {@link TensorSignature},
 * {@link Prepare}
 */
export const { signature, prepare } = bindTensorSignature(signatureWithVjp, () => import("../adapters/tfjs-webgpu.ts"));

/** The layer for models. @see {@link SigLayerArguments} */
export const SigLayer = bindSigLayer(signature);

export type { Prepare, TensorSignature, TensorSignatureOptions } from "../adapters/tfjs.ts";
export type { SigLayerArguments, SigLayerClass } from "../adapters/tfjs-layer.ts";
