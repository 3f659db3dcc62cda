// The gradients of a call, put together from blocks and segments of its paths.

import type { Call } from "../input/call.ts";
import { ReadRows } from "../input/rows.ts";
import { transpose } from "../input/shape.ts";
import type { Sink } from "../run/operation.ts";
import { ArraySink } from "../run/sinks.ts";
import { AugmentedSink } from "./augmented-gradient.ts";
import { RowsGradient, tensorOf } from "./rows-gradient.ts";
import type { SignatureGradients } from "./signature-vjp.ts";
import { basepointOfWindows, pointsOfWindows } from "./windows-gradient.ts";

const rowsGradient = (call: Call, rows: ReadRows | true | undefined, width: number): RowsGradient | undefined =>
  rows instanceof ReadRows ? new RowsGradient(call, rows, width) : undefined;

export class Gradients {
  readonly #call: Call;
  readonly #paths: ArraySink | AugmentedSink;
  readonly #basepoint: RowsGradient | undefined;
  readonly #initial: RowsGradient | undefined;

  constructor(call: Call) {
    const { basepoint, initial, channels, size, dtype, batch, points, rows, lengths, paths } = call;
    this.#call = call;
    // Zeros stand past the end of a path, and where no row depends on anything.
    this.#paths = paths.augmented
      ? new AugmentedSink(call, paths.augmented)
      : new ArraySink(dtype, channels, batch * points, lengths === undefined && rows > 0);
    this.#basepoint = rowsGradient(call, basepoint, channels);
    this.#initial = rowsGradient(call, initial, size);
  }

  /** Of points, basepoints and initial signatures, in the order of the kernel's outputs. */
  get sinks(): readonly (Sink | undefined)[] {
    return [this.#paths, this.#basepoint?.sink, this.#initial?.sink];
  }

  /** All but those of points. */
  rows(): Pick<SignatureGradients, "initial" | "basepoint"> {
    const basepoint = this.#basepoint;
    const windows = this.#call.paths.windows;
    return {
      initial: this.#initial?.tensor(),
      basepoint: basepoint && windows ? basepointOfWindows(this.#call, basepoint.tensor()) : basepoint?.tensor(),
    };
  }

  tensors(): SignatureGradients {
    const { options } = this.#call;
    const call = this.#call.paths.augmented?.source.raw ?? this.#call;
    const { channels } = call;
    const { windows } = call.paths;
    const paths = windows?.of ?? call.paths;
    const { batch, points } = paths;
    const data = windows ? pointsOfWindows(call, this.#paths.data) : this.#paths.data;
    return {
      paths:
        options.layout === "channels-first"
          ? tensorOf(transpose(data, batch, points, channels), [...paths.lead, channels, points])
          : tensorOf(data, [...paths.lead, points, channels]),
      ...this.rows(),
    };
  }
}
