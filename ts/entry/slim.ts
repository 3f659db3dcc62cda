// Entries without a binary, for pages that fetch one (path-signature/wasm/*.wasm) and programs that
// provide one: `await init(source)` must precede the first call.

import type { EngineParts } from "../engine/bind.ts";
import { compileSource } from "../wasm/compile.ts";
import type { Loader } from "../wasm/runtime.ts";

/** Loads the source given to `init`. */
export const loader = (family: string): Loader => ({ family, variants: [], compile: compileSource });

/** Loads the engine. Its threads use the binary given to `init`. */
export const loadEngine = (): Promise<EngineParts> => import("./engine.ts");
