// The worker file: what threads of the pool run, in any host that has workers. Answers the calling
// thread through comlink.

import { expose } from "comlink/dist/esm/comlink.mjs";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { greetingMessage, wakeMessage } from "../pool/protocol.ts";
import { Server } from "../pool/server.ts";

/**
 * The calling thread as Node's worker_threads give it, and Deno's and Bun's; elsewhere the global
 * scope is it.
 */
interface Port {
  postMessage(message: unknown): void;
}
type Host = { process?: { getBuiltinModule?: (name: string) => { parentPort: Port | null } | undefined } };

const parent = (globalThis as Host).process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
const port = (parent ?? globalThis) as Port;

/** A page or a program that imports this file is no worker: its messages are not ours to answer. */
const isWorker = "WorkerGlobalScope" in globalThis;

if (parent || isWorker) {
  expose(new Server(() => port.postMessage(wakeMessage)), parent ? nodeEndpoint(parent) : undefined);
  port.postMessage(greetingMessage);
}
