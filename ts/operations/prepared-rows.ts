// Results that are rows in one array: in a new one, or in the caller's `out`.

import { copyOut, type Numbers } from "../input/arrays.ts";
import { type Call, checkOut } from "../input/call.ts";
import { outputBytes } from "../run/blocks.ts";
import { ArraySink } from "../run/sinks.ts";
import { spoils } from "../run/spoils.ts";
import type { Prepared } from "./descriptor.ts";

export class PreparedRows<R> implements Prepared<R> {
  readonly sinks: readonly [ArraySink];
  /**
   * Whether results are written directly to the caller's array, so that errors have to be found
   * before. Large ones are, to avoid a second copy in memory.
   */
  readonly checksFirst: boolean;
  readonly #call: Call;
  readonly #wrap: (call: Call, data: Numbers) => R;

  /** @throws PathSignatureError OUT_TYPE, OUT_LENGTH */
  constructor(call: Call, wrap: (call: Call, data: Numbers) => R) {
    const { dtype, row, rows, batch, bytes, options } = call;
    const { out } = options;
    const count = batch * rows * row;
    if (out !== undefined) checkOut(out, count, call);
    this.#call = call;
    this.#wrap = wrap;
    this.checksFirst = out !== undefined && count * bytes > outputBytes && !spoils(call, out);
    this.sinks = [new ArraySink(dtype, row, batch * rows, true, this.checksFirst ? out : undefined)];
  }

  result(): R {
    const { out } = this.#call.options;
    const [{ data }] = this.sinks;
    if (out !== undefined && data !== out) copyOut(data, 0, data.length, out, 0);
    return this.#wrap(this.#call, out ?? data);
  }
}
