// Types of an engine's results: in memory those of the synchronous function, on the GPU if
// requested. Types only.

import type { GpuGradients, GpuLogSignature, GpuNumbers, GpuTensor } from "../gpu/index.ts";
import type { DType } from "../input/arrays.ts";
import type { SignatureOf } from "../input/tensor.ts";
import type { BatchedOf, DTypeOf } from "../input/types.ts";
import type { LogSignatureOf } from "../operations/log-signature-tensor.ts";
import type { SignatureGradients } from "../operations/signature-vjp.ts";

/** The number type of a result that paths in memory, or on the GPU, suggest. */
export type EngineDTypeOf<P> = P extends GpuNumbers ? "float32" : DTypeOf<P>;

/** The type of `engine.signature`'s result. */
export type EngineSignatureOf<P, T extends DType, S extends boolean, Place, W = undefined> = [Place] extends ["gpu"]
  ? GpuTensor
  : SignatureOf<T, S, P extends GpuNumbers ? boolean : BatchedOf<P, W>>;

/** The type of `engine.logSignature`'s result. */
export type EngineLogSignatureOf<P, T extends DType, S extends boolean, Place, W = undefined> = [Place] extends ["gpu"]
  ? GpuLogSignature
  : LogSignatureOf<T, S, P extends GpuNumbers ? boolean : BatchedOf<P, W>>;

/** The type of `engine.signatureVjp`'s result. */
export type EngineGradientsOf<T extends DType, Place> = [Place] extends ["gpu"] ? GpuGradients : SignatureGradients<T>;
