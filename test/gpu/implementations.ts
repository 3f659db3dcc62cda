// The implementations of WebGPU that tests run on, and why one is missing: Dawn in Node, Chromium, wgpu in Deno. Without a GPU they run on
// the CPU: SwiftShader, which comes with chromium, and Mesa's llvmpipe. scripts/lib/webgpu.mjs brings what can be had.
//
//   GPU_ADAPTER=hardware|software   which adapters; default hardware where the machine has one

import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { describe, test } from "vitest";

/** Whether the machine has a GPU that a driver knows. */
function hasHardware(): boolean {
  if (process.env.GPU_ADAPTER !== undefined) return process.env.GPU_ADAPTER === "hardware";
  if (process.platform !== "linux") return true;
  const cards = existsSync("/dev/dri") && readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  return cards || existsSync("/dev/nvidia0");
}

export const hardware = hasHardware();

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

export const chromium = ["chromium", "chromium-browser", "google-chrome"]
  .map(onPath)
  .find((file) => file !== undefined);

/** A Vulkan driver's manifest by the beginning of its name. */
function driver(folder: string, name: string): string | undefined {
  const file = existsSync(folder) && readdirSync(folder).find((one) => one.startsWith(name) && one.endsWith(".json"));
  return file ? join(folder, file) : undefined;
}

const swiftShader = driver("/usr/lib/chromium", "vk_swiftshader");
const llvmpipe = driver("/usr/share/vulkan/icd.d", "lvp");

/**
 * SwiftShader's compiler is slow where workgroup memory is declared with zeros as initial value; as a loop, which is what Dawn writes
 * otherwise, it takes a tenth of the time.
 */
const toggle = "use_vulkan_zero_initialize_workgroup_memory_extension";

/** Flags of Chromium for WebGPU, also without a screen. */
export const chromiumFlags = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  ...(hardware
    ? ["--enable-features=Vulkan"]
    : ["--use-webgpu-adapter=swiftshader", `--disable-dawn-features=${toggle}`]),
];

export function findDeno(): string | undefined {
  const require = createRequire(import.meta.url);
  const libc = process.platform === "linux" ? "-glibc" : "";
  try {
    const folder = dirname(require.resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`));
    return join(folder, process.platform === "win32" ? "deno.exe" : "deno");
  } catch {
    return undefined;
  }
}

/** Environment of a program that should see one driver only. */
export const denoEnvironment = hardware || !llvmpipe ? {} : { VK_ICD_FILENAMES: llvmpipe, VK_DRIVER_FILES: llvmpipe };

/** Why an implementation cannot run here; `undefined` where it can. */
export const missing = {
  dawn: () => (hardware || swiftShader ? undefined : "no GPU, and no SwiftShader: it comes with Debian's chromium"),
  chromium: () => (chromium ? undefined : "no chromium on PATH"),
  deno: () => {
    if (!findDeno()) return "the npm package deno has no program for this system";
    return hardware || llvmpipe ? undefined : "no GPU, and no llvmpipe: Debian's mesa-vulkan-drivers brings it";
  },
};

/**
 * `describe` for tests that need an implementation. Where it is missing they are skipped, and the title says why; with REQUIRE_GPU set that is a
 * failure.
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
    // Read by the Vulkan loader when Dawn looks for adapters.
    process.env.VK_ICD_FILENAMES = swiftShader;
    process.env.VK_DRIVER_FILES = swiftShader;
  }
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  return create(hardware ? [] : [`disable-dawn-features=${toggle}`]);
}
