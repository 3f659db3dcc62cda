// The calls that an engine has passed to its router: their maximum number, abort signals, and
// completion.

import type { GpuTensor } from "../gpu/index.ts";
import { closed, full } from "../pool/errors.ts";
import type { CallContext } from "./backend.ts";

/** Calls in progress. */
export class RunningCalls {
  readonly #most: number;
  readonly #calls = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#calls.size;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Runs `begin` as a call.
   * @throws PathSignatureError ENGINE_CLOSED, QUEUE_FULL, the signal's reason, and errors of
   *   `begin`
   */
  async run<T>(signal: AbortSignal | undefined, begin: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    if (this.#calls.size >= this.#most) throw full(this.#most);
    const controller = new AbortController();
    const abort = () => controller.abort(signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const work = begin(controller.signal);
    this.#calls.set(controller, work);
    try {
      return await orAborted(work, controller.signal);
    } finally {
      signal?.removeEventListener("abort", abort);
      // Submissions of an aborted call may still be in progress.
      const forget = () => this.#calls.delete(controller);
      work.then(forget, forget);
    }
  }

  /** Rejects further calls and ends those in progress, after completion or at once. */
  async close(abort: boolean): Promise<void> {
    this.#closed = true;
    if (abort) for (const controller of this.#calls.keys()) controller.abort(closed());
    await Promise.allSettled(this.#calls.values());
  }
}

/** Frees a result that is on a device. */
export const free = (result: unknown): void => (result as Partial<GpuTensor> | undefined)?.destroy?.();

/**
 * The result of a promise, or a rejection as soon as the signal aborts. Late results on a device
 * are freed.
 */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      work.then(free, () => undefined);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Reports only rising progress: a call may be run again after a fault. */
export function monotone({ onProgress }: CallContext): Pick<CallContext, "onProgress"> {
  if (onProgress === undefined) return {};
  let last = 0;
  return {
    onProgress: (progress) => {
      if (progress.done <= last && progress.done < progress.total) return;
      last = progress.done;
      onProgress(progress);
    },
  };
}
