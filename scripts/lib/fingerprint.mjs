// Detects changes of inputs since something was built from them: a hash of files and strings,
// stored beside the product.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, read } from "./project.mjs";

/**
 * All files under the given paths of the repository (files or folders; missing ones count as
 * missing), sorted.
 */
export function filesUnder(...paths) {
  const found = [];
  const walk = (path) => {
    const stat = statSync(at(path), { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) return void found.push(path);
    for (const name of readdirSync(at(path))) walk(join(path, name));
  };
  for (const path of paths) walk(path);
  return found.sort();
}

/** Hash of files (their names and bytes) and of further values. */
export function fingerprint(files, ...values) {
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(at(file)))
      .update("\0");
  hash.update(JSON.stringify(values));
  return hash.digest("hex");
}

export const isCurrent = (stamp, value) => read(stamp).trim() === value;

export function remember(stamp, value) {
  writeIfChanged(stamp, `${value}\n`);
}

/** Does `work`, unless it was done for the same value. */
export async function once(stamp, value, work) {
  if (isCurrent(stamp, value)) return;
  rmSync(stamp, { force: true });
  await work();
  remember(stamp, value);
}

/** Does not touch an identical file, so that watchers and later steps see no change. */
export function writeIfChanged(path, content) {
  const bytes = Buffer.from(content);
  const old = statSync(path, { throwIfNoEntry: false });
  if (old?.size === bytes.length && readFileSync(path).equals(bytes)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}
