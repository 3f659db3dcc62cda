// Vulkan drivers that need no GPU, for the tests of WebGPU: Mesa's llvmpipe from Debian's packages,
// for wgpu in Deno, and SwiftShader, which comes with Debian's chromium (browsers.mjs), for Dawn in
// Node. Elsewhere installed drivers are used, and tests that lack one say so.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { optionalPackages } from "./optional-apt.mjs";

/** The folder and the name prefix of each driver's manifest. */
const drivers = {
  llvmpipe: ["/usr/share/vulkan/icd.d", "lvp"],
  swiftShader: ["/usr/lib/chromium", "vk_swiftshader"],
};

/** The manifest of a driver, or undefined if it is missing. */
export function vulkanDriver(name) {
  const [folder, beginning] = drivers[name];
  const file =
    existsSync(folder) && readdirSync(folder).find((one) => one.startsWith(beginning) && one.endsWith(".json"));
  return file ? join(folder, file) : undefined;
}

const absent = () => (vulkanDriver("llvmpipe") ? [] : ["mesa-vulkan-drivers"]);

export const packages = optionalPackages("vulkan", "WebGPU without a GPU, for tests", absent);

/** Whether the machine has a GPU with a known driver. */
export function hasGpu() {
  if (process.platform !== "linux") return true;
  const cards = existsSync("/dev/dri") && readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  return cards || existsSync("/dev/nvidia0");
}

/**
 * A Dawn toggle for SwiftShader, whose compiler is slow for workgroup memory with zero
 * initialisers. Zeroing it in a loop, Dawn's alternative, takes a tenth of the time.
 */
export const swiftShaderToggles = "disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension";
