// The public function: reads what it is given, has the call run, wraps the numbers that come back. Steps only, each another
// file's: reading (options.ts, input.ts, call.ts), running (once.ts, batch.ts), the result (tensor.ts). Which numbers come out
// is the kernels' (crates/kernels).
//
// Short calls are common (one path of a hundred points takes the kernel well under a microsecond), so the way of a call that
// fits one block makes no closures and as few objects as it can.

import { allocateNumbers } from "../input/arrays.ts";
import { checkOut, readCall, shapeOf } from "../input/call.ts";
import { checkBesides } from "../input/finite.ts";
import { readOptions, type SignatureOptions } from "../input/options.ts";
import { type Paths, readPaths } from "../input/paths.ts";
import type { Only, SignatureOf } from "../input/types.ts";
import { compute, runOn } from "../run/run.ts";
import { SignatureTensor } from "../run/tensor.ts";
import type { Runtime } from "../wasm/runtime.ts";

/**
 * Signatures of piecewise linear paths, truncated at `options.depth`: for a path x and a word i₁ … i_k the iterated
 * integral ∫…∫_{t₁<…<t_k} dx^{i₁}(t₁) … dx^{i_k}(t_k). In the units of the path's channels, multiplied along the word.
 * A path of one point has the identity as signature: all coefficients 0.
 *
 * Computed step by step by Horner's scheme (Kidger & Lyons 2021, "Signatory", section 5); that signatures of pieces of a
 * path multiply is Chen's identity (Chen 1957, "Integration of paths, geometric invariants and a generalized
 * Baker–Hausdorff formula"). Synchronous, on this thread. WebAssembly memory stays bounded whatever the batch's size
 * and the paths' length: staging takes at most 5 MiB, or more only where four signatures, or 257 points of four paths, do;
 * and the kernel's scratch, about twenty signatures, depends on channels and depth alone.
 *
 * @param paths - a tensor `{ data, shape }` (or `dims` for `shape`) of shape (…batch, length, channels), row-major, or nested
 *   arrays (length, channels) or (batch, length, channels), where paths of a batch may differ in length.
 * @param options - `depth`, and what else {@link SignatureOptions} lists.
 * @returns A tensor (…batch, size), size = `signatureSize(channels, depth)`; with `stream` (…batch, length − 1, size), or
 *   (…batch, length, size) with a basepoint. A batch of no paths gives an empty tensor.
 * @throws PathSignatureError, by kind a `TypeError` or a `RangeError`, with a `code` of `PathSignatureErrorCodes`. `out` has
 *   not been written to then, and the next call works.
 *
 * @example
 * const s = signature([[0, 0], [1, 0], [1, 1]], { depth: 2 });
 * s.data;       // Float64Array [1, 1, 0.5, 1, 0, 0.5]
 * s.at([0, 1]); // 1
 */
export type SignatureFunction = <const P extends Paths, const O extends SignatureOptions>(
  paths: P,
  options: Only<O, SignatureOptions>,
) => SignatureOf<P, O>;

/** Makes `signature` for a runtime. Pure: nothing is loaded before the first call. */
export function bindSignature(runtime: Runtime): SignatureFunction {
  function signature(paths: unknown, options: unknown): unknown {
    const given = readOptions(options);
    const call = readCall(readPaths(paths), given);
    const { batch, row, rows, dtype, channels, depth } = call;
    const count = batch * rows * row;
    const { out, checkFinite, scalarTerm, stream } = given;
    if (out !== undefined) checkOut(out, count, call);
    if (checkFinite) checkBesides(call);
    const data = count === 0 ? (out ?? allocateNumbers(dtype, 0, "paths")) : runOn(runtime, call, compute, out, count);
    return new SignatureTensor(data, shapeOf(call), dtype, channels, depth, scalarTerm, stream);
  }
  return signature as SignatureFunction;
}
