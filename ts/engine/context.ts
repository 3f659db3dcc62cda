// Options of calls on an engine, besides those of the function: a signal, a progress listener, and
// where the call runs.

import { describe, typeError } from "../input/errors.ts";
import type { Signal } from "../input/host-types.ts";
import type { ReadOther } from "../input/options.ts";
import type { CallContext, Device, Progress } from "./backend.ts";
import { readDevice } from "./options.ts";

/**
 * Options of every call on an engine.
 *
 * @typeParam Place - where the result is put.
 */
export interface EngineCallOptions<Place extends "cpu" | "gpu" = "cpu" | "gpu"> {
  /**
   * Aborts the call. It rejects at once with the signal's reason, and its pending work is dropped;
   * other calls are not affected. The contents of an `out` of more than 1 MiB are then undefined; a
   * smaller one is unchanged.
   *
   * @example signal: AbortSignal.timeout(1000)
   */
  readonly signal?: Signal | undefined;
  /**
   * Where the call runs. "auto": where it is expected to be faster, given where its paths are.
   * Default: the engine's `device`. If the GPU cannot run it, the engine's `fallback` decides
   * between the CPU and an error.
   *
   * @example device: "webgpu"
   */
  readonly device?: "auto" | Device | undefined;
  /**
   * Where to put the result: "cpu", a tensor in memory, or "gpu", a `GpuTensor` on the device,
   * which the caller must destroy. Default "cpu".
   *
   * @example output: "gpu"
   */
  readonly output?: Place | undefined;
  /**
   * Receives the number of the call's paths that are done, from time to time and at the end. If it
   * throws, the call rejects with that error.
   *
   * @example onProgress: ({ done, total }) => console.log(done / total)
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The options of a function, a signal, a progress listener, and where the call runs. */
export type OnEngine<O> = O & EngineCallOptions<"cpu">;

/** The options, as read. */
export class ReadContext implements CallContext {
  // Own properties, also those that no option sets.
  signal: AbortSignal | undefined = undefined;
  onProgress: ((progress: Progress) => void) | undefined = undefined;
  device: "auto" | Device | undefined = undefined;
  output: "cpu" | "gpu" = "cpu";

  /**
   * Reads an option if it is one of these; returns whether it is. @throws PathSignatureTypeError
   * ENGINE_OPTION_TYPE
   */
  readonly read: ReadOther = (name, value) => {
    if (name === "signal") {
      this.signal = readSignal(value);
      return true;
    }
    if (name === "device") {
      this.device = readDevice(value);
      return true;
    }
    if (name === "output") {
      this.output = readPlace(value, "options.output");
      return true;
    }
    if (name !== "onProgress") return false;
    if (value !== undefined && typeof value !== "function")
      throw typeError("ENGINE_OPTION_TYPE", "options.onProgress", describe(value), "a function");
    this.onProgress = value as ReadContext["onProgress"];
    return true;
  };
}

/** @throws PathSignatureTypeError ENGINE_OPTION_TYPE */
export function readSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined || isSignal(value)) return value;
  throw typeError("ENGINE_OPTION_TYPE", "options.signal", describe(value), "an AbortSignal");
}

/** @throws PathSignatureTypeError ENGINE_OPTION_TYPE */
export function readPlace(value: unknown, argument: string): "cpu" | "gpu" {
  if (value === undefined || value === "cpu") return "cpu";
  if (value === "gpu") return "gpu";
  throw typeError("ENGINE_OPTION_TYPE", argument, describe(value), '"cpu" or "gpu"');
}

/** By its members: signals of other realms and polyfills are accepted. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener, throwIfAborted } = value as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function" && typeof throwIfAborted === "function";
}
