// Modules that entries load to create an engine: the engine, the start of the worker file, and the
// loader of the code for GPUs.

export { makeEngine } from "../engine/engine.ts";
export { loadGpu } from "./load-gpu.ts";
export { startWorker } from "./start-worker.ts";
