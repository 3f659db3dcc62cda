// Implementations of WebGPU that need no GPU, for the tests: Debian's chromium (which brings SwiftShader, a Vulkan driver for the CPU that
// Dawn in Node runs on as well) and Mesa's llvmpipe, another one, for wgpu in Deno. Nothing of it is needed to build; where it is missing and
// cannot be had, tests say that they are skipped, and why.

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { aptInstall, isDebian, isRoot } from "./get-rust.mjs";
import { toolsFolder } from "./project.mjs";
import { onPath } from "./rust.mjs";
import { Fault } from "./terminal.mjs";

/** Debian's packages, and what shows that they are there. */
const packages = {
  chromium: () => onPath("chromium") !== undefined,
  "mesa-vulkan-drivers": () => driverFile("lvp") !== undefined,
};

/** A Vulkan driver's manifest by the beginning of its name. */
function driverFile(name) {
  const folder = "/usr/share/vulkan/icd.d";
  const file = existsSync(folder) && readdirSync(folder).find((one) => one.startsWith(name));
  return file ? `${folder}/${file}` : undefined;
}

/** Left where they could not be had, so that not every command tries again. */
const stamp = `${toolsFolder}/webgpu-unavailable`;
const retryMs = 24 * 3600 * 1000;
const wasTried = () => existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < retryMs;

/** Packages that are missing and could be installed. */
export function missing() {
  if (!isDebian() || !isRoot()) return [];
  const names = Object.keys(packages).filter((name) => !packages[name]());
  return names.length > 0 && wasTried() ? [] : names;
}

/** Installs them; gives what to say of it. A machine that cannot have them can still build and test everything else. */
export async function install(names) {
  try {
    await aptInstall(names);
    return names.join(", ");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    mkdirSync(toolsFolder, { recursive: true });
    writeFileSync(stamp, error.message);
    return `${names.join(", ")} could not be installed: tests of WebGPU are skipped`;
  }
}
