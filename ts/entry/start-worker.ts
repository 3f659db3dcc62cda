// Starts the package's worker in any host that has workers: from its file, which is installed next
// to this one and which some bundlers emit. If the file is missing or blocked, from the text of its
// script.

import { workerSource } from "../generated/worker-source.ts";
import { type NodeWorkerLike, type WebWorkerLike, type WorkerLike, workerThreads } from "../pool/host.ts";
import { greetingMessage } from "../pool/protocol.ts";

/**
 * A name that bundlers do not follow: in bundles for Node, the file stays where it is installed.
 */
const file = "./worker.ts";
/** In two steps for the same reason. */
const here = import.meta.url;

/**
 * Timeout for the greeting of a worker's script, after which it is not a worker of this package.
 */
const patienceMilliseconds = 5000;

/** Whether the file has failed before, so that it is not tried again. */
let fileFailed = false;

export function startWorker(): WorkerLike | Promise<WorkerLike> {
  if (workerThreads() !== undefined) return startThread();
  if (typeof Worker !== "function") throw new Error("this host has no workers");
  if (fileFailed) return fromText();
  try {
    // Bundlers recognise exactly this expression as a worker.
    return orFromText(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  } catch {
    // The package has another origin than the page, or this file has no URL.
    fileFailed = true;
    return fromText();
  }
}

/** A worker of `node:worker_threads`. */
function startThread(): NodeWorkerLike {
  const { Worker: Thread } = workerThreads() as NonNullable<ReturnType<typeof workerThreads>>;
  const url = fileUrl();
  // The flags of the program (`-e`, `--input-type`) would be rejected for a file.
  if (url !== undefined) return new Thread(url, { execArgv: [] });
  return new Thread(workerSource, { execArgv: [], eval: true });
}

/** The file's URL, if it exists. */
function fileUrl(): URL | undefined {
  type Files = { existsSync(url: URL): boolean };
  type Host = { process: { getBuiltinModule(name: string): Files } };
  try {
    const url = new URL(file, here);
    const { existsSync } = (globalThis as unknown as Host).process.getBuiltinModule("node:fs");
    return url.protocol !== "file:" || existsSync(url) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** A worker that has sent its greeting; one started from the text if the file did not. */
async function orFromText(worker: WebWorkerLike): Promise<WebWorkerLike> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let listen: (event: MessageEvent) => void = () => undefined;
  let fail: () => void = () => undefined;
  const runs = await new Promise<boolean>((resolve) => {
    listen = ({ data }) => data === greetingMessage && resolve(true);
    fail = () => resolve(false);
    timer = setTimeout(fail, patienceMilliseconds);
    worker.addEventListener("message", listen);
    worker.addEventListener("error", fail);
  });
  clearTimeout(timer);
  worker.removeEventListener("message", listen);
  worker.removeEventListener("error", fail);
  if (runs) return worker;
  fileFailed = true;
  worker.terminate();
  return fromText();
}

let textUrl: string | undefined;

/**
 * Requires `worker-src blob:` if the page has a Content Security Policy. Without it the pool runs
 * on the calling thread and warns.
 */
function fromText(): WebWorkerLike {
  textUrl ??= URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  return new Worker(textUrl);
}
