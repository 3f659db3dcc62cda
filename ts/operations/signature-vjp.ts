// The public functions for gradients: read what they are given, have signatures and gradients computed, wrap what comes back. Steps only, each
// another file's. What is computed, and why it is right: docs/gradients.md and crates/kernels/src/vjp.

import type { ArrayOf, DType, NumericView } from "../input/arrays.ts";
import { type Call, readCall, shapeOf } from "../input/call.ts";
import { readCotangent } from "../input/cotangent.ts";
import { describe, typeError } from "../input/errors.ts";
import { checkBesides } from "../input/finite.ts";
import { type ReadOptions, readOptions, type SignatureOptions } from "../input/options.ts";
import { type Paths, type ReadRows, readPaths, type TensorInput } from "../input/paths.ts";
import type { DTypeOf, Only, SignatureOf } from "../input/types.ts";
import { runOn } from "../run/run.ts";
import { SignatureTensor } from "../run/tensor.ts";
import { forward, Gradients, gradientsOf, isLone, ownCall } from "../run/vjp-run.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";

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

/** Gradients have nowhere to go but new arrays. @throws PathSignatureTypeError OPTION_UNKNOWN */
export function refuseOut({ out }: ReadOptions): void {
  if (out === undefined) return;
  throw typeError(
    "OPTION_UNKNOWN",
    "options.out",
    describe("out"),
    "an option of signature only: gradients are new arrays",
  );
}

/**
 * Reads what all functions for gradients are given; whether numbers are finite is not looked at. */
export function readVjp(paths: unknown, options: unknown): { call: Call; given: ReadOptions } {
  const given = readOptions(options);
  refuseOut(given);
  return { call: readCall(readPaths(paths), given), given };
}

function read(paths: unknown, options: unknown): { call: Call; given: ReadOptions } {
  const all = readVjp(paths, options);
  if (all.given.checkFinite) checkBesides(all.call);
  return all;
}

function gradients(
  instance: Instance,
  call: Call,
  given: ReadOptions,
  known: Numbers | undefined,
  cotangent: ReadRows,
): SignatureGradients {
  const found = new Gradients(call);
  gradientsOf(instance, call, given, known, cotangent, found, isLone(call));
  return found.tensors();
}

/** Makes `signatureVjp` for a runtime. Pure: nothing is loaded before the first call. */
export function bindSignatureVjp(runtime: Runtime): SignatureVjpFunction {
  function signatureVjp(paths: unknown, cotangent: unknown, options: unknown): SignatureGradients {
    const { call, given } = read(paths, options);
    const rows = readCotangent(cotangent, call);
    return runOn(runtime, call, (instance) => gradients(instance, call, given, undefined, rows));
  }
  return signatureVjp as SignatureVjpFunction;
}

/** Makes `signatureWithVjp` for a runtime. */
export function bindSignatureWithVjp(runtime: Runtime): SignatureWithVjpFunction {
  function signatureWithVjp(paths: unknown, options: unknown) {
    const { call, given } = read(paths, options);
    const { stream, dtype, depth, channels } = call;
    const data = runOn(runtime, call, (instance) => forward(instance, call));
    const tensor = new SignatureTensor(data, shapeOf(call), dtype, channels, depth, given.scalarTerm, stream);
    // What was continued stands in the result: the paths' own signatures are made when they are first asked for.
    let signatures = stream || call.initial === undefined ? data : undefined;
    const pullback = (cotangent: unknown): SignatureGradients => {
      const rows = readCotangent(cotangent, call);
      return runOn(runtime, call, (instance) => {
        signatures ??= forward(instance, ownCall(call, given));
        return gradients(instance, call, given, signatures, rows);
      });
    };
    return [tensor, pullback] as const;
  }
  return signatureWithVjp as unknown as SignatureWithVjpFunction;
}
