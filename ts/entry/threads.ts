// What the default entry loads when an engine is asked for: the engine, how to start the worker file, and what makes the binary for
// threads that share memory out of the one inside. It does not import that one: whoever bundles neither would get both.

export { patchHex } from "../generated/threads.ts";
export { loadGpu, makeEngine, startWorker } from "./engine.ts";
