// The WebGPU implementations for tests, and why one is missing: Dawn in Node, Chromium, wgpu in
// Deno. Without a GPU they run on the CPU: SwiftShader, which comes with chromium, and Mesa's
// llvmpipe. scripts/lib/webgpu.mjs installs what is available.
//
//   GPU_ADAPTER=hardware|software   which adapters; default hardware if the machine has one

import { describe, test } from "vitest";
import { browser } from "../../scripts/lib/browsers.mjs";
import { runtime } from "../../scripts/lib/runtimes.mjs";
import { hasGpu, swiftShaderToggles, vulkanDriver } from "../../scripts/lib/webgpu.mjs";

/** Whether tests run on a GPU. */
export const hardware = process.env.GPU_ADAPTER === undefined ? hasGpu() : process.env.GPU_ADAPTER === "hardware";

const swiftShader = vulkanDriver("swiftShader");
const llvmpipe = vulkanDriver("llvmpipe");

export const chromium = (browser("chromium") as { browser: string } | undefined)?.browser;
export const deno = runtime("deno");

/** Chromium's flags for WebGPU, also without a display. */
export const chromiumFlags = [
  "--headless=new",
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--enable-unsafe-webgpu",
  ...(hardware ? ["--enable-features=Vulkan"] : ["--use-webgpu-adapter=swiftshader", `--${swiftShaderToggles}`]),
];

/** Environment in which a program sees one driver only. */
export const denoEnvironment = hardware || !llvmpipe ? {} : { VK_ICD_FILENAMES: llvmpipe, VK_DRIVER_FILES: llvmpipe };

/** The reason why an implementation cannot run here, or `undefined`. */
export const missing = {
  dawn: () => (hardware || swiftShader ? undefined : "no GPU, and no SwiftShader: it comes with Debian's chromium"),
  chromium: () => (chromium ? undefined : "chromium is not installed"),
  deno: () => {
    if (!deno) return "the npm package deno has no program for this system";
    return hardware || llvmpipe ? undefined : "no GPU, and no llvmpipe: Debian's mesa-vulkan-drivers brings it";
  },
};

/**
 * `describe` for tests that need an implementation. If it is missing they are skipped, with the
 * reason in the title; with REQUIRE_GPU set that is a failure.
 */
export function describeOn(name: keyof typeof missing, title: string, body: () => void): void {
  const reason = missing[name]();
  if (reason === undefined) describe(title, body);
  else if (process.env.REQUIRE_GPU) {
    describe(title, () => {
      test(`needs ${name}`, () => {
        throw new Error(`REQUIRE_GPU is set, and ${name} is missing: ${reason}`);
      });
    });
  } else describe.skip(`${title} (needs ${name}: ${reason})`, body);
}

/** Dawn's GPU in this process, or `undefined` where it cannot run. */
export async function openDawn(): Promise<GPU | undefined> {
  if (missing.dawn()) return undefined;
  if (!hardware) {
    // The Vulkan loader reads this when Dawn looks for adapters.
    process.env.VK_ICD_FILENAMES = swiftShader;
    process.env.VK_DRIVER_FILES = swiftShader;
  }
  await import("./idle-polling.mjs");
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  return create(hardware ? [] : [swiftShaderToggles]);
}
