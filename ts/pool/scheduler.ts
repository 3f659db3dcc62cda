// Runs calls on an executor: divides them into tasks, submits these in turn, retries tasks that
// were lost with a worker, and settles promises.

import { code as codes, tellsNotFinite } from "../wasm/abi.ts";
import type { CallContext, CheckedCall, Task } from "./call.ts";
import { type CoalescedBatch, Coalescing } from "./coalescing.ts";
import { divide } from "./division.ts";
import { closed, full } from "./errors.ts";
import type { Executor, ExecutorEvents, ExecutorFactory, Mode } from "./executor.ts";
import { ExecutorLifetime, type LifetimeSettings } from "./executor-lifetime.ts";
import { runInSteps } from "./next-tick.ts";
import { type PendingCall, PendingCalls } from "./pending-calls.ts";
import { RoundRobinQueue } from "./queue.ts";
import { type Attempt, TasksInFlight } from "./retries.ts";
import { Ticks } from "./ticks.ts";

export interface SchedulerSettings extends LifetimeSettings {
  /** Maximum number of waiting and running calls. */
  readonly maxQueued: number;
  /** Whether small calls with equal options are coalesced. */
  readonly coalesce: boolean;
}

const never = () => false;

export class Scheduler implements ExecutorEvents {
  readonly #settings: SchedulerSettings;
  readonly #lifetime: ExecutorLifetime;
  readonly #calls = new PendingCalls(() => this.#cancel());
  readonly #queue = new RoundRobinQueue();
  readonly #coalescing: Coalescing;
  readonly #inFlight = new TasksInFlight();
  readonly #ticks = new Ticks(
    (deadline) => this.#tick(deadline),
    () => this.#idle(),
  );
  /** Calls that are checked before they get a job. */
  #checking = 0;
  #isClosed = false;
  #isAborting = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(settings: SchedulerSettings, factory: ExecutorFactory) {
    this.#settings = settings;
    this.#coalescing = new Coalescing(settings.threads);
    this.#lifetime = new ExecutorLifetime(settings, factory, this, (error) => this.#calls.rejectAll(error));
  }

  /** The current mode, or that of the next executor. */
  get mode(): Mode {
    return this.#lifetime.mode;
  }

  get warnings(): readonly string[] {
    return this.#lifetime.warnings;
  }

  get state() {
    return { ...this.#lifetime.state, calls: this.#size, tasks: this.#inFlight.size };
  }

  /**
   * Whether no call waits or runs, and workers were started with the binary of the calling thread.
   */
  get isIdle(): boolean {
    return this.#size === 0 && !this.#isClosed && this.#lifetime.isCurrent;
  }

  get #size(): number {
    return this.#calls.size + this.#checking;
  }

  /**
   * Runs a call and returns its result. Rejects with the signal's reason, with an error of the
   * library, or with an error of `onProgress`.
   */
  run<R>(call: CheckedCall<R>, context: CallContext): Promise<R> {
    try {
      context.signal?.throwIfAborted();
      if (this.#isClosed) throw closed();
      if (this.#size >= this.#settings.maxQueued) throw full(this.#settings.maxQueued);
      const checks = call.check();
      return checks === undefined ? this.#start(call, context) : this.#check(checks, call, context);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #check<R>(checks: Iterator<void>, call: CheckedCall<R>, context: CallContext): Promise<R> {
    this.#checking += 1;
    try {
      await runInSteps(checks, () => {
        context.signal?.throwIfAborted();
        return true;
      });
      // Still counted as being checked, so that `close` waits for it.
      return this.#start(call, context);
    } catch (error) {
      throw call.fault(error);
    } finally {
      this.#checking -= 1;
      this.#idle();
    }
  }

  /** @throws if there is no memory for the result */
  #start<R>(call: CheckedCall<R>, context: CallContext): Promise<R> {
    if (this.#isAborting) throw closed();
    if (call.batch === 0 || call.output === 0) {
      context.onProgress?.({ done: call.batch, total: call.batch });
      return Promise.resolve(call.result());
    }
    const { threads, coalesce } = this.#settings;
    const { budget, tasks } = divide(call.cost, call.input, call.output, threads, this.mode);
    const job = call.job(budget);
    const key = coalesce && tasks === 1 ? job.key : undefined;
    const pending = this.#calls.add(call, job, context);
    if (key === undefined) this.#queue.add(pending);
    else {
      const batch = this.#coalescing.add(job, key, this.mode);
      this.#queue.add(batch);
      if (batch.isFull) this.#submitEarly(batch);
    }
    this.#ticks.schedule();
    return pending.promise as Promise<R>;
  }

  /** Closes the scheduler, after the running calls or at once. */
  async close({ abort }: { readonly abort: boolean }): Promise<void> {
    this.#isClosed = true;
    this.#isAborting ||= abort;
    if (abort) {
      this.#calls.rejectAll(closed());
      this.#cancel();
    }
    if (this.#size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.#lifetime.close();
  }

  wake(): void {
    this.#ticks.wake();
  }

  finished(task: Task, code: number, memory: Parameters<Task["take"]>[0], at: number): void {
    if (code === codes.TRAP) {
      this.lost(task, true, "its kernel trapped");
      return;
    }
    if (code >= 0) {
      try {
        task.take(memory, at, code);
      } catch (error) {
        this.failed(task, error);
        return;
      }
    }
    this.#inFlight.remove(task);
    for (const job of task.jobs) {
      if (job.cancelled) continue;
      const pending = job.owner as PendingCall;
      if (code < 0) this.#calls.reject(pending, job.refused(code));
      else {
        if (tellsNotFinite(code)) void this.#inspect(pending);
        this.#calls.update(pending);
        if (pending.hasNext) this.#queue.add(pending);
      }
    }
  }

  failed(task: Task, error: unknown): void {
    for (const { owner } of this.#inFlight.separate(task)) {
      const pending = owner as PendingCall;
      this.#calls.abort(pending, pending.call.fault(error));
    }
    for (const { owner } of task.jobs) this.#calls.update(owner as PendingCall);
    this.#ticks.schedule();
  }

  lost(task: Task, blamed: boolean, reason: string): void {
    const error = this.#inFlight.lose(task, blamed, reason);
    if (error !== undefined) for (const { owner } of task.jobs) this.#calls.reject(owner as PendingCall, error);
  }

  unavailable(reason: string): void {
    this.#lifetime.fallBack(reason);
    this.wake();
  }

  /**
   * Collects finished tasks and submits further ones. @returns whether the deadline passed first
   */
  #tick(deadline: number): boolean {
    const executor = this.#lifetime.acquire(this.#inFlight.size > 0, this.#calls.size > 0);
    if (executor === undefined) return false;
    let isOver = false;
    const enough = () => {
      isOver ||= performance.now() > deadline;
      return isOver;
    };
    executor.collect?.(enough);
    while (!isOver && executor.freeSlots > 0 && this.#lifetime.isCurrent) {
      const attempt = this.#nextAttempt();
      if (attempt === undefined) break;
      this.#submit(executor, attempt);
      enough();
    }
    executor.flush?.();
    if (!isOver && this.#inFlight.size > 0) {
      const hasMore = this.#queue.length > 0 || this.#inFlight.retries > 0;
      const isAlone = this.#calls.size === 1;
      // If other calls wait, one that has only its last tasks in flight is urgent.
      executor.requestWake?.(hasMore, ({ jobs }) => !isAlone && jobs.some(({ hasNext }) => !hasNext));
    }
    this.#calls.report(false);
    return isOver;
  }

  #nextAttempt(): Attempt | undefined {
    const retry = this.#inFlight.nextRetry();
    if (retry !== undefined) return retry;
    const task = this.#queue.next();
    return task && { task, failures: 0 };
  }

  #submit(executor: Executor, attempt: Attempt): void {
    const { task } = attempt;
    this.#inFlight.add(attempt);
    if (task.isLight && executor.local !== undefined) executor.local.run(task);
    else executor.submit(task);
  }

  /**
   * Submits the tasks of a full batch while the caller is still making calls. Workers start sooner,
   * and the objects of calls become garbage before a collector has to move them.
   */
  #submitEarly(batch: CoalescedBatch): void {
    const { executor, isCurrent } = this.#lifetime;
    // If other entries wait, the next tick submits in turn.
    if (executor === undefined || !isCurrent || this.#queue.length > 1 || this.#inFlight.retries > 0) return;
    this.#ticks.exclusively(() => {
      executor.collect?.(never);
      this.#calls.report(true);
      while (batch.isFull && executor.freeSlots > 0) {
        const task = batch.next();
        if (task === undefined) break;
        this.#submit(executor, { task, failures: 0 });
      }
      executor.flush?.();
    });
  }

  /** Checks a call for non-finite numbers, after a kernel reported some. */
  async #inspect(pending: PendingCall): Promise<void> {
    const { job } = pending;
    const steps = job.inspect();
    if (steps === undefined) return;
    pending.isInspected = true;
    try {
      await runInSteps(steps, () => !job.cancelled);
    } catch (error) {
      this.#calls.abort(pending, pending.call.fault(error));
      return;
    }
    pending.isInspected = false;
    this.#calls.update(pending);
    this.#ticks.schedule();
  }

  /** Withdraws tasks of settled calls. */
  #cancel(): void {
    this.#lifetime.executor?.cancel?.(({ jobs }) => jobs.every(({ cancelled }) => cancelled));
    this.#ticks.schedule();
  }

  #idle(): void {
    if (this.#size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
    this.#lifetime.release();
  }
}
