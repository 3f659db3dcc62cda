// The options of createEngine: their types, defaults and reading.

import { type Costs, readCosts } from "../dispatch/index.ts";
import { type GpuSource, readGpuSource } from "../gpu/index.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";
import { unknownOption } from "../input/unknown-option.ts";
import type { WorkerLike } from "../pool/host.ts";
import type { Device } from "./backend.ts";

/** Options of `createEngine`. Unknown options are rejected. */
export interface EngineOptions {
  /**
   * Maximum number of workers: a whole number from 1 to 256, or "auto" for as many as the machine
   * runs at once. Default "auto".
   *
   * @example threads: 4
   */
  readonly threads?: number | "auto" | undefined;
  /**
   * Whether threads share memory if the host permits it (Node, Deno, Bun, cross-origin isolated
   * pages). Otherwise each task is transferred to its worker and back. Default true.
   *
   * @example sharedMemory: false
   */
  readonly sharedMemory?: boolean | undefined;
  /**
   * Creates a worker from the package's worker file (`path-signature/worker`), for hosts whose
   * policy or bundler requires it: a `Worker` of the web or of `node:worker_threads`. Default: the
   * file next to this module.
   *
   * @example
   * workerFactory: () => new Worker("/path-signature-worker.js", { type: "module" })
   */
  readonly workerFactory?: (() => WorkerLike | Promise<WorkerLike>) | undefined;
  /**
   * Maximum number of waiting and running calls; further ones are rejected with QUEUE_FULL. Default
   * 65 536.
   *
   * @example maxQueued: 100
   */
  readonly maxQueued?: number | undefined;
  /**
   * Milliseconds without calls after which workers end and memory is freed; `Infinity`: never.
   * Default 10 000.
   *
   * @example idleTimeout: 60_000
   */
  readonly idleTimeout?: number | undefined;
  /**
   * Whether small concurrent calls with equal options are coalesced into one batch. Default true.
   *
   * @example coalesce: false
   */
  readonly coalesce?: boolean | undefined;
  /**
   * Default device of calls. "auto": where a call is expected to be faster by the costs, given
   * where its paths are. "webgpu" also opens the device at once. Default "auto".
   *
   * @example device: "cpu"
   */
  readonly device?: "auto" | Device | undefined;
  /**
   * Source of GPUs: an object such as `navigator.gpu` (in Node `create([])` of the package
   * `webgpu`), or your own device, which is never destroyed. Default the host's `navigator.gpu`.
   *
   * @example gpu: navigator.gpu
   */
  readonly gpu?: GpuSource;
  /**
   * Costs of calls on this machine, as `engine.calibrate` returns them; may be serialised as JSON.
   * Default: the costs of a typical machine.
   *
   * @example costs: JSON.parse(saved)
   */
  readonly costs?: Costs | undefined;
  /**
   * What happens if the GPU cannot run a call that requests it, or fails: run it on the CPU, or
   * reject. Default "cpu".
   *
   * @example fallback: "error"
   */
  readonly fallback?: "cpu" | "error" | undefined;
}

/** The options as read, with defaults. */
export interface ReadEngineOptions {
  readonly threads: number;
  readonly sharedMemory: boolean;
  readonly workerFactory: EngineOptions["workerFactory"];
  readonly maxQueued: number;
  readonly idleTimeout: number;
  readonly coalesce: boolean;
  readonly device: "auto" | Device;
  readonly gpu: GpuSource;
  readonly costs: Costs | undefined;
  readonly fallback: "cpu" | "error";
}

/** A larger number of threads is rejected as a mistake. */
const mostThreads = 256;

const names = [
  "threads",
  "sharedMemory",
  "workerFactory",
  "maxQueued",
  "idleTimeout",
  "coalesce",
  "device",
  "gpu",
  "costs",
  "fallback",
] as const;

function whole(value: unknown, name: string, least: number, most: number, accepted: string): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw rangeError("ENGINE_OPTION", `options.${name}`, describe(value), accepted);
  return value as number;
}

function flag(value: unknown, name: string): boolean {
  if (value === undefined) return true;
  if (typeof value !== "boolean") throw typeError("OPTION_TYPE", `options.${name}`, describe(value), "true or false");
  return value;
}

/** @throws PathSignatureTypeError ENGINE_OPTION_TYPE */
export function readDevice(value: unknown): "auto" | Device | undefined {
  if (value === undefined || value === "auto" || value === "cpu" || value === "webgpu") return value;
  throw typeError("ENGINE_OPTION_TYPE", "options.device", describe(value), '"auto", "cpu" or "webgpu"');
}

function readFallback(value: unknown): "cpu" | "error" {
  if (value === undefined || value === "cpu") return "cpu";
  if (value === "error") return value;
  throw typeError("ENGINE_OPTION_TYPE", "options.fallback", describe(value), '"cpu" or "error"');
}

/**
 * @param available - number of threads that the machine runs at once
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION, ENGINE_OPTION_TYPE,
 *   GPU_TYPE, COSTS_INVALID
 */
export function readEngineOptions(options: unknown, available: () => number): ReadEngineOptions {
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw typeError("OPTION_TYPE", "options", describe(options), "an object");
  for (const name of Object.keys(options ?? {})) {
    if (!(names as readonly string[]).includes(name)) throw unknownOption(name, names);
  }
  // Own properties only, each read once.
  const given = Object.assign(Object.create(null), options) as EngineOptions;
  const { threads = "auto", workerFactory, maxQueued = 65_536, idleTimeout = 10_000 } = given;
  if (workerFactory !== undefined && typeof workerFactory !== "function")
    throw typeError("ENGINE_OPTION_TYPE", "options.workerFactory", describe(workerFactory), "a function");
  if (typeof idleTimeout !== "number" || !(idleTimeout >= 0))
    throw rangeError("ENGINE_OPTION", "options.idleTimeout", describe(idleTimeout), "milliseconds from 0 on");
  return {
    threads:
      threads === "auto"
        ? Math.max(1, Math.min(mostThreads, available()))
        : whole(threads, "threads", 1, mostThreads, `"auto" or a whole number from 1 to ${mostThreads}`),
    sharedMemory: flag(given.sharedMemory, "sharedMemory"),
    workerFactory,
    maxQueued: whole(maxQueued, "maxQueued", 1, Number.MAX_SAFE_INTEGER, "a whole number from 1 on"),
    idleTimeout,
    coalesce: flag(given.coalesce, "coalesce"),
    device: readDevice(given.device) ?? "auto",
    gpu: readGpuSource(given.gpu),
    costs: given.costs === undefined ? undefined : readCosts(given.costs),
    fallback: readFallback(given.fallback),
  };
}
