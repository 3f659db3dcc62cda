// A call on an engine, read and checked: what the scheduler knows of it.

import { type Checks, checkBefore, numbersAtOnce, unreportedNumbers } from "../input/finite.ts";
import type { Call } from "../input/call.ts";
import { ReadRows } from "../input/rows.ts";
import { checksOf, isEmpty } from "../operations/bind.ts";
import type { Descriptor, Prepared } from "../operations/descriptor.ts";
import type { CheckedCall } from "../pool/call.ts";
import { isWanted, rowsOfItem } from "../run/block.ts";
import type { Budget } from "../run/blocks.ts";
import { Job } from "../run/job.ts";

export class EngineCall<R = unknown> implements CheckedCall<R> {
  readonly operation: Descriptor<R>;
  readonly call: Call;
  readonly cost: number;
  readonly prepared: Prepared<R>;

  /** @throws where there is no memory for the result, or `out` does not fit */
  constructor(operation: Descriptor<R>, call: Call) {
    this.operation = operation;
    this.call = call;
    this.cost = operation.cost(call);
    this.prepared = operation.prepare(call);
  }

  get batch(): number {
    return this.call.batch;
  }

  get input(): number {
    const { call } = this;
    let numbers = call.points * call.channels;
    for (const { per, of, width } of this.operation.kernel.inputs) {
      const given = of(call);
      if (per === "step" && given instanceof ReadRows) numbers += call.rows * width(call);
    }
    return call.batch * numbers * call.bytes;
  }

  get output(): number {
    const { call } = this;
    if (isEmpty(call)) return 0;
    let numbers = 0;
    for (const output of this.operation.kernel.outputs)
      if (isWanted(output, call)) numbers += rowsOfItem(output, call, call.points) * output.width(call);
    return call.batch * numbers * call.bytes;
  }

  check(): Checks | undefined {
    const { call, operation, prepared } = this;
    if (!call.checkFinite) return undefined;
    const { inputs } = operation.kernel;
    if (prepared.checksFirst || unreportedNumbers(inputs, call) > numbersAtOnce)
      return checksOf(operation, call, prepared.checksFirst, numbersAtOnce);
    checkBefore(inputs, call);
    return undefined;
  }

  job(budget: Budget): Job {
    const { operation, call, prepared, cost } = this;
    return new Job(operation, call, prepared.sinks, budget, cost, prepared.checksFirst);
  }

  result(): R {
    return this.prepared.result();
  }
}
