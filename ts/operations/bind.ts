// A public function made of an operation's descriptor, on this thread.

import type { Call } from "../input/call.ts";
import { type Checks, runChecks, unreportedChecks, unreportedNumbers } from "../input/finite.ts";
import { wholeBudget } from "../run/blocks.ts";
import { inspectionOf, Job } from "../run/job.ts";
import { runJob, runOn } from "../run/run.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { type Descriptor, memoryReaders } from "./descriptor.ts";

/** Checks to make before a call runs. `everything`: also of what kernels would report about. */
export function* checksBefore(operation: Descriptor, call: Call, everything: boolean, numbers?: number): Generator<void> {
  yield* unreportedChecks(call, numbers ?? Number.POSITIVE_INFINITY);
  if (everything) yield* inspectionOf(operation, call, numbers);
}

/** Makes those checks on this thread. */
export function checkBefore(operation: Descriptor, call: Call, everything: boolean): void {
  if (!call.checkFinite || !(everything || unreportedNumbers(call) > 0)) return;
  const checks: Checks = checksBefore(operation, call, everything, Number.POSITIVE_INFINITY);
  runChecks(checks);
}

/** Whether a call has nothing to compute. */
export const isEmpty = (call: Call): boolean => call.batch === 0 || call.rows === 0;

/** Runs a call that is read. */
export function compute<R>(runtime: Runtime, operation: Descriptor<R>, call: Call): R {
  const prepared = operation.prepare(call);
  const { sinks, checksFirst } = prepared;
  checkBefore(operation, call, checksFirst);
  if (!isEmpty(call)) {
    runOn(runtime, operation.name, call, (instance) =>
      runJob(instance, new Job(operation, call, sinks, wholeBudget, 0, checksFirst)),
    );
  }
  return prepared.result();
}

/** Makes the function of an operation. Pure: nothing is loaded before the first call. */
export const bind =
  <R>(runtime: Runtime, operation: Descriptor<R>) =>
  (...given: unknown[]): R =>
    compute(runtime, operation, operation.read(given, memoryReaders));
