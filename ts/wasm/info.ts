// `info`: version, binary, and features of the engine. Loads nothing.

import { version } from "../generated/version.ts";
import { supports, type Variant } from "./probe.ts";
import type { Runtime } from "./runtime.ts";

/** The result of {@link InfoFunction}. */
export interface Info {
  /** Version of the package. */
  readonly version: string;
  /**
   * The binary that calls run on, or will run on: "simd", "relaxed", or "custom" for one given to
   * `init` that does not name its variant; "none" if the engine can run no binary.
   */
  readonly variant: Variant | "custom" | "none";
  /** Whether that binary has been compiled and instantiated. */
  readonly loaded: boolean;
  /** Features of the JavaScript engine. */
  readonly features: {
    /** 128-bit SIMD, which is required. */
    readonly simd: boolean;
    /** Relaxed SIMD: multiply-adds with one rounding. */
    readonly relaxedSimd: boolean;
    /** Memory that threads can share. */
    readonly sharedMemory: boolean;
  };
  /** Number of threads that a call uses. */
  readonly threads: number;
  /** Bytes of WebAssembly memory held; 0 before the first call. */
  readonly memoryBytes: number;
}

/** The type of `info`. */
export interface InfoFunction {
  /**
   * What runs, or will run: the version, the binary, and features of the engine. Loads nothing.
   *
   * @example info().variant; // "relaxed"
   */
  (): Info;
}

/** Makes `info` for a runtime. */
export function bindInfo(runtime: Runtime): InfoFunction {
  return function info() {
    const features = {
      simd: supports("simd"),
      relaxedSimd: supports("relaxed"),
      sharedMemory: typeof SharedArrayBuffer === "function",
    };
    const variant = runtime.latest?.variant ?? (features.simd || features.relaxedSimd ? runtime.preferred() : "none");
    return {
      version,
      variant: variant as Info["variant"],
      loaded: runtime.loaded !== undefined,
      features,
      threads: 1,
      memoryBytes: runtime.loaded?.kernels.memory.buffer.byteLength ?? 0,
    };
  };
}
