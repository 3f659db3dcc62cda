// `init`: reads its argument and passes it to the runtime.

import type { ModuleSource } from "./compile.ts";
import type { Info, InfoFunction } from "./info.ts";
import { type InitOptions, type Runtime, readInit } from "./runtime.ts";

/** The type of `init`. */
export interface InitFunction {
  /**
   * Optional: the first call loads the binary too. `init` loads it asynchronously if the engine
   * can, or selects one. May be called repeatedly, also concurrently. Without arguments it only
   * makes sure that there is a binary; of several calls that request a certain one the latest wins.
   * Calls keep no state, so a change loses nothing.
   *
   * @param given - a module, bytes, a Response or a URL of a binary, or `{ variant, source }`. The
   *   variant "simd" gives the same bits on every engine and processor.
   * @returns A promise of the result of `info()`.
   * @throws PathSignatureError VARIANT_INVALID, VARIANT_UNSUPPORTED, SIMD_UNSUPPORTED,
   *   OPTION_UNKNOWN, SOURCE_TYPE, SOURCE_MISSING, INIT_FAILED, the last also for a binary of
   *   another family (as a rejection; the current binary stays in use).
   *
   * @example await init({ variant: "simd" });
   */
  (given?: ModuleSource | InitOptions): Promise<Info>;
}

/** Makes `init` for a runtime. */
export function bindInit(runtime: Runtime, info: InfoFunction): InitFunction {
  return async function init(given) {
    const { variant, source } = readInit(given);
    await runtime.init(variant, source);
    return info();
  };
}
