// `path-signature/tfjs`: signatures in TensorFlow.js, with the binaries of the main entry.
// Requires @tensorflow/tfjs-core and @tensorflow/tfjs-layers.

import { bindTensorSignature, type Prepare, type TensorSignature } from "../adapters/tfjs.ts";
import { bindSigLayer, type SigLayerClass } from "../adapters/tfjs-layer.ts";
import { signatureWithVjp } from "../index.ts";

const op = bindTensorSignature(signatureWithVjp, () => import("../adapters/tfjs-webgpu.ts"));

/**
 * Signatures of paths as an op: (…batch, length, channels) to (…batch, size), with a gradient.
 *
 * @example
 * signature(tf.randomNormal([32, 100, 3]), { depth: 3 }).shape; // [32, 39]
 */
export const signature: TensorSignature = op.signature;

/**
 * To be awaited before the op is used on a WebGPU backend.
 *
 * @example
 * await tf.setBackend("webgpu");
 * await prepare();
 */
export const prepare: Prepare = op.prepare;

/**
 * The layer for models: (batch, length, channels) to (batch, size). Importing this module registers
 * it for saved models.
 *
 * @example
 * model.add(new SigLayer({ depth: 3, inputShape: [100, 3] }));
 */
export const SigLayer: SigLayerClass = bindSigLayer(signature);
/** The layer. */
export type SigLayer = InstanceType<SigLayerClass>;

export type { Prepare, TensorSignature, TensorSignatureOptions } from "../adapters/tfjs.ts";
export type { SigLayerArguments, SigLayerClass } from "../adapters/tfjs-layer.ts";
