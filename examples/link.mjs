// Links the library that was just built into an example's node_modules, where an installed one
// would be. The example then runs as a copy of its folder would.

import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** @param example - the folder of the example */
export function linkLibrary(example) {
  const modules = join(example, "node_modules");
  const link = join(modules, "path-signature");
  if (existsSync(link)) return;
  mkdirSync(modules, { recursive: true });
  rmSync(link, { force: true });
  try {
    // A junction is Windows' link to a folder that needs no permission.
    symlinkSync(join(import.meta.dirname, ".."), link, "junction");
  } catch (error) {
    // Another process of the example may have been first.
    if (error.code !== "EEXIST") throw error;
  }
}
