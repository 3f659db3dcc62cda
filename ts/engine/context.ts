// What a call on an engine may be given besides the options of its function: a signal, and somebody to tell how far it has come.

import { describe, typeError } from "../input/errors.ts";
import type { ReadOther } from "../input/options.ts";
import type { CallContext, Device, Progress } from "./backend.ts";
import { readDevice } from "./options.ts";

/** Options of every call on an engine. */
export interface EngineCallOptions {
  /**
   * Aborts the call: it rejects with the signal's reason at once, its work that has not begun is dropped, other calls go on. What an
   * `out` of more than 1 MiB holds then is not defined; a smaller one has not been written to.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where the call runs: "auto" where it is expected to be faster, and where its paths are. Default the engine's `device`. What cannot
   * run on the GPU is done on the CPU, or refused, as the engine's `fallback` says.
   */
  readonly device?: "auto" | Device | undefined;
  /**
   * Where the result is wanted: "cpu", as a tensor in memory, or "gpu", as a `GpuTensor` on the device, which the caller destroys.
   * Default "cpu".
   */
  readonly output?: "cpu" | "gpu" | undefined;
  /** Told how many of the call's paths are done, from time to time and in the end. What it throws, the call rejects with. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** These, read. */
export class ReadContext implements CallContext {
  signal: AbortSignal | undefined;
  onProgress: ((progress: Progress) => void) | undefined;
  device: "auto" | Device | undefined;
  output: "cpu" | "gpu" = "cpu";

  /** Reads an option if it is one of these. @throws PathSignatureTypeError ENGINE_OPTION_TYPE */
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

/** By what it has: signals of other realms and polyfills are as good. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener, throwIfAborted } = value as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function" && typeof throwIfAborted === "function";
}
