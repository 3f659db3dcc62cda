// Vulkan drivers that need no GPU, for the tests of WebGPU: Mesa's llvmpipe from Debian's packages, for wgpu in Deno, and SwiftShader, which comes
// with Debian's chromium (browsers.mjs), for Dawn in Node. Elsewhere what is installed is used, and what is missing is said by the tests that need it.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { bringOptional, worthTrying } from "./optional-apt.mjs";

/** For each driver where its manifest lies, and how its name begins. */
const drivers = {
  llvmpipe: ["/usr/share/vulkan/icd.d", "lvp"],
  swiftShader: ["/usr/lib/chromium", "vk_swiftshader"],
};

/** A driver's manifest, or undefined where it is missing. */
export function vulkanDriver(name) {
  const [folder, beginning] = drivers[name];
  const file =
    existsSync(folder) && readdirSync(folder).find((one) => one.startsWith(beginning) && one.endsWith(".json"));
  return file ? join(folder, file) : undefined;
}

const absent = () => (vulkanDriver("llvmpipe") ? [] : ["mesa-vulkan-drivers"]);

/** Debian packages that are missing and may be had. */
export const missingPackages = () => worthTrying("vulkan", absent());

/** Installs what is missing; gives what to say of it. */
export const bring = () => bringOptional("vulkan", absent());

/** Whether the machine has a GPU that a driver knows. */
export function hasGpu() {
  if (process.platform !== "linux") return true;
  const cards = existsSync("/dev/dri") && readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  return cards || existsSync("/dev/nvidia0");
}

/**
 * What Dawn is told beside SwiftShader: its compiler is slow where workgroup memory is declared with zeros as initial value; zeroed by a loop,
 * as Dawn writes it otherwise, it takes a tenth of the time.
 */
export const swiftShaderToggles = "disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension";
