// Calls that wait or run: their progress, abort signals and settlement.

import type { CallContext, CheckedCall, Job, Task } from "./call.ts";
import type { QueueEntry } from "./queue.ts";

export class PendingCall implements QueueEntry {
  readonly call: CheckedCall;
  readonly job: Job;
  readonly context: CallContext;
  readonly promise: Promise<unknown>;
  resolve!: (result: unknown) => void;
  reject!: (error: unknown) => void;
  isQueued = false;
  /** Index in the list; −1: settled. */
  index: number;
  /** Whether it has results since the last report. */
  isUpdated = false;
  /** Whether its input is being checked for non-finite numbers. */
  isInspected = false;
  /** Number of paths reported to `onProgress`. */
  reported = 0;
  onAbort: (() => void) | undefined;

  constructor(call: CheckedCall, job: Job, context: CallContext, index: number) {
    this.call = call;
    this.job = job;
    this.context = context;
    this.index = index;
    this.promise = new Promise<unknown>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    job.owner = this;
  }

  get hasNext(): boolean {
    return !this.job.cancelled && this.job.hasNext;
  }

  next(): Task | undefined {
    return this.job.next();
  }
}

export class PendingCalls {
  /** Unordered. */
  readonly #calls: PendingCall[] = [];
  readonly #updated: PendingCall[] = [];
  readonly #aborted: () => void;

  /** @param aborted - called after a call was aborted, when its tasks are not needed any more */
  constructor(aborted: () => void) {
    this.#aborted = aborted;
  }

  get size(): number {
    return this.#calls.length;
  }

  add(call: CheckedCall, job: Job, context: CallContext): PendingCall {
    const pending = new PendingCall(call, job, context, this.#calls.length);
    this.#calls.push(pending);
    const { signal } = context;
    if (signal !== undefined) {
      pending.onAbort = () => this.abort(pending, signal.reason);
      signal.addEventListener("abort", pending.onAbort, { once: true });
    }
    return pending;
  }

  /** Records results of a call for the next progress report. */
  update(pending: PendingCall): void {
    if (pending.isUpdated) return;
    pending.isUpdated = true;
    this.#updated.push(pending);
  }

  /**
   * Reports progress, and resolves calls that are done.
   * @param silently - whether to skip calls with `onProgress` until the next report
   */
  report(silently: boolean): void {
    for (const pending of this.#updated.splice(0)) {
      const { job, context } = pending;
      pending.isUpdated = false;
      if (silently && context.onProgress !== undefined) {
        this.update(pending);
        continue;
      }
      if (pending.index < 0) continue;
      const isDone = job.done === job.total && !pending.isInspected;
      // The check may still reject the call, so completion is not reported before it.
      if (context.onProgress !== undefined && job.done > pending.reported && (isDone || job.done < job.total)) {
        pending.reported = job.done;
        try {
          context.onProgress({ done: job.done, total: job.total });
        } catch (error) {
          this.abort(pending, error);
        }
      }
      if (isDone && pending.index >= 0) this.#resolve(pending);
    }
  }

  #resolve(pending: PendingCall): void {
    this.#remove(pending);
    try {
      pending.resolve(pending.call.result());
    } catch (error) {
      pending.reject(pending.call.fault(error));
    }
  }

  reject(pending: PendingCall, reason: unknown): void {
    if (pending.index < 0) return;
    this.#remove(pending);
    pending.reject(reason);
  }

  rejectAll(reason: unknown): void {
    for (const pending of [...this.#calls]) this.reject(pending, reason);
  }

  /** Rejects a call whose tasks may be in flight. */
  abort(pending: PendingCall, reason: unknown): void {
    this.reject(pending, reason);
    this.#aborted();
  }

  /** Removes a call from the list; the last one moves to its index. */
  #remove(pending: PendingCall): void {
    const last = this.#calls.pop() as PendingCall;
    if (last !== pending) {
      this.#calls[pending.index] = last;
      last.index = pending.index;
    }
    pending.index = -1;
    pending.job.cancelled = true;
    if (pending.onAbort !== undefined) pending.context.signal?.removeEventListener("abort", pending.onAbort);
  }
}
