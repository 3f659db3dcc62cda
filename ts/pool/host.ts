// Workers of any host behind one small face: started from the worker file or by the caller's own factory, heard when they die, kept
// from keeping a process alive. Messages are comlink's (member.ts), but for the one that wakes the calling thread.

import type { Endpoint } from "comlink/dist/esm/comlink.mjs";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { wakeMessage } from "./protocol.ts";

/** A worker of the web: a `Worker`, or anything that looks like one. */
export type WebWorkerLike = Pick<Worker, "postMessage" | "addEventListener" | "removeEventListener" | "terminate">;

/** A worker of Node's `worker_threads`, as Deno and Bun have them too. */
export interface NodeWorkerLike {
  postMessage(message: unknown, transfer?: readonly never[]): void;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
  terminate(): unknown;
  ref(): unknown;
  unref(): unknown;
}

/** What a `workerFactory` returns. */
export type WorkerLike = WebWorkerLike | NodeWorkerLike;

/** How an entry starts the worker file. */
export type StartWorker = () => WorkerLike | Promise<WorkerLike>;

const isNodeWorker = (worker: WorkerLike): worker is NodeWorkerLike => "on" in worker && "off" in worker;

/** A worker and what is heard of it. */
export class HostWorker {
  readonly endpoint: Endpoint;
  /** Whether the host says when it dies; else a lock has to (protocol.ts). */
  readonly tellsDeath: boolean;
  readonly #worker: WorkerLike;
  #alive = true;

  /**
   * @param wake - called for each message that asks to look after finished tasks
   * @param died - called once, with what is known of it, when the worker ends without having been asked to
   */
  constructor(worker: WorkerLike, wake: () => void, died: (reason: string) => void) {
    this.#worker = worker;
    const end = (reason: string) => {
      if (!this.#alive) return;
      this.#alive = false;
      died(reason);
    };
    if (isNodeWorker(worker)) {
      this.endpoint = nodeEndpoint(worker);
      this.tellsDeath = true;
      let reason = "";
      worker.on("message", (message) => message === wakeMessage && wake());
      worker.on("error", (error) => {
        reason = textOf(error);
      });
      worker.on("exit", (code) => end(reason || `it ended with exit code ${String(code)}`));
    } else {
      this.endpoint = worker;
      this.tellsDeath = false;
      worker.addEventListener("message", ({ data }) => data === wakeMessage && wake());
      // Before it has started this means that it never will; afterwards that something in it went wrong unseen.
      worker.addEventListener("error", ({ message }) =>
        end(message || "its script could not be loaded (not found, or forbidden by the page's policy)"),
      );
      worker.addEventListener("messageerror", () => end("a message could not be read"));
    }
  }

  /** Whether the worker keeps the process alive. */
  hold(needed: boolean): void {
    const worker = this.#worker as Partial<NodeWorkerLike>;
    // Bun's workers of the web have both as well.
    if (needed) worker.ref?.();
    else worker.unref?.();
  }

  /** Ends it. Nothing is heard of it any more. */
  async terminate(): Promise<void> {
    this.#alive = false;
    try {
      await this.#worker.terminate();
    } catch {
      // It was not there any more.
    }
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface WorkerThreads {
  readonly Worker: new (file: URL | string, options: { execArgv: readonly string[]; eval?: boolean }) => NodeWorkerLike;
}
type Host = { process?: { getBuiltinModule?: (name: string) => WorkerThreads | undefined } };

/** Node's `worker_threads`, which Deno and Bun have too; `undefined` in browsers. */
export function workerThreads(): WorkerThreads | undefined {
  // Asked for by name, so that bundlers for browsers meet no import of a Node module.
  return (globalThis as Host).process?.getBuiltinModule?.("node:worker_threads");
}

/** How many threads this machine runs at once. */
export function availableThreads(): number {
  type Os = { availableParallelism?: () => number };
  const os = (
    globalThis as { process?: { getBuiltinModule?: (name: string) => Os | undefined } }
  ).process?.getBuiltinModule?.("node:os");
  return os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Whether threads can share memory here. */
export function canShareMemory(): boolean {
  return (
    typeof SharedArrayBuffer === "function" &&
    typeof Atomics === "object" &&
    // Pages that are not isolated may have the constructor, but no message carries what it makes.
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false
  );
}
