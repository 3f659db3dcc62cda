// Gradients of a call that is read, on an instance: signatures first, then what becomes of their cotangents, and where it is put together. The same for
// this thread (vjp.ts) and for workers (vjp-task.ts).

import { allocateNumbers } from "../input/arrays.ts";
import { Call } from "../input/call.ts";
import { ReadOptions } from "../input/options.ts";
import type { ReadRows } from "../input/paths.ts";
import { countCoefficients } from "../input/size.ts";
import type { GradientTensor, SignatureGradients } from "../operations/signature-vjp.ts";
import type { Instance } from "../wasm/instance.ts";
import { compute } from "./run.ts";
import { forwardAlgorithm, forwardDepth } from "./vjp-blocks.ts";
import { intoPart, partsOf } from "./vjp-double.ts";
import { type GradientArrays, VjpStage, vjpScratchFor } from "./vjp-stage.ts";

type Numbers = Float32Array | Float64Array;

/** Signatures of a call. */
export function forward(instance: Instance, call: Call): Numbers {
  const count = call.batch * call.rows * call.row;
  if (count === 0) return allocateNumbers(call.dtype, 0, "paths");
  return compute(instance, call, undefined, count);
}

/** The call of which the kernel wants the signatures: whole paths by themselves, without the top level, which plays no part; streams as they are. */
export function ownCall(call: Call, given: ReadOptions): Call {
  if (call.stream) return call;
  const depth = forwardDepth(call.depth, false);
  const algorithm = forwardAlgorithm(given.algorithm, depth, false);
  const options = Object.assign(new ReadOptions(), given, { depth, algorithm });
  const size = countCoefficients(call.channels, options.depth);
  return new Call(call.paths, options, call.dtype, size, call.lengths, call.basepoint, undefined);
}

/** Whether a call is a path by itself, whose gradient is computed in another way than a batch's. */
export const isLone = (call: Call): boolean => call.batch === 1 && !call.stream;

/**
 * Gradients of a call that was read with the options `given`.
 *
 * @param known - signatures, if they are: those of {@link ownCall} or, where nothing was continued, the call's
 * @param lone - whether the call is {@link isLone}, rather than a part of one that is not
 */
export function gradientsOf(
  instance: Instance,
  call: Call,
  given: ReadOptions,
  known: Numbers | undefined,
  cotangent: ReadRows,
  to: GradientArrays,
  lone: boolean,
): void {
  // A stream without a row has no signature that could depend on anything.
  if (call.batch === 0 || call.rows === 0) return;
  const parts = partsOf(call, given, cotangent);
  if (parts) {
    // Signatures that are known are no better than float32. What is a part has none itself.
    for (const part of parts) {
      intoPart(part, to, (to) => gradientsOf(instance, part.call, part.given, undefined, part.cotangent, to, lone));
    }
    return;
  }
  vjpScratchFor(instance, call, 0);
  const signatures = known ?? forward(instance, ownCall(call, given));
  new VjpStage(instance, call, signatures, lone).run(cotangent, to);
}

const tensorOf = (data: Numbers, shape: readonly number[]): GradientTensor => ({
  data: data as Float32Array,
  shape,
  dtype: (data instanceof Float32Array ? "float32" : "float64") as "float32",
});

/**
 * A gradient with a row of `width` numbers for each path, or one for all: then their sum, in float64 and in the order of the paths, whatever the order in
 * which rows come.
 */
class Rows {
  readonly data: Numbers;
  readonly #shared: Float64Array | undefined;
  readonly #width: number;
  readonly #shape: readonly number[];
  /** The path whose row is to be added next, and rows that came before their turn, by their first path. */
  #next = 0;
  readonly #early = new Map<number, Numbers>();

  constructor(call: Call, rows: ReadRows, width: number) {
    const shared = rows.stride === 0;
    this.#width = width;
    this.#shape = shared ? [width] : [...call.paths.lead, width];
    this.#shared = shared ? new Float64Array(width) : undefined;
    this.data = allocateNumbers(call.dtype, shared ? width : call.batch * width, "paths");
  }

  take = (heap: Numbers, at: number, first: number, count: number): void => {
    const width = this.#width;
    const rows = heap.subarray(at, at + count * width);
    if (this.#shared === undefined) {
      this.data.set(rows, first * width);
    } else if (first !== this.#next) {
      this.#early.set(first, rows.slice());
    } else {
      this.#add(rows, this.#shared);
      for (let early = this.#early.get(this.#next); early !== undefined; early = this.#early.get(this.#next)) {
        this.#early.delete(this.#next);
        this.#add(early, this.#shared);
      }
    }
  };

  #add(rows: Numbers, sum: Float64Array): void {
    const width = this.#width;
    for (let from = 0; from < rows.length; from += width) {
      for (let j = 0; j < width; j++) (sum[j] as number) += rows[from + j] as number;
    }
    this.#next += rows.length / width;
  }

  tensor(): GradientTensor {
    if (this.#shared !== undefined) this.data.set(this.#shared);
    return tensorOf(this.data, this.#shape);
  }
}

/** The gradients of a call, put together from blocks of its paths. */
export class Gradients implements GradientArrays {
  readonly basepoint: GradientArrays["basepoint"];
  readonly initial: GradientArrays["initial"];
  readonly #call: Call;
  #paths: Numbers | undefined;
  readonly #basepoint: Rows | undefined;
  readonly #initial: Rows | undefined;

  constructor(call: Call) {
    const { basepoint, initial, channels, size } = call;
    this.#call = call;
    this.#basepoint = basepoint === undefined || basepoint === true ? undefined : new Rows(call, basepoint, channels);
    this.#initial = initial === undefined ? undefined : new Rows(call, initial, size);
    this.basepoint = this.#basepoint?.take;
    this.initial = this.#initial?.take;
  }

  /** Made when it is first asked for: gradients of points may stay on a device. */
  get paths(): Numbers {
    const { dtype, batch, points, channels, rows, lengths } = this.#call;
    // Zeros stand past the end of a path, and where no row depends on anything.
    const isFilled = lengths === undefined && rows > 0;
    this.#paths ??= allocateNumbers(dtype, batch * points * channels, "paths", isFilled);
    return this.#paths;
  }

  /** But for those of points. */
  rows(): Pick<SignatureGradients, "initial" | "basepoint"> {
    return { initial: this.#initial?.tensor(), basepoint: this.#basepoint?.tensor() };
  }

  tensors(): SignatureGradients {
    const { paths, points, channels } = this.#call;
    return {
      paths: tensorOf(this.paths, [...paths.lead, points, channels]),
      ...this.rows(),
    };
  }
}
