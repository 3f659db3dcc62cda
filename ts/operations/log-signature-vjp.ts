// `logSignatureVjp` and `logSignatureWithVjp`: gradients of log-signatures, as gradients of
// signatures whose cotangents follow from the program of the logarithm, backwards
// (docs/log-signatures.md).

import { type DType, FLOAT32, FLOAT64, type Kind, type Numbers } from "../input/arrays.ts";
import { type Call, refuseOut } from "../input/call.ts";
import type { Paths } from "../input/paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { GradientTensor } from "../input/tensor.ts";
import type { BatchedOf, DTypeOf } from "../input/types.ts";
import type { Windows } from "../input/windows.ts";
import { LOG_FLOAT32 } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { compute } from "./bind.ts";
import { type Descriptor, memoryReaders } from "./descriptor.ts";
import { type LogSignatureVjpOptions, logSignatureOperation, readLogCall } from "./log-signature.ts";
import { signatureCotangents } from "./log-signature-rows.ts";
import type { LogSignature } from "./log-signature-tensor.ts";
import { signatureOperation } from "./signature.ts";
import { type Cotangent, type SignatureGradients, signatureVjpOperation } from "./signature-vjp.ts";

/** The type of `logSignatureVjp`. */
export interface LogSignatureVjpFunction {
  /**
   * Gradients of a function of log-signatures: from ∂f/∂log-signature, the *cotangent*, to
   * ∂f/∂paths, and to those of `initial` and `basepoint`. Calls in float32 compute in float64
   * unless `precision` is "float32". Synchronous, on the calling thread; memory grows with the
   * signatures of the batch, with `stream` of all prefixes. Cotangents of shape (…batch, row) give
   * gradients of shape (…batch, length, channels).
   *
   * @param paths - as for `logSignature`.
   * @param cotangent - numbers with the shape of the log-signatures.
   * @param options - those of `logSignature` without `out`.
   * @throws PathSignatureError as for `logSignature`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { paths: dx } = logSignatureVjp([[0, 0], [1, 0], [1, 1]], [0, 0, 1], { depth: 2 });
   * dx.data; // Float64Array: the gradient of the area between path and chord
   */
  <P extends Paths, T extends DType = DTypeOf<P>>(
    paths: P,
    cotangent: Cotangent,
    options: LogSignatureVjpOptions<T>,
  ): SignatureGradients<T>;
}

/** The type of `logSignatureWithVjp`. */
export interface LogSignatureWithVjpFunction {
  /**
   * Log-signatures, and a function that maps their cotangents to gradients and can be called
   * repeatedly. Paths are (…batch, length, channels). It reads them again, so they may not change
   * until its last call.
   *
   * @example
   * const [p, pullback] = logSignatureWithVjp(paths, { depth: 4 });
   * const { paths: dx } = pullback(gradientOfLoss(p));
   * @throws PathSignatureError as for `logSignature`; the pullback as for the cotangent of
   *   `logSignatureVjp`.
   */
  <P extends Paths, T extends DType = DTypeOf<P>, S extends boolean = false, W extends Windows | undefined = undefined>(
    paths: P,
    options: LogSignatureVjpOptions<T, S, W>,
  ): readonly [
    logSignature: LogSignature<T, S, BatchedOf<P, W>>,
    pullback: (cotangent: Cotangent) => SignatureGradients<T>,
  ];
}

const read = (paths: unknown, options: unknown): Call =>
  refuseOut(readLogCall((own, names) => memoryReaders.call(paths, options, own, names)));

const rounded = ({ data, shape }: GradientTensor): GradientTensor => ({
  data: new Float32Array(data),
  shape,
  dtype: "float32",
});

function gradients(runtime: Runtime, call: Call, cotangent: unknown): SignatureGradients {
  const cotangents = memoryReaders.cotangent(cotangent, call);
  const isWide = call.dtype === FLOAT32 && (call.options.algorithm & LOG_FLOAT32) === 0;
  const dtype = isWide ? FLOAT64 : call.dtype;
  const whole = call.with({ dtype, options: { algorithm: 0 } });
  const { size } = whole;
  const run = <R>(operation: Descriptor<R>, own: Call): R => compute(runtime, operation, own);
  const signatures = run(signatureOperation, whole).data as Numbers;
  const known =
    call.stream || call.initial === undefined ? new ReadRows(signatures, dtype as Kind, size, size) : undefined;
  const lambda = signatureCotangents(run, call, dtype, signatures, cotangents);
  const operands = [new ReadRows(lambda, dtype as Kind, size, size), known];
  const found = run(signatureVjpOperation, whole.with({ operands }));
  if (!isWide) return found;
  const { paths, initial, basepoint } = found;
  return {
    paths: rounded(paths),
    initial: initial && rounded(initial),
    basepoint: basepoint && rounded(basepoint),
  };
}

/** Makes `logSignatureVjp` for a runtime. Pure: nothing is loaded before the first call. */
export function bindLogSignatureVjp(runtime: Runtime): LogSignatureVjpFunction {
  const logSignatureVjp = (paths: unknown, cotangent: unknown, options: unknown): SignatureGradients<DType> =>
    gradients(runtime, read(paths, options), cotangent);
  return logSignatureVjp as unknown as LogSignatureVjpFunction;
}

/** Makes `logSignatureWithVjp` for a runtime. */
export function bindLogSignatureWithVjp(runtime: Runtime): LogSignatureWithVjpFunction {
  function logSignatureWithVjp(paths: unknown, options: unknown) {
    const call = read(paths, options);
    const value = compute(runtime, logSignatureOperation, call);
    return [value, (cotangent: unknown) => gradients(runtime, call, cotangent)] as const;
  }
  return logSignatureWithVjp as unknown as LogSignatureWithVjpFunction;
}
