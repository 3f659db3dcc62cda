// One worker from start to end: started by the host, made ready through comlink, watched for its
// death. What it works on is its executor's business.

import { type Remote, wrap } from "comlink/dist/esm/comlink.mjs";
import { HostWorker, type StartWorker, textOf, type WorkerLike } from "./host.ts";
import type { Setup, WorkerApi } from "./protocol.ts";

/** A worker that has not answered after so long never will. */
const startMilliseconds = 10_000;

interface Locks {
  request(name: string, options: { signal: AbortSignal }, hold: () => void): Promise<unknown>;
}

export class WorkerHandle {
  readonly number: number;
  /** Whether it has ever been ready. */
  isReady = false;
  /** Whether it was given up since it did not answer. Others would take as long to fail. */
  isSilent = false;
  isEnded = false;
  /** What its script exposes, once that has been asked to start. */
  api!: Remote<WorkerApi>;
  /** Resolves when it has ended, whatever the reason. */
  readonly ended: Promise<void>;
  readonly #startWorker: StartWorker;
  readonly #onWake: () => void;
  readonly #onDeath: (reason: string) => void;
  readonly #unwatch = new AbortController();
  #resolveEnded!: () => void;
  #host: HostWorker | undefined;
  #isKeptAlive = true;
  #lock: string | undefined;

  /** @param onDeath - called once, where it could not start, or ended without `terminate` */
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
    try {
      if (this.#host === undefined) {
        // Asynchronously, so that a factory that throws finds its executor complete.
        await undefined;
        const worker: WorkerLike = await this.#startWorker();
        if (this.isEnded) {
          void worker.terminate();
          return false;
        }
        this.#host = new HostWorker(worker, this.#onWake, (reason) => this.fail(reason));
        this.#host.keepAlive(this.#isKeptAlive);
        this.api = wrap<WorkerApi>(this.#host.endpoint);
      }
      const lock = this.#lockName();
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          this.isSilent = true;
          reject(new Error("it did not answer"));
        }, startMilliseconds);
      });
      await Promise.race([this.api.start({ ...setup(), lock }), timeout, this.ended]);
      if (this.isEnded) return false;
      if (lock !== undefined && !this.isReady) this.#watch(lock);
      this.isReady = true;
      return true;
    } catch (error) {
      this.fail(textOf(error));
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends it a source, or that one is dropped. Does nothing before its setup, which has them. */
  sendSource(number: number, buffer: SharedArrayBuffer | undefined): void {
    if (this.#host !== undefined && !this.isEnded) this.api.source(number, buffer).catch(() => undefined);
  }

  /** Whether it keeps the process alive. */
  keepAlive(needed: boolean): void {
    this.#isKeptAlive = needed;
    this.#host?.keepAlive(needed);
  }

  /** Ends it; nothing is reported. */
  async terminate(): Promise<void> {
    this.isEnded = true;
    this.#resolveEnded();
    this.#unwatch.abort();
    await this.#host?.terminate();
  }

  /** Ends it and reports its death. */
  fail(reason: string): void {
    if (this.isEnded) return;
    void this.terminate();
    this.#onDeath(reason);
  }

  /** Browsers do not report that a worker has ended, but a lock that it held is free then. */
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
