// Files of results: written under a temporary name and renamed when they are complete, so that a
// name stands for a whole file, however a process ends.

import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export const partFile = (out: string, name: string): string => join(out, "parts", `${name}.parquet`);
export const quarantineFile = (out: string, name: string): string => join(out, "quarantine", `${name}.parquet`);
export const manifestFile = (out: string): string => join(out, "jobs.json");

const temporary = ".part";

/** Writes a file by `write`, which gets a temporary name in the same folder. */
export async function complete(file: string, write: (temporary: string) => Promise<unknown>): Promise<void> {
  const part = `${file}.${randomUUID()}${temporary}`;
  try {
    await write(part);
    // On disk before it has its name, and its name before the queue hears that it is there.
    const handle = await open(part, "r+");
    await handle.sync();
    await handle.close();
    await rename(part, file);
    const folder = await open(dirname(file), "r");
    await folder.sync();
    await folder.close();
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Removes temporary files that killed processes left for `file`. A process that still writes one
 * fails to rename it.
 */
export async function sweep(file: string): Promise<void> {
  const own = `${basename(file)}.`;
  for (const name of await readdir(dirname(file)))
    if (name.startsWith(own) && name.endsWith(temporary)) await rm(join(dirname(file), name), { force: true });
}

/** Removes all temporary files of a folder. */
export async function sweepAll(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith(temporary)) await rm(join(folder, name), { force: true });
}
