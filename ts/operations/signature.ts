// `signature`: the public function, and the descriptor of its operation.

import type { DType, Numbers } from "../input/arrays.ts";
import { type Call, readCall, shapeOf } from "../input/call.ts";
import { readOptions, type SignatureOptions } from "../input/options.ts";
import { type Paths, readPaths } from "../input/paths.ts";
import type { Selection } from "../input/select.ts";
import { type SignatureOf, SignatureTensor } from "../input/tensor.ts";
import type { BatchedOf, DTypeOf } from "../input/types.ts";
import type { Windows } from "../input/windows.ts";
import { type Budget, longestStretch, streamSteps } from "../run/blocks.ts";
import { hasStretches, stretchesIn } from "../run/cut.ts";
import { initialInput } from "../run/inputs.ts";
import type { Kernel, Segments } from "../run/operation.ts";
import { region, SCALAR_TERM } from "../wasm/abi.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { compute, computeRows } from "./bind.ts";
import { signatureCost } from "./cost.ts";
import type { Descriptor } from "./descriptor.ts";
import { pathsComputation, pathsOperation, rowsFromDevice } from "./paths-operation.ts";
import { selectedSignature } from "./select.ts";
import { SlidingJob, sharingOf } from "./sliding.ts";

// Computed step by step with Horner's scheme (Kidger & Lyons 2021, "Signatory", section 5).
// Signatures of pieces of a path are multiplied by Chen's identity (Chen 1957, "Integration of
// paths, geometric invariants and a generalized Baker–Hausdorff formula").

/** The type of `signature`. */
export interface SignatureFunction {
  /**
   * Signatures of piecewise linear paths, truncated at `options.depth`: for a path x and a word i₁
   * … i_k the iterated integral ∫…∫_{t₁<…<t_k} dx^{i₁}(t₁) … dx^{i_k}(t_k). Points are rows: paths
   * of shape (…batch, length, channels) give signatures of shape (…batch, size), where size is d +
   * d² + … + d^N for d channels and depth N.
   *
   * Synchronous, on the calling thread. WebAssembly memory stays bounded for any batch and any
   * length of paths: at most 5 MiB for points and results, unless four signatures, or 257 points of
   * four paths, need more, and about twenty signatures for the kernel.
   *
   * @param paths - a tensor `{ data, shape }` (or `dims` for `shape`) of shape (…batch, length,
   *   channels), with `strides` if it is not row-major, or nested arrays (length, channels) or
   *   (batch, length, channels), where the paths of a batch may differ in length; or another
   *   container of {@link Paths}. A path of one point has the identity as signature: all
   *   coefficients 0.
   * @param options - `depth`, and the optional {@link SignatureOptions}.
   * @returns A tensor (…batch, size), size = `signatureSize(channels, depth)`, with `select` the
   *   number of chosen words; with `stream`
   *   (…batch, length − 1, size), or (…batch, length, size) with a basepoint; with `windows` one
   *   axis more, behind those of the batch. The unit of a coefficient is the product of the units
   *   of its channels. An empty batch gives an empty tensor.
   * @throws PathSignatureError, a `TypeError` or a `RangeError` by kind, with a `code` of
   *   `PathSignatureErrorCodes`. After an error `out` is unchanged, and the next call works.
   *
   * @example
   * const s = signature([[0, 0], [1, 0], [1, 1]], { depth: 2 });
   * s.shape; // [6]
   * s.data; // Float64Array [1, 1, 0.5, 1, 0, 0.5]
   * s.at([0, 1]); // 1, the coefficient of the word (0, 1)
   *
   * @example
   * const data = new Float32Array(32 * 100 * 3); // 32 paths of 100 points with 3 channels
   * signature({ data, shape: [32, 100, 3] }, { depth: 4 }).shape; // [32, 120]
   */
  <P extends Paths, T extends DType = DTypeOf<P>, S extends boolean = false, W extends Windows | undefined = undefined>(
    paths: P,
    options: SignatureOptions<T, S, W>,
  ): SignatureOf<T, S, BatchedOf<P, W>>;
}

/** Operation code in the head of a task. */
export const SIGNATURE = 1;

/**
 * The call for a piece of a path: from the identity and without scalar term, since pieces are
 * multiplied.
 */
const stretchKernel: Kernel = {
  code: SIGNATURE,
  options: ({ bits }) => bits & ~SCALAR_TERM,
  inputs: [],
  outputs: [{ region: region.OUT, per: "item", width: ({ size }) => size }],
};

/** Streams of long paths: the result is bit-identical wherever the path is cut. */
function segments(call: Call, budget: Budget): Segments | undefined {
  if (!call.stream) return undefined;
  const steps = streamSteps(call, budget);
  if (steps >= Math.max(1, call.rows)) return undefined;
  // Rows of one channel are powers of how far the path has moved from its first point.
  const fromFirstPoint = call.channels === 1;
  return {
    steps,
    count: Math.ceil(call.rows / steps),
    backward: false,
    fromFirstPoint,
    basepointIsPoint: true,
    tellsEnds: false,
    state: { from: region.INITIAL, to: region.STATE },
    stateNumbers: call.size,
    start: fromFirstPoint ? "given" : "state",
  };
}

type Result = SignatureTensor<DType>;

const wrap = (call: Call, data: Numbers): Result =>
  new SignatureTensor(
    data,
    shapeOf(call),
    call.dtype,
    call.channels,
    call.depth,
    call.options.scalarTerm,
    call.stream,
    call.paths.names,
    call.paths.windows?.counts,
    call.options.select as Selection | undefined,
  );

const described = {
  name: "signature",
  code: SIGNATURE,
  wrap,
  stretches: { kernel: stretchKernel, initial: initialInput },
  segments,
  job: SlidingJob,
};

const computation = /* @__PURE__ */ pathsComputation(described);

const allWords: Descriptor<Result> = /* @__PURE__ */ pathsOperation<Result>(described, {
  cost: (call) => signatureCost(call) / sharingOf(call).gain,
  fromDevice: rowsFromDevice(wrap),
  explain(call, budget) {
    const reasons: string[] = [];
    const { count } = sharingOf(call);
    if (count > 0) return [`windows share work, ${count} in a block: a product each`];
    if (hasStretches(call)) {
      const n = call.lengths === undefined ? stretchesIn(call, 0) : "several";
      const longest = `paths of more than ${longestStretch(call.channels)} steps`;
      reasons.push(`${longest} are cut into ${n} stretches, multiplied by Chen's identity in a fixed tree`);
    }
    if (call.lengths !== undefined) reasons.push("paths are taken in the order of their lengths");
    const cut = segments(call, budget);
    if (cut) reasons.push(`streams are cut in time: ${cut.steps} rows at once, each segment after the one before`);
    return reasons;
  },
});

export const signatureOperation: Descriptor<Result> = {
  ...allWords,
  instead: /* @__PURE__ */ selectedSignature(allWords, wrap),
};

/** Makes `signature` for a runtime. Pure: nothing is loaded before the first call. */
export function bindSignature(runtime: Runtime): SignatureFunction {
  function signature(paths: unknown, options: unknown): unknown {
    const given = readOptions(options);
    const call = readCall(readPaths(paths, given.layout), given);
    if (given.select !== undefined) return compute(runtime, signatureOperation, call);
    return computeRows(runtime, computation, call, wrap);
  }
  return signature as SignatureFunction;
}
