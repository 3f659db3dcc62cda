// `signatureVjp` and `signatureWithVjp`: the public functions, and the descriptor of their
// operation. The mathematics is in docs/gradients.md, the kernels are in crates/kernels.

import { type DType, FLOAT32, FLOAT64, type Kind, type NumericView } from "../input/arrays.ts";
import { type Call, refuseOut } from "../input/call.ts";
import { checkIsCotangent } from "../input/cotangent.ts";
import type { VjpOptions } from "../input/options.ts";
import type { Paths, TensorInput } from "../input/paths.ts";
import { ReadRows } from "../input/rows.ts";
import type { GradientTensor, SignatureOf } from "../input/tensor.ts";
import type { BatchedOf, DTypeOf } from "../input/types.ts";
import type { Windows } from "../input/windows.ts";
import type { Budget } from "../run/blocks.ts";
import { Cut } from "../run/cut.ts";
import { basepointInput, initialInput } from "../run/inputs.ts";
import type { Input, Kernel, Section, Segments } from "../run/operation.ts";
import { region, SINGLE } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { bind, compute } from "./bind.ts";
import { signatureCost, signaturesOfVjp } from "./cost.ts";
import { type Descriptor, memoryReaders } from "./descriptor.ts";
import { forwardCall, isUncut, planSegments } from "./gradient-cuts.ts";
import { cancels, needsDouble, someNeedDouble } from "./gradient-double.ts";
import { Gradients } from "./gradients.ts";
import { imagineCall } from "./paths-operation.ts";
import { signatureOperation } from "./signature.ts";

/** ∂f/∂ each input, f being the function whose cotangent was given. */
export interface SignatureGradients<T extends DType = DType> {
  /**
   * (…batch, length, channels), with the length of the longest path; exactly zero past the end of a
   * shorter one.
   */
  readonly paths: GradientTensor<T>;
  /**
   * The shape of `initial` without a scalar term; `undefined` if it was not given. Summed over
   * paths that share it.
   */
  readonly initial: GradientTensor<T> | undefined;
  /**
   * The shape of `basepoint`; `undefined` if it was not given, or `true`. Summed over paths that
   * share it.
   */
  readonly basepoint: GradientTensor<T> | undefined;
}

/** Cotangents: numbers with the shape of the signatures. */
export type Cotangent = TensorInput | NumericView | readonly number[];

/** The type of `signatureVjp`. */
export interface SignatureVjpFunction {
  /**
   * Gradients of a function f of signatures: from ∂f/∂signature, the *cotangent*, to ∂f/∂paths (the
   * vector–Jacobian product), and to those of `initial` and `basepoint`: cotangents of shape
   * (…batch, size) give gradients of shape (…batch, length, channels). Exact up to rounding, for
   * any `initial`, whether it is a signature or not.
   *
   * Whole signatures use the bracket adjoint (docs/gradients.md). It costs less than a signature by
   * Horner's scheme, and its memory does not grow with the length of the paths. Streams use the
   * adjoint of Horner's scheme, with all prefixes in memory. Synchronous, on the calling thread.
   *
   * @param paths - as for `signature`: (…batch, length, channels).
   * @param cotangent - ∂f/∂signature: a tensor `{ data, shape }` (or `dims`) with the shape of the
   *   signatures, or as many numbers in a flat array. Entries of scalar terms are ignored: the term
   *   is constant.
   * @param options - those of `signature` without `out`.
   * @returns `{ paths, initial, basepoint }`, each a tensor with the shape of that argument.
   * @throws PathSignatureError as for `signature`, and COTANGENT_TYPE, COTANGENT_SHAPE.
   *
   * @example
   * const { paths: dx } = signatureVjp([[0, 0], [1, 0], [1, 1]], [0, 0, 0, 1, 0, 0], { depth: 2 });
   * dx.shape; // [3, 2]
   * dx.data; // Float64Array: the gradient of the coefficient of the word (0, 1)
   */
  <P extends Paths, T extends DType = DTypeOf<P>>(
    paths: P,
    cotangent: Cotangent,
    options: VjpOptions<T>,
  ): SignatureGradients<T>;
}

/** The type of `signatureWithVjp`. */
export interface SignatureWithVjpFunction {
  /**
   * Signatures of shape (…batch, size), and a function that maps their cotangents, of the same
   * shape, to gradients of the paths. The function can be called repeatedly. It keeps the
   * signatures and reads the given paths again, so neither may change until its last call.
   *
   * @param paths - as for `signature`: (…batch, length, channels).
   * @param options - those of `signature` without `out`.
   * @returns `[signature, pullback]`: the result of `signature`, and `(cotangent) => gradients`
   *   with the result of `signatureVjp`.
   * @throws PathSignatureError as for `signature`; the pullback as for the cotangent of
   *   `signatureVjp`.
   *
   * @example
   * const [s, pullback] = signatureWithVjp(paths, { depth: 4 });
   * const { paths: dx } = pullback(gradientOfLoss(s)); // as many numbers as s.data
   */
  <P extends Paths, T extends DType = DTypeOf<P>, S extends boolean = false, W extends Windows | undefined = undefined>(
    paths: P,
    options: VjpOptions<T, S, W>,
  ): readonly [
    signature: SignatureOf<T, S, BatchedOf<P, W>>,
    pullback: (cotangent: Cotangent) => SignatureGradients<T>,
  ];
}

/** Operation code in the head of a task, and its regions. */
const SIGNATURE_VJP = 3;
const COTANGENTS = 4;
const SIGNATURES = 5;
const OUT_BASEPOINT = 6;
const OUT_INITIAL = 7;
const STATE = 8;

export const cotangentInput: Input = {
  region: COTANGENTS,
  per: "step",
  of: ({ operands }) => operands[0],
  width: ({ row }) => row,
  name: "cotangent",
  noun: "index",
  // A scalar term is constant: its cotangent is ignored.
  skip: ({ row, size }) => row - size,
  checked: "reported",
};

/** Signatures that are already known; if absent, the kernel computes what it needs. */
const signaturesInput: Input = {
  region: SIGNATURES,
  per: "step",
  of: ({ operands }) => operands[1],
  width: ({ operands }) => operands[1]?.width ?? 0,
  name: "signatures",
  noun: "index",
  checked: "never",
};

const kernel: Kernel = {
  code: SIGNATURE_VJP,
  // The kernel for a single path differs from the one for a batch.
  options: (call) => call.bits | (call.batch === 1 && !call.stream && planSegments(call).count === 1 ? SINGLE : 0),
  row: ({ operands }) => operands[1]?.width ?? 0,
  inputs: [basepointInput, initialInput, cotangentInput, signaturesInput],
  outputs: [
    { region: region.OUT, per: "point", width: ({ channels }) => channels },
    { region: OUT_BASEPOINT, per: "item", width: ({ channels }) => channels, of: basepointInput },
    { region: OUT_INITIAL, per: "item", width: ({ size }) => size, of: initialInput },
  ],
};

/** Paths that are too long for one kernel to compute their signatures or gradients. */
function segments(call: Call): Segments | undefined {
  if (isUncut(call)) return undefined;
  const { stream } = call;
  const { steps, count, paths } = planSegments(call);
  return {
    steps,
    count,
    paths,
    backward: stream,
    basepointIsPoint: stream && count > 1,
    tellsEnds: true,
    state: { from: STATE, to: STATE },
    stateNumbers: stateNumbers(call),
    start: stream ? "rows" : "given",
    needs: { operation: signatureOperation, call: forwardCall(call), region: SIGNATURES },
  };
}

/**
 * State that one segment of a path hands to the next: the gradient of their common point, preceded
 * by the adjoint of the signature for streams, else by the functional on brackets
 * (docs/gradients.md). Levels 2 … depth of the latter have d (d − 1) / 2 · d^(k−2) numbers each.
 */
export function stateNumbers({ channels, depth, size, stream }: Call): number {
  if (stream) return size + channels;
  let numbers = channels;
  if (channels > 1 && depth > 2) {
    const pairs = (channels * (channels - 1)) / 2;
    for (let k = 2; k <= depth; k++) numbers += pairs * channels ** (k - 2);
  }
  return numbers;
}

/** The same call, of which no signatures are known. */
const unknown = (call: Call): Call =>
  call.operands[1] === undefined ? call : call.with({ operands: [call.operands[0]] });

/**
 * The call in float64. Known signatures have only float32 accuracy.
 */
const double = (call: Call): Call => unknown(call).with({ dtype: FLOAT64 });

/** Consecutive paths that are computed in the same number type. */
function sections(call: Call): Section[] {
  const { batch } = call;
  // Signatures of long paths are computed segment by segment.
  const single = isUncut(call) ? call : unknown(call);
  if (!someNeedDouble(call)) return [{ call: single, first: 0, end: batch }];
  const found: Section[] = [];
  for (let first = 0, end = 0; first < batch; first = end) {
    const isDouble = needsDouble(call, first);
    for (end = first + 1; end < batch && needsDouble(call, end) === isDouble; ) end++;
    found.push({ call: isDouble ? double(call) : unknown(call), first, end });
  }
  return found;
}

export const signatureVjpOperation: Descriptor<SignatureGradients> = {
  name: "signatureVjp",
  label: "gradients of ",
  kernel,
  segments,
  sections,
  again: (call) => ({ call: double(call), concerns: (path) => cancels(call, path) }),
  read([paths, cotangent, options], readers, other) {
    checkIsCotangent(cotangent);
    const call = refuseOut(readers.call(paths, options, other));
    return call.with({ operands: [readers.cotangent(cotangent, call)] });
  },
  imagine(sizes, other) {
    const call = refuseOut(imagineCall(sizes, other));
    return call.with({ operands: [new ReadRows(new Float32Array(0), FLOAT32, call.row, call.row)] });
  },
  prepare(call) {
    const gradients = new Gradients(call);
    // A kernel that computes in float64 does not report numbers beyond float32.
    return {
      sinks: gradients.sinks,
      checksFirst: call.checkFinite && someNeedDouble(call),
      result: () => gradients.tensors(),
    };
  },
  fromDevice: (_, gradients) => (gradients as Gradients).tensors(),
  cost: (call) => signaturesOfVjp * signatureCost(call),
  coalesces: false,
  explain(call, budget: Budget) {
    const paths = planSegments(call).count > 1 ? planSegments(call).paths : new Cut(call, 0).blockAt(0, budget);
    const items = Math.min(call.batch, paths);
    return [
      `a task is ${items === 1 ? "one path" : `${items} paths`} with cotangents: signatures first, then gradients`,
    ];
  },
};

/** Makes `signatureVjp` for a runtime. Pure: nothing is loaded before the first call. */
export const bindSignatureVjp = (runtime: Runtime): SignatureVjpFunction =>
  bind(runtime, signatureVjpOperation) as unknown as SignatureVjpFunction;

/** Makes `signatureWithVjp` for a runtime. */
export function bindSignatureWithVjp(runtime: Runtime): SignatureWithVjpFunction {
  function signatureWithVjp(paths: unknown, options: unknown) {
    const call = refuseOut(memoryReaders.call(paths, options));
    const signature = compute(runtime, signatureOperation, call);
    const { dtype, row } = call;
    // With `initial` the result is not the signature of the paths alone, so it cannot be reused.
    const isKnown = call.stream || call.initial === undefined;
    const known = isKnown ? new ReadRows(signature.data, dtype as Kind, row, row) : undefined;
    const pullback = (cotangent: unknown): SignatureGradients =>
      compute(
        runtime,
        signatureVjpOperation,
        call.with({ operands: [memoryReaders.cotangent(cotangent, call), known] }),
      );
    return [signature, pullback] as const;
  }
  return signatureWithVjp as unknown as SignatureWithVjpFunction;
}
