// The worker file: the script of the pool's workers in every host. It serves the calling thread
// through comlink.

import { expose } from "comlink/dist/esm/comlink.mjs";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { greetingMessage, wakeMessage } from "../pool/protocol.ts";
import { Server } from "../pool/server.ts";

/** Port to the calling thread: of `node:worker_threads`, or the global scope of a web worker. */
interface Port {
  postMessage(message: unknown): void;
}
type Host = { process?: { getBuiltinModule?: (name: string) => { parentPort: Port | null } | undefined } };

const parent = (globalThis as Host).process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
const port = (parent ?? globalThis) as Port;

/** A page or program that imports this file is not a worker, and its messages are ignored. */
const isWorker = "WorkerGlobalScope" in globalThis;

if (parent || isWorker) {
  expose(new Server(() => port.postMessage(wakeMessage)), parent ? nodeEndpoint(parent) : undefined);
  port.postMessage(greetingMessage);
}
