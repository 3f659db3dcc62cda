// What the default entry loads when an engine is asked for: the engine, how to start the worker file, and the binary for threads that
// share memory.

import { patched } from "../core/binaries.ts";
import { compileLater } from "../core/compile.ts";
import { patchHex } from "../generated/threads.ts";

export { loadGpu, makeEngine, startWorker } from "./engine.ts";

export const sharedModule = (): Promise<WebAssembly.Module> => compileLater(patched(patchHex));
