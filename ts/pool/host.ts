// A common interface to the workers of all hosts: their death, and whether they keep the process
// alive. comlink carries the messages (worker-handle.ts), except the one that wakes the calling
// thread.

import type { Endpoint } from "comlink/dist/esm/comlink.mjs";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { wakeMessage } from "./protocol.ts";

/** A worker of the web: a `Worker`, or an object with the same members. */
export interface WebWorkerLike {
  postMessage(message: unknown, transfer: never): void;
  // biome-ignore lint/suspicious/noExplicitAny: the first argument decides.
  addEventListener(type: string, listener: (event: any) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: likewise.
  removeEventListener(type: string, listener: (event: any) => void): void;
  terminate(): unknown;
}

/** A worker of Node's `worker_threads`, also in Deno and Bun. */
export interface NodeWorkerLike {
  postMessage(message: unknown, transfer?: readonly never[]): void;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
  terminate(): unknown;
  ref(): unknown;
  unref(): unknown;
}

/** The result of a `workerFactory`. */
export type WorkerLike = WebWorkerLike | NodeWorkerLike;

/** How an entry starts the worker file. */
export type StartWorker = () => WorkerLike | Promise<WorkerLike>;

const isNodeWorker = (worker: WorkerLike): worker is NodeWorkerLike => "on" in worker && "off" in worker;

/** A worker with its events. */
export class HostWorker {
  readonly endpoint: Endpoint;
  /** Whether the host reports its end; if not, a lock detects it (protocol.ts). */
  readonly reportsExit: boolean;
  readonly #worker: WorkerLike;
  #alive = true;

  /**
   * @param onWake - called for each wake message
   * @param onDeath - called once with the reason, when the worker ends without `terminate`
   */
  constructor(worker: WorkerLike, onWake: () => void, onDeath: (reason: string) => void) {
    this.#worker = worker;
    const end = (reason: string) => {
      if (!this.#alive) return;
      this.#alive = false;
      onDeath(reason);
    };
    if (isNodeWorker(worker)) {
      this.endpoint = nodeEndpoint(worker);
      this.reportsExit = true;
      let reason = "";
      worker.on("message", (message) => message === wakeMessage && onWake());
      worker.on("error", (error) => {
        reason = textOf(error);
      });
      worker.on("exit", (code) => end(reason || `it ended with exit code ${String(code)}`));
    } else {
      this.endpoint = worker as Worker;
      this.reportsExit = false;
      worker.addEventListener("message", ({ data }: MessageEvent) => data === wakeMessage && onWake());
      // Before it has started, this means that it never will; afterwards, an uncaught error.
      worker.addEventListener("error", ({ message }: ErrorEvent) =>
        end(message || "its script could not be loaded (not found, or forbidden by the page's policy)"),
      );
      worker.addEventListener("messageerror", () => end("a message could not be read"));
    }
  }

  /** Whether the worker keeps the process alive. */
  keepAlive(needed: boolean): void {
    const worker = this.#worker as Partial<NodeWorkerLike>;
    // Bun's web workers also have both.
    if (needed) worker.ref?.();
    else worker.unref?.();
  }

  /** Terminates it. Nothing is reported afterwards. */
  async terminate(): Promise<void> {
    this.#alive = false;
    try {
      await this.#worker.terminate();
    } catch {
      // It has already ended.
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

/** Node's `worker_threads`, also in Deno and Bun; `undefined` in browsers. */
export function workerThreads(): WorkerThreads | undefined {
  // By name, so that bundlers for browsers find no import of a Node module.
  return (globalThis as Host).process?.getBuiltinModule?.("node:worker_threads");
}

/** Number of threads that this machine runs at once. */
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
    // Pages that are not isolated may have the constructor, but cannot post its buffers.
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false
  );
}
