// The options of createEngine: their types, defaults and reading.

import { type Costs, readCosts } from "../dispatch/index.ts";
import { type GpuSource, readGpuSource } from "../gpu/index.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";
import type { WorkerLike } from "../pool/host.ts";
import type { Device } from "./backend.ts";

/** Options of `createEngine`. Others are refused. */
export interface EngineOptions {
  /** Workers at most: a whole number from 1 to 256, or as many as the machine runs threads at once. Default "auto". */
  readonly threads?: number | "auto" | undefined;
  /**
   * Whether threads share memory where the host lets them (Node, Deno, Bun, pages that are cross-origin isolated). Otherwise each
   * task is transferred to its worker and back. Default true.
   */
  readonly sharedMemory?: boolean | undefined;
  /**
   * Makes a worker that runs the package's worker file (`path-signature/worker`), for hosts whose policy or bundler needs a hand: a
   * `Worker` of the web or of `node:worker_threads`. Default: the file beside the one that this code is in.
   */
  readonly workerFactory?: (() => WorkerLike | Promise<WorkerLike>) | undefined;
  /** Calls that may wait or run at once; one more is refused with QUEUE_FULL. Default 65 536. */
  readonly maxQueued?: number | undefined;
  /** Milliseconds without a call after which workers end and memory is given back; `Infinity`: never. Default 10 000. */
  readonly idleTimeout?: number | undefined;
  /** Whether small calls with equal options that are made together are computed as one batch. Default true. */
  readonly coalesce?: boolean | undefined;
  /**
   * Where calls run that do not say it themselves: "auto" where each is expected to be faster, by the costs, and where its paths are.
   * "webgpu" has the device opened at once. Default "auto".
   */
  readonly device?: "auto" | Device | undefined;
  /**
   * Where GPUs come from: an object such as `navigator.gpu` (in Node `create([])` of the package `webgpu`), or a device of yours, which is
   * used as it is and never destroyed. Default the host's `navigator.gpu`.
   */
  readonly gpu?: GpuSource;
  /** What calls cost on this machine, as `engine.calibrate` returns it, also by way of JSON. Default those of a typical one. */
  readonly costs?: Costs | undefined;
  /** What is done with a call that the GPU was asked for and cannot do, or failed at. Default "cpu": it is done there. */
  readonly fallback?: "cpu" | "error" | undefined;
}

/** Options read, with defaults. */
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

/** More threads than this are a mistake. */
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
 * @param available - threads that the machine runs at once
 * @throws PathSignatureError OPTION_TYPE, OPTION_UNKNOWN, ENGINE_OPTION, ENGINE_OPTION_TYPE, GPU_TYPE, COSTS_INVALID
 */
export function readEngineOptions(options: unknown, available: () => number): ReadEngineOptions {
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw typeError("OPTION_TYPE", "options", describe(options), "an object");
  for (const name in options ?? {}) {
    if (!(names as readonly string[]).includes(name))
      throw typeError("OPTION_UNKNOWN", `options.${name}`, describe(name), `one of ${names.join(", ")}`);
  }
  const given = (options ?? {}) as EngineOptions;
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
