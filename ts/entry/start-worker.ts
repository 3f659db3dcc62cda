// How the package's worker is started, in any host that has workers: from its file, which is
// installed beside this one and which some bundlers emit; where it is not there, or may not be
// loaded from where it is, from its text.

import { workerSource } from "../generated/worker-source.ts";
import { type NodeWorkerLike, type WebWorkerLike, type WorkerLike, workerThreads } from "../pool/host.ts";
import { greetingMessage } from "../pool/protocol.ts";

/**
 * By a name that bundlers do not follow: where they bundle for Node, the file stays where it is
 * installed.
 */
const file = "./worker.ts";
/** In two steps for the same reason. */
const here = import.meta.url;

/** A script that has neither said that it runs nor failed by then is no worker of this package. */
const patienceMilliseconds = 5000;

/** Whether the file is known not to be the worker's, so that it is not asked for again. */
let fileFailed = false;

export function startWorker(): WorkerLike | Promise<WorkerLike> {
  if (workerThreads() !== undefined) return startThread();
  if (typeof Worker !== "function") throw new Error("this host has no workers");
  if (fileFailed) return fromText();
  try {
    // This form, in one piece, is what bundlers know a worker by.
    return orFromText(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  } catch {
    // Of another origin, as where a page imports the package from elsewhere; or this file has no
    // address.
    fileFailed = true;
    return fromText();
  }
}

/** A worker of Node's kind. */
function startThread(): NodeWorkerLike {
  const { Worker: Thread } = workerThreads() as NonNullable<ReturnType<typeof workerThreads>>;
  const url = fileUrl();
  // Flags of the program's own (`-e`, `--input-type`) would be refused for a file.
  if (url !== undefined) return new Thread(url, { execArgv: [] });
  return new Thread(workerSource, { execArgv: [], eval: true });
}

/** The file's address, if it is there. */
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

/**
 * The worker once it has said that it runs; one made of the text if that is not what the file has.
 */
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
 * Needs `worker-src blob:` where a page has a policy; else the pool goes on without workers, and
 * says so.
 */
function fromText(): WebWorkerLike {
  textUrl ??= URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  return new Worker(textUrl);
}
