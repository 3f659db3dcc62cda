// `logSignatureVjp` and `logSignatureWithVjp`: the public functions, and the descriptor of their
// operation. Gradients of log-signatures are gradients of signatures whose cotangents follow from
// the program of the logarithm, backwards (docs/log-signatures.md).

import { type DType, type DTypeIndex, FLOAT32, FLOAT64, type Kind, type Numbers } from "../input/arrays.ts";
import { type Call, refuseOut } from "../input/call.ts";
import { checkIsCotangent } from "../input/cotangent.ts";
import type { ReadOther } from "../input/options.ts";
import type { Paths } from "../input/paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { BatchedOf, DTypeOf } from "../input/types.ts";
import type { Windows } from "../input/windows.ts";
import { LOG_FLOAT32, LOG_FLOAT64 } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bindSteps, compute, computeSteps } from "./bind.ts";
import { signatureCost, signaturesOfVjp } from "./cost.ts";
import { type Descriptor, memoryReaders, type Steps, step } from "./descriptor.ts";
import { forwardCall } from "./gradient-cuts.ts";
import { needsDouble } from "./gradient-double.ts";
import { Gradients } from "./gradients.ts";
import { type LogSignatureVjpOptions, logSignatureOperation, readLogCall } from "./log-signature.ts";
import { illConditioned } from "./log-signature-condition.ts";
import { logarithmsOf, signatureCotangents } from "./log-signature-rows.ts";
import type { LogSignatureOf } from "./log-signature-tensor.ts";
import { imagineCall } from "./paths-operation.ts";
import { signatureOperation } from "./signature.ts";
import { type Cotangent, type SignatureGradients, signatureVjpOperation } from "./signature-vjp.ts";
import { callOfItems, sinkOfItems } from "./some-items.ts";

/** The type of `logSignatureVjp`. */
export interface LogSignatureVjpFunction {
  /**
   * Gradients of a function of log-signatures: from ∂f/∂log-signature, the *cotangent*, to
   * ∂f/∂paths, and to those of `initial` and `basepoint`. Calls in float32 compute paths whose
   * terms cancel, and streams, in float64 unless `precision` is "float32". Synchronous, on the
   * calling thread; memory grows with the signatures of the batch, with `stream` of all prefixes.
   * Cotangents of shape (…batch, row) give gradients of shape (…batch, length, channels).
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
    logSignature: LogSignatureOf<T, S, BatchedOf<P, W>>,
    pullback: (cotangent: Cotangent) => SignatureGradients<T>,
  ];
}

const name = "logSignatureVjp";
/** Under a name for which there are no GPU kernels: the steps of a call run on the CPU. */
const named = <R>(operation: Descriptor<R>, more?: Partial<Descriptor<R>>): Descriptor<R> => ({
  ...operation,
  name,
  ...more,
});
const signatures = /* @__PURE__ */ named(signatureOperation);
const signatureGradients = /* @__PURE__ */ named(signatureVjpOperation);

/** Rows with zeros behind them. */
function widened(rows: Numbers, from: number, to: number): Numbers {
  if (from === to) return rows;
  const count = rows.length / from;
  const all = new (rows.constructor as Float64ArrayConstructor)(count * to);
  for (let i = 0; i < count; i++) all.set(rows.subarray(i * from, (i + 1) * from) as Float64Array, i * to);
  return all;
}

/** A call for gradients of signatures in a number type, and the signatures that it begins with. */
interface Prepared {
  readonly call: Call;
  readonly forward: Call;
  readonly signatures: Numbers;
}

/** The call for gradients of signatures that a call for those of log-signatures comes to. */
function* prepared(call: Call, dtype: DTypeIndex): Steps<Prepared> {
  const whole = call.with({ dtype, options: { algorithm: 0 }, operands: [] });
  const { size } = whole;
  // Nothing depends on the last level of a signature. With `initial` it is not the paths' alone.
  const isKnown = call.stream || call.initial === undefined;
  const forward = isKnown ? forwardCall(whole) : whole;
  const data = (yield* step(signatures, forward)).data as Numbers;
  const known = isKnown ? new ReadRows(data, dtype as Kind, forward.size, forward.size) : undefined;
  const lambda = yield* signatureCotangents(
    call,
    dtype,
    widened(data, forward.size, size),
    call.operands[0] as ReadRows,
  );
  const operands = [new ReadRows(lambda, dtype as Kind, size, size), known];
  return { call: whole.with({ operands }), forward, signatures: data };
}

/** The paths that are computed in float64 although their call is in float32. */
function* pathsInDouble({ call, forward, signatures }: Prepared): Steps<ReadonlySet<number>> {
  const { batch, channels } = call;
  const { depth } = forward;
  const rows = channels > 1 && depth > 1 ? yield* logarithmsOf(forward, signatures) : undefined;
  const cancels = rows && illConditioned(signatures, rows, channels, depth);
  const found = new Set<number>();
  for (let path = 0; path < batch; path++) {
    if (cancels?.(path) || needsDouble(call, path)) found.add(path);
  }
  return found;
}

/** Gradients of some paths of a call, with those of others. */
function gradientsOf(call: Call, gradients: Gradients, items: readonly number[]): Descriptor<SignatureGradients> {
  const { batch, channels, points, size } = call;
  const [ofPoints, ofBasepoint, ofInitial] = gradients.sinks;
  const sinks =
    items.length === batch
      ? gradients.sinks
      : [
          ofPoints && sinkOfItems(ofPoints, items, points, channels),
          ofBasepoint && sinkOfItems(ofBasepoint, items, 1, channels),
          ofInitial && sinkOfItems(ofInitial, items, 1, size),
        ];
  const prepare = () => ({ sinks, checksFirst: false, result: () => gradients.tensors() });
  return { ...signatureGradients, prepare };
}

function* steps(call: Call): Steps<SignatureGradients> {
  const { dtype, options, stream, batch, paths } = call;
  if (dtype === FLOAT64 || (options.algorithm & LOG_FLOAT32) !== 0)
    return yield* step(signatureGradients, (yield* prepared(call, dtype)).call, true);
  const all = Array.from({ length: batch }, (_, path) => path);
  const gradients = new Gradients(call);
  let items: readonly number[] = all;
  // Prefixes begin with straight lines, which are as ill-conditioned as can be.
  if ((options.algorithm & LOG_FLOAT64) === 0 && !stream && paths.augmented === undefined) {
    const narrow = yield* prepared(call, FLOAT32);
    const ill = yield* pathsInDouble(narrow);
    if (ill.size === 0) return yield* step(signatureGradients, narrow.call, true);
    const others = all.filter((path) => !ill.has(path));
    if (others.length > 0) yield* step(gradientsOf(call, gradients, others), callOfItems(narrow.call, others));
    items = [...ill];
  }
  const wide = yield* prepared(callOfItems(call, items), FLOAT64);
  return yield* step(gradientsOf(call, gradients, items), wide.call, true);
}

const readPaths = (paths: unknown, options: unknown, other?: ReadOther): Call =>
  refuseOut(readLogCall((own, names) => memoryReaders.call(paths, options, own, names), other));

const withCotangent = (call: Call, cotangent: unknown): Call =>
  call.with({ operands: [memoryReaders.cotangent(cotangent, call)] });

export const logSignatureVjpOperation = /* @__PURE__ */ named(signatureVjpOperation, {
  read([paths, cotangent, options], _readers, other) {
    checkIsCotangent(cotangent);
    return withCotangent(readPaths(paths, options, other), cotangent);
  },
  imagine(sizes, other) {
    const call = refuseOut(readLogCall((own, names) => imagineCall(sizes, own, names), other));
    return call.with({ operands: [new ReadRows(new Float32Array(0), FLOAT32, call.row, call.row)] });
  },
  steps,
  cost: (call) => (1 + signaturesOfVjp) * signatureCost(call),
});

/** Makes `logSignatureVjp` for a runtime. Pure: nothing is loaded before the first call. */
export const bindLogSignatureVjp = (runtime: Runtime): LogSignatureVjpFunction =>
  bindSteps(runtime, logSignatureVjpOperation) as unknown as LogSignatureVjpFunction;

/** Makes `logSignatureWithVjp` for a runtime. */
export function bindLogSignatureWithVjp(runtime: Runtime): LogSignatureWithVjpFunction {
  function logSignatureWithVjp(paths: unknown, options: unknown) {
    const call = readPaths(paths, options);
    const pullback = (cotangent: unknown): SignatureGradients =>
      computeSteps(runtime, steps(withCotangent(call, cotangent)));
    return [compute(runtime, logSignatureOperation, call), pullback] as const;
  }
  return logSignatureWithVjp as unknown as LogSignatureWithVjpFunction;
}
