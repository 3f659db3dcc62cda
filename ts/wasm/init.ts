// `init`: reads what it is given and hands it to the runtime.

import type { ModuleSource } from "./compile.ts";
import type { Info, InfoFunction } from "./info.ts";
import { type InitOptions, type Runtime, readInit } from "./runtime.ts";

/**
 * Loads ahead of the first call, off the thread where the engine can, or chooses the binary. Never
 * needed: a first call loads by itself. May be called any time and any number of times, also at
 * once: without arguments it only sees that there is a binary; of several that ask for a certain
 * one the latest wins. Calls keep no state, so a change loses nothing.
 *
 * @param given - a module, bytes, a Response or a URL of a binary, or `{ variant, source }`. The
 *   variant "simd" is the binary whose results are the same bits on every engine and processor.
 * @returns What runs now, as `info()` tells.
 * @throws PathSignatureError VARIANT_INVALID, VARIANT_UNSUPPORTED, SIMD_UNSUPPORTED,
 *   OPTION_UNKNOWN, SOURCE_TYPE, SOURCE_MISSING, INIT_FAILED, also for a binary of another family
 *   (as a rejection; what ran before goes on running).
 */
export type InitFunction = (given?: ModuleSource | InitOptions) => Promise<Info>;

/** Makes `init` for a runtime. */
export function bindInit(runtime: Runtime, info: InfoFunction): InitFunction {
  return async function init(given) {
    const { variant, source } = readInit(given);
    await runtime.init(variant, source);
    return info();
  };
}
