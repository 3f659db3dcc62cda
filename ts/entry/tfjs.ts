// `path-signature/tfjs`: signatures and log-signatures in TensorFlow.js, with the binaries of the
// main entry.
// Requires @tensorflow/tfjs-core and @tensorflow/tfjs-layers.

import { bindTensorOps, type Prepare, type TensorLogSignature, type TensorSignature } from "../adapters/tfjs.ts";
import { bindLogSigLayer, bindSigLayer, type LogSigLayerClass, type SigLayerClass } from "../adapters/tfjs-layer.ts";
import { logSignatureSize, logSignatureWithVjp, signatureWithVjp } from "../index.ts";
import { readLogOption } from "../operations/log-signature.ts";

const ops = bindTensorOps(signatureWithVjp, logSignatureWithVjp, () => import("../adapters/tfjs-webgpu.ts"));

/**
 * Signatures of paths as an op: (…batch, length, channels) to (…batch, size), with a gradient.
 *
 * @example
 * signature(tf.randomNormal([32, 100, 3]), { depth: 3 }).shape; // [32, 39]
 */
export const signature: TensorSignature = ops.signature;

/**
 * Log-signatures of paths as an op: (…batch, length, channels) to (…batch, row), with a gradient.
 *
 * @example
 * logSignature(tf.randomNormal([32, 100, 3]), { depth: 3 }).shape; // [32, 14]
 */
export const logSignature: TensorLogSignature = ops.logSignature;

/**
 * To be awaited before the op is used on a WebGPU backend.
 *
 * @example
 * await tf.setBackend("webgpu");
 * await prepare();
 */
export const prepare: Prepare = ops.prepare;

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

/**
 * The layer of log-signatures: (batch, length, channels) to (batch, row), row =
 * `logSignatureSize(channels, depth, basis)`. Registered as `SigLayer` is.
 *
 * @example
 * model.add(new LogSigLayer({ depth: 3, inputShape: [100, 3] }));
 */
export const LogSigLayer: LogSigLayerClass = bindLogSigLayer(logSignature, readLogOption, logSignatureSize);
/** The layer. */
export type LogSigLayer = InstanceType<LogSigLayerClass>;

export type {
  Prepare,
  TensorArguments,
  TensorLogSignature,
  TensorLogSignatureOptions,
  TensorSignature,
  TensorSignatureOptions,
} from "../adapters/tfjs.ts";
export {
  type KernelFunctions,
  type KernelOps,
  kernelOps,
  type TensorKernelOptions,
} from "../adapters/tfjs-kernels.ts";
export type {
  LayerArguments,
  LayerClass,
  LogSigLayerArguments,
  LogSigLayerClass,
  SigLayerArguments,
  SigLayerClass,
} from "../adapters/tfjs-layer.ts";
