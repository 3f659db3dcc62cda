// Debian packages that only tests need. Without them everything else works, and tests report what
// they skip. So a failed installation is reported once and not repeated for a day, instead of
// failing the command that tried first.

import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, isDebian, isRoot } from "./get-rust.mjs";
import { toolsFolder } from "./project.mjs";
import { Fault } from "./terminal.mjs";

const retryMs = 24 * 3600 * 1000;
const stampOf = (name) => join(toolsFolder, `${name}-unavailable`);

/** The missing packages that are worth trying. `name` is the name of the set, for its stamp. */
export function worthTrying(name, packages) {
  if (packages.length === 0 || !isDebian() || !isRoot()) return [];
  const stamp = stampOf(name);
  const tried = existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < retryMs;
  return tried ? [] : packages;
}

/** Installs them; returns a message. */
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
