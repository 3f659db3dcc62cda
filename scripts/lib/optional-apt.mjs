// Debian packages that only tests need. Where they cannot be had everything else still works, and the tests say what they skip; so a failure
// is said once and not tried again for a day, instead of ending whatever command met it first.

import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, isDebian, isRoot } from "./get-rust.mjs";
import { toolsFolder } from "./project.mjs";
import { Fault } from "./terminal.mjs";

const retryMs = 24 * 3600 * 1000;
const stampOf = (name) => join(toolsFolder, `${name}-unavailable`);

/** Of packages that are missing those that are worth trying. `name` is the set's, for its stamp. */
export function worthTrying(name, packages) {
  if (packages.length === 0 || !isDebian() || !isRoot()) return [];
  const stamp = stampOf(name);
  const tried = existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < retryMs;
  return tried ? [] : packages;
}

/** Installs them; gives what to say of it. */
export async function bringOptional(name, packages) {
  try {
    await aptInstall(packages);
    rmSync(stampOf(name), { force: true });
    return packages.join(", ");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    mkdirSync(toolsFolder, { recursive: true });
    writeFileSync(stampOf(name), error.message);
    return `${packages.join(", ")} could not be installed: tests that need them are skipped`;
  }
}
