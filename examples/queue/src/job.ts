// What a job is: files, or a range of ids in files, and what to compute of them. Its name is made
// of exactly that, so the same work has the same id in the queue and the same name on disk.

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Augmentation } from "path-signature";
import { Fault } from "./fault.ts";

/** Names of columns: a row of a table is a point of a series. */
export interface Columns {
  readonly id: string;
  readonly time: string;
  readonly channels: readonly string[];
}

/** What happens to series that cannot be computed. */
export type Policy = "refuse" | "quarantine";

export interface Settings {
  readonly columns: Columns;
  readonly depth: number;
  readonly augment: readonly Augmentation[];
  readonly dtype: "float32" | "float64";
  readonly badRows: Policy;
}

export interface InputFile {
  readonly path: string;
  /** What the file was like when it was enqueued. */
  readonly bytes: number;
  readonly modified: number;
}

/**
 * Ids from `from` up to, not including, `to`, as text; `null`: open. Ids that are null are in the
 * first range.
 */
export interface IdRange {
  readonly from: string | null;
  readonly to: string | null;
}

export interface Job {
  readonly name: string;
  readonly files: readonly InputFile[];
  readonly range: IdRange | null;
  readonly settings: Settings;
  /** The folder of results. */
  readonly out: string;
}

export async function inputFile(path: string): Promise<InputFile> {
  const { size, mtimeMs } = await stat(path);
  return { path, bytes: size, modified: Math.floor(mtimeMs) };
}

/** A job with its name: the first file's, and a digest of everything that the result depends on. */
export function jobOf(files: readonly InputFile[], range: IdRange | null, settings: Settings, out: string): Job {
  const digest = createHash("sha256")
    .update(JSON.stringify([files, range, settings]))
    .digest("hex")
    .slice(0, 24);
  const [first] = files;
  if (first === undefined) throw new Fault("A job needs a file.");
  const stem = basename(first.path)
    .replace(/\.parquet$/i, "")
    .replace(/[^\w.-]/g, "_");
  return { name: `${stem}-${digest}`, files, range, settings, out };
}

/** @throws Fault if a file is no longer what was enqueued */
export async function checkUnchanged({ files }: Job): Promise<void> {
  for (const { path, bytes, modified } of files) {
    const now = await inputFile(path);
    if (now.bytes !== bytes || now.modified !== modified)
      throw new Fault(`${path} changed after it was enqueued. Enqueue it again.`);
  }
}
