// The public function: reads what it is given, has the call run, wraps the numbers that come back. Steps only, each another
// file's: reading (options.ts, input.ts, call.ts), running (once.ts, batch.ts), the result (tensor.ts). Which numbers come out
// is the kernels' (crates/kernels).
//
// Short calls are common (one path of a hundred points takes the kernel well under a microsecond), so the way of a call that
// fits one block makes no closures and as few objects as it can.

import { allocateNumbers } from "./arrays.ts";
import { runBlocks } from "./batch.ts";
import { fitsOneBlock } from "./blocks.ts";
import { checkOut, internal, readCall } from "./call.ts";
import { checkBesides } from "./finite.ts";
import { type Paths, readPaths } from "./input.ts";
import { runOnce } from "./once.ts";
import { readOptions, type SignatureOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import { SignatureTensor } from "./tensor.ts";
import type { Only, SignatureOf } from "./types.ts";

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
    const read = readPaths(paths);
    const call = readCall(read, given);
    const { row, rows, dtype } = call;
    const count = read.batch * rows * row;
    const out = given.out;
    if (out !== undefined) checkOut(out, count, call);
    if (given.checkFinite) checkBesides(call);

    let data: Float32Array | Float64Array;
    if (count === 0) {
      data = out ?? allocateNumbers(dtype, 0, "paths");
    } else {
      const instance = runtime.instance();
      try {
        data = fitsOneBlock(call) ? runOnce(instance, call, out, count) : runBlocks(instance, call, out, count);
      } catch (error) {
        // An instance that trapped may hold anything; the next call gets a new one.
        if (error instanceof WebAssembly.RuntimeError) {
          runtime.discard(instance);
          throw internal(call, error.message, error);
        }
        throw error;
      }
    }
    const { lead, channels } = read;
    const shape =
      lead.length === 0 ? (given.stream ? [rows, row] : [row]) : given.stream ? [...lead, rows, row] : [...lead, row];
    return new SignatureTensor(data, shape, dtype, channels, given.depth, given.scalarTerm, given.stream);
  }
  return signature as SignatureFunction;
}
