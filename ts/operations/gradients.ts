// The gradients of a call, assembled from blocks and segments of its paths.

import type { Call } from "../input/call.ts";
import { ReadRows } from "../input/rows.ts";
import type { Sink } from "../run/operation.ts";
import { ArraySink } from "../run/sinks.ts";
import { RowsGradient, tensorOf } from "./rows-gradient.ts";
import type { SignatureGradients } from "./signature-vjp.ts";

const tensorOf = (data: Numbers, shape: readonly number[]): GradientTensor => ({
  data: data as Float32Array,
  shape,
  dtype: (data instanceof Float32Array ? "float32" : "float64") as "float32",
});

/**
 * The gradient of rows that accompany paths: one per path, or the sum over the paths that share a
 * row.
 */
export class RowsGradient {
  readonly sink: ArraySink | SumSink;
  readonly #call: Call;
  readonly #width: number;

  constructor(call: Call, rows: ReadRows, width: number) {
    this.#call = call;
    this.#width = width;
    this.sink = rows.stride === 0 ? new SumSink(width) : new ArraySink(call.dtype, width, call.batch, call.rows > 0);
  }

  tensor(): GradientTensor {
    const { sink } = this;
    const { dtype, paths } = this.#call;
    if (sink instanceof SumSink) return tensorOf(sink.as(dtype), [this.#width]);
    return tensorOf(sink.data, [...paths.lead, this.#width]);
  }
}

const rowsGradient = (call: Call, rows: ReadRows | true | undefined, width: number): RowsGradient | undefined =>
  rows instanceof ReadRows ? new RowsGradient(call, rows, width) : undefined;

export class Gradients {
  readonly #call: Call;
  readonly #paths: ArraySink;
  readonly #basepoint: RowsGradient | undefined;
  readonly #initial: RowsGradient | undefined;

  constructor(call: Call) {
    const { basepoint, initial, channels, size, dtype, batch, points, rows, lengths } = call;
    this.#call = call;
    // Zero past the end of a path, and wherever the result does not depend on the input.
    this.#paths = new ArraySink(dtype, channels, batch * points, lengths === undefined && rows > 0);
    this.#basepoint = rowsGradient(call, basepoint, channels);
    this.#initial = rowsGradient(call, initial, size);
  }

  /**
   * Gradients of points, basepoints and initial signatures, in the order of the kernel's outputs.
   */
  get sinks(): readonly (Sink | undefined)[] {
    return [this.#paths, this.#basepoint?.sink, this.#initial?.sink];
  }

  /** All gradients except those of points. */
  rows(): Pick<SignatureGradients, "initial" | "basepoint"> {
    return { initial: this.#initial?.tensor(), basepoint: this.#basepoint?.tensor() };
  }

  tensors(): SignatureGradients {
    const { paths, points, channels } = this.#call;
    return { paths: tensorOf(this.#paths.data, [...paths.lead, points, channels]), ...this.rows() };
  }
}
