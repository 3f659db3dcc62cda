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

/** Whether an installation of the set failed lately. */
const failedLately = (stamp) => existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < retryMs;

/**
 * A set of packages. `name`: of the set, for its stamp; `title`: what setup calls it; `absent`: the
 * packages of it that are missing.
 */
export const optionalPackages = (name, title, absent) => ({
  title,

  /** Missing packages that can be installed. */
  missingPackages() {
    const packages = absent();
    const isTried = packages.length === 0 || !isDebian() || !isRoot() || failedLately(stampOf(name));
    return isTried ? [] : packages;
  },

  /** Installs what is missing; returns a message. */
  async bring() {
    const packages = absent();
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
  },
});
