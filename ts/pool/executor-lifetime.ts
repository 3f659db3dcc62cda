// Lifetime of the executor: the first call creates it, a new binary chosen by `init` replaces it,
// and it is closed after a while without calls.

import type { Executor, ExecutorEvents, ExecutorFactory, Mode } from "./executor.ts";

export interface LifetimeSettings {
  readonly threads: number;
  /** Milliseconds without a call after which workers end. */
  readonly idleTimeout: number;
}

export class ExecutorLifetime {
  readonly warnings: string[] = [];
  readonly #settings: LifetimeSettings;
  readonly #factory: ExecutorFactory;
  readonly #events: ExecutorEvents;
  readonly #failed: (error: unknown) => void;
  #executor: Executor | undefined;
  /** The binary of the executor. */
  #binary: unknown;
  #isCreating = false;
  #hasNoWorkers = false;
  /** Workers that were replaced in earlier executors. */
  #replaced = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param failed - called if no executor can be created */
  constructor(
    settings: LifetimeSettings,
    factory: ExecutorFactory,
    events: ExecutorEvents,
    failed: (error: unknown) => void,
  ) {
    this.#settings = settings;
    this.#factory = factory;
    this.#events = events;
    this.#failed = failed;
  }

  get mode(): Mode {
    return this.#executor?.mode ?? (this.#hasNoWorkers ? "calling thread" : this.#factory.mode);
  }

  get state() {
    return {
      workers: this.#executor?.workers.ready ?? 0,
      replaced: this.#replaced + (this.#executor?.workers.replaced ?? 0),
      memoryBytes: this.#executor?.memoryBytes ?? 0,
    };
  }

  get executor(): Executor | undefined {
    return this.#executor;
  }

  /**
   * Whether the executor accepts new tasks: those for another binary wait for the next executor.
   */
  get isCurrent(): boolean {
    return this.#binary === this.#factory.binary;
  }

  /**
   * The executor, now in use. If there is none, starts to create one, which then wakes the
   * scheduler.
   * @param isBusy - whether tasks are in flight
   * @param isNeeded - whether calls wait
   */
  acquire(isBusy: boolean, isNeeded: boolean): Executor | undefined {
    if (this.#executor !== undefined && !this.isCurrent && !isBusy) void this.close();
    if (this.#executor !== undefined) {
      clearTimeout(this.#idleTimer);
      this.#executor.workers.keepAlive?.(true);
    } else if (isNeeded && !this.#isCreating) void this.#create();
    return this.#executor;
  }

  /** Called when no calls are left: the process may exit, and workers end after a while. */
  release(): void {
    this.#executor?.workers.keepAlive?.(false);
    clearTimeout(this.#idleTimer);
    const { idleTimeout } = this.#settings;
    if (this.#executor === undefined || idleTimeout === Number.POSITIVE_INFINITY) return;
    this.#idleTimer = setTimeout(() => void this.close(), idleTimeout);
    (this.#idleTimer as { unref?: () => void }).unref?.();
  }

  /** No workers are available: the next executor is the calling thread. */
  fallBack(reason: string): void {
    this.#hasNoWorkers = true;
    this.warnings.push(`No worker could be started, so calls run on the calling thread: ${reason}`);
    void this.close();
  }

  /** Closes the executor. `acquire` creates another one. */
  async close(): Promise<void> {
    const executor = this.#executor;
    clearTimeout(this.#idleTimer);
    this.#executor = undefined;
    this.#replaced += executor?.workers.replaced ?? 0;
    await executor?.close();
  }

  async #create(): Promise<void> {
    this.#isCreating = true;
    const factory = this.#factory;
    const { binary } = factory;
    try {
      this.#executor = await (this.#hasNoWorkers
        ? factory.createFallback(this.#events)
        : factory.create(this.#settings.threads, this.#events));
      this.#binary = binary;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isCreating = false;
    }
    this.#events.wake();
  }
}
