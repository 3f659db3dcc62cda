// The table of operations that have kernels for GPUs.

import { signature } from "./signature.ts";
import { signatureKernels } from "./signature-kernel.ts";
import { signatureVjp } from "./signature-vjp.ts";

export const gpuOperations = { signature, signatureVjp, ...signatureKernels } as const;

/** The operation whose calls measure a machine; the units hold for all operations. */
export const measuredOperation = gpuOperations.signature;
