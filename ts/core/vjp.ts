// The public functions for gradients: read what they are given, have signatures and gradients computed, wrap what comes back. Steps only, each
// another file's. What is computed, and why it is right: docs/gradients.md and crates/kernels/src/vjp.

import { type ArrayOf, allocateNumbers, type DType, type NumericView } from "./arrays.ts";
import { runBlocks } from "./batch.ts";
import { fitsOneBlock } from "./blocks.ts";
import { Call, internal, readCall } from "./call.ts";
import { readCotangent } from "./cotangent.ts";
import { describe, typeError } from "./errors.ts";
import { checkBesides } from "./finite.ts";
import { type Paths, type ReadPaths, type ReadRows, readPaths, type TensorInput } from "./input.ts";
import type { Instance } from "./instance.ts";
import { runOnce } from "./once.ts";
import { type ReadOptions, readOptions, type SignatureOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import { SignatureTensor } from "./tensor.ts";
import type { DTypeOf, Only, SignatureOf } from "./types.ts";
import { type GradientArrays, VjpStage } from "./vjp-stage.ts";

/** Options of gradients: those of `signature`, but for `out`. */
export type VjpOptions = Omit<SignatureOptions, "out">;

/** Numbers with a shape, row-major. */
export interface GradientTensor<T extends DType = DType> {
  readonly data: ArrayOf[T];
  readonly shape: readonly number[];
  readonly dtype: T;
}

/** ∂f/∂ each input, f being the function whose cotangent was given. */
export interface SignatureGradients<T extends DType = DType> {
  /** (…batch, length, channels), length that of the longest path; exactly zero past the end of a shorter one. */
  readonly paths: GradientTensor<T>;
  /** Of the shape in which `initial` was given, without a scalar term; `undefined` where it was not. Summed over the paths that share one. */
  readonly initial: GradientTensor<T> | undefined;
  /** Of the shape in which `basepoint` was given; `undefined` where it was not, or `true`. Summed over the paths that share one. */
  readonly basepoint: GradientTensor<T> | undefined;
}

/** Cotangents: numbers of the signatures' shape. */
export type Cotangent = TensorInput | NumericView | readonly number[];

/**
 * Gradients of a function of signatures: from ∂f/∂signature, the *cotangent*, to ∂f/∂paths (the vector–Jacobian product), and to those of `initial` and
 * `basepoint`. Exact up to rounding, for any `initial`, whether it is a signature or not.
 *
 * Whole signatures: the bracket adjoint (docs/gradients.md), which costs less than a signature by Horner's scheme and needs memory that does not grow with the
 * length of the paths. Streams: the adjoint of Horner's scheme, with all prefixes in memory. Synchronous, on this thread.
 *
 * @param paths - as for `signature`.
 * @param cotangent - ∂f/∂signature: a tensor `{ data, shape }` (or `dims`) of the signatures' shape, or as many numbers in a flat array. The entry of a scalar term
 *   is not looked at: the term is constant.
 * @param options - those of `signature`, but for `out`.
 * @throws PathSignatureError as `signature` does, and COTANGENT_TYPE, COTANGENT_SHAPE.
 *
 * @example
 * const { paths: dx } = signatureVjp([[0, 0], [1, 0], [1, 1]], [0, 0, 0, 1, 0, 0], { depth: 2 });
 * dx.data; // Float64Array: the gradient of the coefficient of the word (0, 1)
 */
export type SignatureVjpFunction = <const P extends Paths, const O extends VjpOptions>(
  paths: P,
  cotangent: Cotangent,
  options: Only<O, VjpOptions>,
) => SignatureGradients<DTypeOf<P, O>>;

/**
 * Signatures, and the function that turns their cotangents into gradients, as often as it is called. It keeps the signatures and looks at the given paths again: neither may be
 * changed before it is done with.
 *
 * @example
 * const [s, pullback] = signatureWithVjp(paths, { depth: 4 });
 * const { paths: dx } = pullback(gradientOfLoss(s));
 * @throws PathSignatureError as `signature` does; the pullback as `signatureVjp` does for its cotangent.
 */
export type SignatureWithVjpFunction = <const P extends Paths, const O extends VjpOptions>(
  paths: P,
  options: Only<O, VjpOptions>,
) => readonly [signature: SignatureOf<P, O>, pullback: (cotangent: Cotangent) => SignatureGradients<DTypeOf<P, O>>];

type Numbers = Float32Array | Float64Array;

/** Reads what both functions are given. */
function read(paths: unknown, options: unknown): { call: Call; given: ReadOptions; read: ReadPaths } {
  const given = readOptions(options);
  if (given.out !== undefined) {
    throw typeError(
      "OPTION_UNKNOWN",
      "options.out",
      describe("out"),
      "an option of signature only: gradients are new arrays",
    );
  }
  const read = readPaths(paths);
  const call = readCall(read, given);
  if (given.checkFinite) checkBesides(call);
  return { call, given, read };
}

/** Runs `work` on the runtime's instance; one that traps is replaced. */
function run<R>(runtime: Runtime, call: Call, work: (instance: Instance) => R): R {
  const instance = runtime.instance();
  try {
    return work(instance);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    runtime.discard(instance);
    throw internal(call, error.message, error);
  }
}

function forward(instance: Instance, call: Call): Numbers {
  const count = call.batch * call.rows * call.row;
  if (count === 0) return allocateNumbers(call.dtype, 0, "paths");
  return fitsOneBlock(call) ? runOnce(instance, call, undefined, count) : runBlocks(instance, call, undefined, count);
}

/** The call of which the kernel wants the signatures: whole paths by themselves, streams as they are. */
function ownCall(call: Call, given: ReadOptions): Call {
  if (call.stream || call.initial === undefined) return call;
  return new Call(call.paths, given, call.dtype, call.size, call.lengths, call.basepoint, undefined);
}

const tensorOf = (data: Numbers, shape: readonly number[]): GradientTensor => ({
  data: data as Float32Array,
  shape,
  dtype: (data instanceof Float32Array ? "float32" : "float64") as "float32",
});

/** A gradient with a row of `width` numbers for each path, or one for all: then their sum, in the order of the paths, in float64. */
class Rows {
  readonly data: Numbers;
  readonly #shared: Float64Array | undefined;
  readonly #width: number;
  readonly #shape: readonly number[];

  constructor(call: Call, rows: ReadRows, width: number) {
    const shared = rows.stride === 0;
    this.#width = width;
    this.#shape = shared ? [width] : [...call.paths.lead, width];
    this.#shared = shared ? new Float64Array(width) : undefined;
    this.data = allocateNumbers(call.dtype, shared ? width : call.batch * width, "paths");
  }

  take = (heap: Numbers, at: number, first: number, count: number): void => {
    const width = this.#width;
    if (this.#shared === undefined) {
      this.data.set(heap.subarray(at, at + count * width), first * width);
      return;
    }
    for (let i = 0, from = at; i < count; i++) {
      for (let j = 0; j < width; j++, from++) (this.#shared[j] as number) += heap[from] as number;
    }
  };

  tensor(): GradientTensor {
    if (this.#shared !== undefined) this.data.set(this.#shared);
    return tensorOf(this.data, this.#shape);
  }
}

/** Gradients of a call whose signatures are known. */
function backward(instance: Instance, call: Call, signatures: Numbers, cotangent: ReadRows): SignatureGradients {
  const { basepoint, initial, batch, points, channels, size } = call;
  const data = allocateNumbers(call.dtype, batch * points * channels, "paths");
  const ofBasepoint = basepoint === undefined || basepoint === true ? undefined : new Rows(call, basepoint, channels);
  const ofInitial = initial === undefined ? undefined : new Rows(call, initial, size);
  if (batch > 0) {
    const to: GradientArrays = { paths: data, basepoint: ofBasepoint?.take, initial: ofInitial?.take };
    // A stream without a row has no signature that could depend on anything.
    if (call.rows > 0) new VjpStage(instance, call).run(signatures, cotangent, to);
  }
  return {
    paths: tensorOf(data, [...call.paths.lead, points, channels]),
    initial: ofInitial?.tensor(),
    basepoint: ofBasepoint?.tensor(),
  };
}

/** Makes `signatureVjp` for a runtime. Pure: nothing is loaded before the first call. */
export function bindSignatureVjp(runtime: Runtime): SignatureVjpFunction {
  function signatureVjp(paths: unknown, cotangent: unknown, options: unknown): SignatureGradients {
    const { call, given } = read(paths, options);
    const rows = readCotangent(cotangent, call);
    return run(runtime, call, (instance) => backward(instance, call, forward(instance, ownCall(call, given)), rows));
  }
  return signatureVjp as SignatureVjpFunction;
}

/** Makes `signatureWithVjp` for a runtime. */
export function bindSignatureWithVjp(runtime: Runtime): SignatureWithVjpFunction {
  function signatureWithVjp(paths: unknown, options: unknown) {
    const { call, given } = read(paths, options);
    const { row, rows, stream, dtype, depth, channels } = call;
    const data = run(runtime, call, (instance) => forward(instance, call));
    const shape = [...call.paths.lead, ...(stream ? [rows] : []), row];
    const tensor = new SignatureTensor(data, shape, dtype, channels, depth, given.scalarTerm, stream);
    const own = ownCall(call, given);
    // What was continued stands in the result: the paths' own signatures are made when they are first asked for.
    let signatures = own === call ? data : undefined;
    const pullback = (cotangent: unknown): SignatureGradients => {
      const given = readCotangent(cotangent, call);
      return run(runtime, call, (instance) => {
        signatures ??= forward(instance, own);
        return backward(instance, call, signatures, given);
      });
    };
    return [tensor, pullback] as const;
  }
  return signatureWithVjp as unknown as SignatureWithVjpFunction;
}
