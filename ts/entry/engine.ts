// What the entry without binaries loads when an engine is asked for: the engine and how to start the worker file. Threads compute with the
// binary that `init` was given.

export { makeEngine } from "../engine/engine.ts";
export { loadGpu } from "./load-gpu.ts";
export { startWorker } from "./start-worker.ts";
