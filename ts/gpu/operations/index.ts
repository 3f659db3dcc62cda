// The table of operations that have kernels for GPUs.

import { logSignature } from "./log-signature.ts";
import { signature } from "./signature.ts";
import { signatureKernel, signatureKernelGram, signatureMmd, signatureScore } from "./signature-kernel.ts";
import { signatureVjp } from "./signature-vjp.ts";

export const gpuOperations = {
  signature,
  signatureVjp,
  logSignature,
  signatureKernel,
  signatureKernelGram,
  signatureMmd,
  signatureScore,
} as const;

/** The operation whose calls measure a machine; the units hold for all operations. */
export const measuredOperation = gpuOperations.signature;
