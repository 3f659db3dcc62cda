// Allows one build at a time in this repository: two at once would read each other's incomplete
// files.

import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { read } from "./project.mjs";

/** A lock file without a process id is being written; after this time its writer must have died. */
const graceMs = 2_000;

function holderIsGone(path) {
  const pid = Number(read(path));
  if (!pid) {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && Date.now() - stat.mtimeMs > graceMs;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/**
 * Runs `work` while holding the lock file at `path`; `onWait` is called once if another process
 * holds it.
 */
export async function exclusively(path, work, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; ; ) {
    try {
      const file = openSync(path, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (holderIsGone(path)) {
        rmSync(path, { force: true });
        continue;
      }
      if (!told) onWait();
      told = true;
      await delay(200);
    }
  }
  const letGo = () => rmSync(path, { force: true });
  const stop = (signal) => {
    letGo();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work();
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    letGo();
  }
}
