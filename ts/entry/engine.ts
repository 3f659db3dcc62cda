// What entries load when an engine is asked for: the engine, how to start the worker file, and
// where the code for GPUs is.

export { makeEngine } from "../engine/engine.ts";
export { loadGpu } from "./load-gpu.ts";
export { startWorker } from "./start-worker.ts";
