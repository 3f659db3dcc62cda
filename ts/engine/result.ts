// Types of an engine's results: in memory those of the synchronous function, on the GPU if
// requested. Types only.

import type { GpuGradients, GpuNumbers, GpuTensor } from "../gpu/index.ts";
import type { Paths } from "../input/paths.ts";
import type { Signature } from "../input/tensor.ts";
import type { BatchedOf, DTypeOf, StreamOf } from "../input/types.ts";
import type { SignatureGradients } from "../operations/signature-vjp.ts";

/** Selects one of two types by the requested location of the result. */
type Placed<O, OnDevice, InMemory> = O extends { readonly output: infer Place }
  ? Place extends "gpu"
    ? OnDevice
    : InMemory
  : InMemory;

type InMemory<P, O> = P extends GpuNumbers
  ? Signature<"float32", StreamOf<O>, boolean>
  : P extends Paths
    ? Signature<DTypeOf<P, O>, StreamOf<O>, BatchedOf<P>>
    : Signature;

/** The type of `engine.signature`'s result. */
export type EngineSignatureOf<P, O> = Placed<O, GpuTensor, InMemory<P, O>>;

type GradientsInMemory<P, O> = P extends GpuNumbers
  ? SignatureGradients<"float32">
  : P extends Paths
    ? SignatureGradients<DTypeOf<P, O>>
    : SignatureGradients;

/** The type of `engine.signatureVjp`'s result. */
export type EngineGradientsOf<P, O> = Placed<O, GpuGradients, GradientsInMemory<P, O>>;
