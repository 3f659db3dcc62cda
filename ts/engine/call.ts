// A validated call on an engine, in the form that the scheduler needs.

import { type CallInputs, type GpuOperation, gpuOperations, type InputRows } from "../gpu/index.ts";
import type { Call } from "../input/call.ts";
import { faultOf } from "../input/detached.ts";
import { type Checks, checkBefore, numbersAtOnce, unreportedNumbers } from "../input/finite.ts";
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
  #inputs: CallInputs | undefined;

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

  /** How a GPU computes it; `undefined`: only the CPU can. */
  get gpu(): GpuOperation | undefined {
    const { name } = this.operation;
    if (this.call.paths.augmented !== undefined) return undefined;
    return Object.hasOwn(gpuOperations, name) ? gpuOperations[name as keyof typeof gpuOperations] : undefined;
  }

  /** All of its inputs, in memory or on a device. */
  get inputs(): CallInputs {
    const { call, operation } = this;
    if (this.#inputs !== undefined) return this.#inputs;
    const rows: InputRows[] = [];
    for (const { per, of, name } of operation.kernel.inputs) {
      const given = of(call);
      if (given instanceof ReadRows && call.operands.includes(given))
        rows.push({ argument: name, rows: given, count: per === "step" ? call.batch * call.rows : call.batch });
    }
    this.#inputs = { call, rows, sinks: this.prepared.sinks };
    return this.#inputs;
  }

  /** The same call with inputs that were read back from a device. */
  withInputs({ call, rows }: CallInputs): EngineCall<R> {
    return new EngineCall(this.operation, call.with({ operands: rows.map(({ rows }) => rows) }));
  }

  /** The same call with new results. */
  again(): EngineCall<R> {
    return new EngineCall(this.operation, this.call);
  }

  /** The same call, refused if it has a number that is not finite. */
  checked(): EngineCall<R> {
    const { call, operation } = this;
    return call.checkFinite
      ? this
      : new EngineCall(operation, call.with({ options: { checkFinite: true }, row: call.row }));
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
    return new (operation.job ?? Job)(operation, call, prepared.sinks, budget, cost, prepared.checksFirst);
  }

  fault(error: unknown): unknown {
    return faultOf(error, this.call, this.operation.kernel.inputs);
  }

  result(): R {
    return this.prepared.result();
  }
}
