// Entries without a binary, for pages that fetch one (path-signature/wasm/*.wasm) and programs that
// bring their own: `await init(source)` comes before the first call.

import type { EngineParts } from "../engine/bind.ts";
import { compileSource } from "../wasm/compile.ts";
import type { Loader } from "../wasm/runtime.ts";

/** Loads what `init` is given. */
export const loader = (family: string): Loader => ({ family, variants: [], compile: compileSource });

/** Loads the engine. Its threads compute with the binary that `init` was given. */
export const loadEngine = (): Promise<EngineParts> => import("./engine.ts");
