// How the worker file of the package is started, in any host that has workers.

import { type WorkerLike, workerThreads } from "../pool/host.ts";

/** By a name that bundlers do not follow: where they bundle for Node, the file stays where it is installed. */
const file = "./worker.ts";
/** In two steps for the same reason. */
const here = import.meta.url;

export function startWorker(): WorkerLike {
  const threads = workerThreads();
  // Flags of the program's own (`-e`, `--input-type`) would be refused for a file.
  if (threads !== undefined) return new threads.Worker(new URL(file, here), { execArgv: [] });
  if (typeof Worker !== "function") throw new Error("this host has no workers");
  // This form, in one piece, is what bundlers know a worker by.
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}
