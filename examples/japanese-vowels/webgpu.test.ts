// The demo on a GPU or a software adapter: the same predictions as on the CPU. Needs dist (npm run
// build).

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { swiftShaderToggles, vulkanDriver } from "../../scripts/lib/webgpu.mjs";
import { describeOn, hardware } from "../../test/gpu/implementations.ts";

const main = join(import.meta.dirname, "main.mjs");
const driver = vulkanDriver("swiftShader");
const software = { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver, DAWN_OPTIONS: swiftShaderToggles };
let folder: string;

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

const run = (env: object, ...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    const all = [main, "--report", join(folder, "report.html"), ...args];
    execFile(process.execPath, all, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

/** Accuracy and confusion matrix, which depend on the predictions only. */
const predictions = ({ stdout }: Run): string => stdout.slice(stdout.indexOf("Accuracy"), stdout.indexOf("Report"));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "japanese-vowels-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeOn("dawn", "the demo with --device webgpu", () => {
  it("predicts the same speakers as on the CPU, and says what computed", async () => {
    const [gpu, cpu] = [await run(hardware ? {} : software, "--device", "webgpu"), await run({})];
    expect([gpu.code, cpu.code]).toEqual([0, 0]);
    expect(gpu.stdout).toMatch(/first call, WebGPU, .+ of path-signature/);
    expect(predictions(gpu)).toContain("370 right");
    expect(predictions(gpu)).toBe(predictions(cpu));
  });
});

it("says in a line that there is no adapter, or what else --device takes", async () => {
  const nowhere = { VK_ICD_FILENAMES: "/nowhere", VK_DRIVER_FILES: "/nowhere", DAWN_OPTIONS: "backend=vulkan" };
  if (process.platform === "linux") {
    const { code, stdout, stderr } = await run(nowhere, "--device", "webgpu");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/WebGPU: .*\. Without --device webgpu the CPU does it\.\n$/);
  }
  const { code, stderr } = await run({}, "--device", "tpu");
  expect(stderr).toContain('--device takes cpu or webgpu, not "tpu".');
  expect(code).toBe(2);
});
