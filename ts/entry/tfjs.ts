// `path-signature/tfjs`: signatures in TensorFlow.js, on the same binaries as the main entry's. Needs @tensorflow/tfjs-core and @tensorflow/tfjs-layers beside it.

import { bindTensorSignature } from "../adapters/tfjs.ts";
import { bindSigLayer } from "../adapters/tfjs-layer.ts";
import { signatureWithVjp } from "../index.ts";

const bound = /* @__PURE__ */ bindTensorSignature(signatureWithVjp, () => import("../adapters/tfjs-webgpu.ts"));

/** The op. @see {@link TensorSignature} */
export const signature = /* @__PURE__ */ (() => bound.signature)();

/** What is awaited before the op is used on a WebGPU backend. @see {@link Prepare} */
export const prepare = /* @__PURE__ */ (() => bound.prepare)();

/** The layer for models. @see {@link SigLayerArguments} */
export const SigLayer = bindSigLayer(signature);

export type { Prepare, TensorSignature, TensorSignatureOptions } from "../adapters/tfjs.ts";
export type { SigLayerArguments, SigLayerClass } from "../adapters/tfjs-layer.ts";
