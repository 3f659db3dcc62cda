// The gradient of rows: of basepoints and initial signatures, and of operands of the tensor
// algebra. A separate file, so that entries of the algebra do not load the gradients of paths.

import type { Numbers } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import type { ReadRows } from "../input/rows.ts";
import type { GradientTensor } from "../input/tensor.ts";
import { ArraySink, SumSink } from "../run/sinks.ts";

/** The numbers of a gradient as a tensor. */
export const tensorOf = (data: Numbers, shape: readonly number[]): GradientTensor => ({
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
