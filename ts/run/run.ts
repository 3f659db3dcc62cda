// Runs calls on the calling thread: the tasks of a job in sequence, in the arena of the runtime's
// instance.

import { type Call, internal } from "../input/call.ts";
import { faultOf } from "../input/detached.ts";
import { runChecks } from "../input/finite.ts";
import { code, tellsNotFinite } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { align } from "./head.ts";
import type { Job } from "./job.ts";
import type { Operation } from "./operation.ts";
import type { Task } from "./task.ts";

/**
 * Runs `work` on the runtime's instance.
 * @throws PathSignatureError INTERNAL, and what `work` throws
 */
export function runOn<R>(runtime: Runtime, operation: Operation, call: Call, work: (instance: Instance) => R): R {
  const instance = runtime.instance();
  try {
    return work(instance);
  } catch (error) {
    throw afterFault(runtime, instance, operation, call, error);
  }
}

/**
 * The error to throw for one of a call. An instance that trapped may hold anything: the next call
 * gets a new one.
 */
export function afterFault(
  runtime: Runtime,
  instance: Instance | undefined,
  operation: Operation,
  call: Call,
  error: unknown,
): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return faultOf(error, call, operation.kernel.inputs);
  if (instance !== undefined) runtime.discard(instance);
  return internal(operation.name, call, error.message, error);
}

/** Runs all tasks of a job. Its sinks have the results afterwards. */
export function runJob(instance: Instance, job: Job): void {
  for (let task = job.next(); task !== undefined; task = job.next()) {
    const done = runTask(instance, task);
    if (done < 0) throw job.refused(done);
    const checks = tellsNotFinite(done) ? job.inspect() : undefined;
    if (checks) runChecks(checks);
    task.take(instance, instance.reserve(task.bytes), done);
  }
}

/** Runs a task at the start of the arena. @returns the result code */
function runTask(instance: Instance, task: Task): number {
  const head = instance.headAddress;
  task.writeHead(instance.u32, head);
  const scratch = instance.scratchBytes(head);
  if (scratch === 0) return code.UNSUPPORTED;
  const bytes = align(task.bytes);
  const at = instance.reserve(bytes + scratch);
  task.stage(instance, at);
  return instance.run(at, at + bytes, scratch);
}
