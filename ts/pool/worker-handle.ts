// One worker from its start to its end: made by the host, made ready by comlink, watched. What it works on is the crews' business
// (shared.ts, transfer.ts).

import { type Remote, wrap } from "comlink/dist/esm/comlink.mjs";
import { HostWorker, type StartWorker, textOf, type WorkerLike } from "./host.ts";
import type { Setup, WorkerApi } from "./protocol.ts";

/** A worker that has not answered for so long will not. */
const startMilliseconds = 10_000;

interface Locks {
  request(name: string, options: { signal: AbortSignal }, hold: () => void): Promise<unknown>;
}

export class Member {
  /** Its number in the crew. */
  readonly number: number;
  /** Whether it has ever been ready. */
  ready = false;
  /** Whether it was given up because it did not answer. Others would not either, and each takes its time. */
  silent = false;
  readonly #startWorker: StartWorker;
  readonly #wake: () => void;
  readonly #died: (member: Member, reason: string) => void;
  readonly #unwatch = new AbortController();
  #host: HostWorker | undefined;
  #api: Remote<WorkerApi> | undefined;
  #ended = false;
  #held = true;
  #lock: string | undefined;
  /** Ends the wait for its answer. */
  #ending: ((reason: string) => void) | undefined;

  /** @param died - called once, when it ends without having been asked to, or cannot start */
  constructor(
    number: number,
    startWorker: StartWorker,
    wake: () => void,
    died: (member: Member, reason: string) => void,
  ) {
    this.number = number;
    this.#startWorker = startWorker;
    this.#wake = wake;
    this.#died = died;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get api(): Remote<WorkerApi> {
    return this.#api as Remote<WorkerApi>;
  }

  /**
   * Starts the worker if it does not run, and makes it ready for a setup, which is asked for when it is sent.
   * @returns Whether it is ready.
   */
  async start(setup: () => Omit<Setup, "lock">): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      if (this.#host === undefined) {
        // Later, so that a factory that throws finds everything in place.
        await undefined;
        const worker: WorkerLike = await this.#startWorker();
        if (this.#ended) {
          void worker.terminate();
          return false;
        }
        this.#host = new HostWorker(worker, this.#wake, (reason) => this.#end(reason));
        this.#host.hold(this.#held);
        this.#api = wrap<WorkerApi>(this.#host.endpoint);
      }
      const lock = this.#lockName();
      const silent = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          this.silent = true;
          reject(new Error("it did not answer"));
        }, startMilliseconds);
      });
      const death = new Promise<never>((_, reject) => {
        this.#ending = (reason) => reject(new Error(reason));
      });
      await Promise.race([this.api.start({ ...setup(), lock }), silent, death]);
      if (this.#ended) return false;
      if (lock !== undefined && !this.ready) this.#watch(lock);
      this.ready = true;
      return true;
    } catch (error) {
      this.#end(textOf(error));
      return false;
    } finally {
      clearTimeout(timer);
      this.#ending = undefined;
    }
  }

  /** Tells it of a source. Where it has not been sent its setup yet, that will say so. */
  source(number: number, buffer: SharedArrayBuffer | undefined): void {
    if (this.#api !== undefined && !this.#ended) this.#api.source(number, buffer).catch(() => undefined);
  }

  /** Whether a process has to live on for it. */
  hold(needed: boolean): void {
    this.#held = needed;
    this.#host?.hold(needed);
  }

  /** Ends it; nothing is reported. */
  async terminate(): Promise<void> {
    this.#ended = true;
    this.#ending?.("it was ended");
    this.#unwatch.abort();
    await this.#host?.terminate();
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ending?.(reason);
    void this.terminate();
    this.#died(this, reason);
  }

  /** Browsers say nothing when a worker ends. A lock that it held is free then. */
  #lockName(): string | undefined {
    if ((this.#host as HostWorker).tellsDeath || locksOf() === undefined) return undefined;
    this.#lock ??= `path-signature ${Math.random().toString(36).slice(2)} ${Date.now()}`;
    return this.#lock;
  }

  #watch(lock: string): void {
    locksOf()
      ?.request(lock, { signal: this.#unwatch.signal }, () => this.#end("it was terminated"))
      .catch(() => undefined);
  }
}

const locksOf = (): Locks | undefined => (globalThis.navigator as { locks?: Locks } | undefined)?.locks ?? undefined;
