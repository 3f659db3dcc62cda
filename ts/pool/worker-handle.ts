// One worker from start to end: started by the host, set up through comlink, and watched for its
// death.

import { type Remote, wrap } from "comlink/dist/esm/comlink.mjs";
import { HostWorker, type StartWorker, textOf } from "./host.ts";
import type { Setup, WorkerApi } from "./protocol.ts";

/** Timeout for the first answer of a worker. */
const startMilliseconds = 10_000;

interface Locks {
  request(name: string, options: { signal: AbortSignal }, hold: () => void): Promise<unknown>;
}

export class WorkerHandle {
  readonly number: number;
  /** Whether it has ever been ready. */
  isReady = false;
  /** Whether it was given up because it did not answer. Others would take as long to fail. */
  isSilent = false;
  isEnded = false;
  /** Interface of its script, once that has been started. */
  api!: Remote<WorkerApi>;
  /** Resolves when it has ended, for any reason. */
  readonly ended: Promise<void>;
  readonly #startWorker: StartWorker;
  readonly #onWake: () => void;
  readonly #onDeath: (reason: string) => void;
  readonly #unwatch = new AbortController();
  #resolveEnded!: () => void;
  #host: HostWorker | undefined;
  #isKeptAlive = true;
  #lock: string | undefined;

  /** @param onDeath - called once if it fails to start, or ends without `terminate` */
  constructor(number: number, startWorker: StartWorker, onWake: () => void, onDeath: (reason: string) => void) {
    this.number = number;
    this.#startWorker = startWorker;
    this.#onWake = onWake;
    this.#onDeath = onDeath;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /**
   * Starts the worker unless it runs, and sends it a setup.
   * @param setup - called when the setup is sent
   * @returns whether the worker is ready
   */
  async start(setup: () => Omit<Setup, "lock">): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.isSilent = true;
        reject(new Error("it did not answer"));
      }, startMilliseconds);
    });
    try {
      // Not all factories settle.
      await Promise.race([this.#setUp(setup), timeout, this.ended]);
      if (this.isEnded) return false;
      this.isReady = true;
      return true;
    } catch (error) {
      this.fail(textOf(error));
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  async #setUp(setup: () => Omit<Setup, "lock">): Promise<void> {
    if (this.#host === undefined) {
      // Asynchronous, so that the executor is complete when a factory throws.
      await undefined;
      const host = new HostWorker(await this.#startWorker(), this.#onWake, (reason) => this.fail(reason));
      if (this.isEnded) return host.terminate();
      this.#host = host;
      host.keepAlive(this.#isKeptAlive);
      this.api = wrap<WorkerApi>(host.endpoint);
    }
    const lock = this.#lockName();
    await this.api.start({ ...setup(), lock });
    if (lock !== undefined && !this.isReady && !this.isEnded) this.#watch(lock);
  }

  /** Sends a new or dropped source. Does nothing before the setup, which includes all sources. */
  sendSource(number: number, buffer: SharedArrayBuffer | undefined): void {
    if (this.#host !== undefined && !this.isEnded) this.api.source(number, buffer).catch(() => undefined);
  }

  /** Whether it keeps the process alive. */
  keepAlive(needed: boolean): void {
    this.#isKeptAlive = needed;
    this.#host?.keepAlive(needed);
  }

  /** Terminates it; nothing is reported. */
  async terminate(): Promise<void> {
    this.isEnded = true;
    this.#resolveEnded();
    this.#unwatch.abort();
    await this.#host?.terminate();
  }

  /** Terminates it and reports its death. */
  fail(reason: string): void {
    if (this.isEnded) return;
    void this.terminate();
    this.#onDeath(reason);
  }

  /** Browsers do not report that a worker has ended, but they release the lock that it held. */
  #lockName(): string | undefined {
    if ((this.#host as HostWorker).reportsExit || locks() === undefined) return undefined;
    this.#lock ??= `path-signature ${Math.random().toString(36).slice(2)} ${Date.now()}`;
    return this.#lock;
  }

  #watch(lock: string): void {
    locks()
      ?.request(lock, { signal: this.#unwatch.signal }, () => this.fail("it was terminated"))
      .catch(() => undefined);
  }
}

const locks = (): Locks | undefined => (globalThis.navigator as { locks?: Locks } | undefined)?.locks ?? undefined;
