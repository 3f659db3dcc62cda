// Makes a synchronous public function from the descriptor of an operation.

import type { Numbers } from "../input/arrays.ts";
import { type Call, checkOut } from "../input/call.ts";
import { faultOf } from "../input/detached.ts";
import { checkBefore, checksAfter, checksBefore, runChecks, unreportedNumbers } from "../input/finite.ts";
import { fitsOneBlock, wholeBudget } from "../run/blocks.ts";
import { pathInputs } from "../run/inputs.ts";
import { Job } from "../run/job.ts";
import { runOnce } from "../run/once.ts";
import { afterFault, runJob, runOn } from "../run/run.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { type Computation, type Descriptor, memoryReaders, type Steps } from "./descriptor.ts";

/**
 * Checks before a call runs, in parts of `numbers`. `everything` includes the input that kernels
 * would report.
 */
export function* checksOf(
  { kernel }: Computation,
  call: Call,
  everything: boolean,
  numbers = Number.POSITIVE_INFINITY,
): Generator<void> {
  yield* checksBefore(kernel.inputs, call, numbers);
  if (everything) yield* checksAfter(kernel.inputs, call, numbers);
}

/** Whether a call has nothing to compute. */
export const isEmpty = (call: Call): boolean => call.batch === 0 || call.rows === 0;

/** Runs a validated call. */
export function compute<R>(runtime: Runtime, operation: Computation<R>, call: Call): R {
  const other = operation.instead?.(call);
  if (other !== undefined) return compute(runtime, other.operation as Computation<R>, other.call);
  try {
    const prepared = operation.prepare(call);
    const { sinks, checksFirst } = prepared;
    if (call.checkFinite && (checksFirst || unreportedNumbers(operation.kernel.inputs, call) > 0))
      runChecks(checksOf(operation, call, checksFirst));
    if (!isEmpty(call)) {
      runOn(runtime, operation, call, (instance) =>
        runJob(instance, new (operation.job ?? Job)(operation, call, sinks, wholeBudget, 0, checksFirst)),
      );
    }
    return prepared.result();
  } catch (error) {
    throw faultOf(error, call, operation.kernel.inputs);
  }
}

/**
 * Runs a validated call of an operation that gives rows of paths. Most calls are short and one
 * block: such a call creates no closures and few objects.
 */
export function computeRows<R>(
  runtime: Runtime,
  operation: Computation<R>,
  call: Call,
  wrap: (call: Call, data: Numbers) => R,
): R {
  const { batch, row, rows, initial, lengths } = call;
  const { out, checkFinite } = call.options;
  const count = batch * rows * row;
  const { augmented, windows } = call.paths;
  const hasOwnJob = windows !== undefined && operation.job !== undefined;
  if (hasOwnJob || !fitsOneBlock(call) || count === 0 || augmented !== undefined)
    return compute(runtime, operation, call);
  if (out !== undefined) checkOut(out, count, call);
  let instance: Instance | undefined;
  try {
    if (checkFinite && (call.ahead > 0 || initial || lengths || call.points === 1)) checkBefore(pathInputs, call);
    instance = runtime.instance();
    return wrap(call, runOnce(instance, call, operation, out, count));
  } catch (error) {
    throw afterFault(runtime, instance, operation, call, error);
  }
}

/** Runs the steps of a call (`Descriptor.steps`). */
export function computeSteps<R>(runtime: Runtime, steps: Steps<R>): R {
  let next = steps.next();
  while (!next.done) next = steps.next(compute(runtime, next.value.operation, next.value.call));
  return next.value;
}

/** Makes the function of an operation. Pure: nothing is loaded before the first call. */
export const bind =
  <R>(runtime: Runtime, operation: Descriptor<R>) =>
  (...given: unknown[]): R =>
    compute(runtime, operation, operation.read(given, memoryReaders));

/** The same of an operation that has steps. */
export const bindSteps =
  <R>(runtime: Runtime, operation: Descriptor<R>) =>
  (...given: unknown[]): R =>
    computeSteps(runtime, operation.steps!(operation.read(given, memoryReaders)));
