// `path-signature/tfjs` with TensorFlow.js's WebGPU backend, on Dawn in Node, from the sources, and
// in Chromium, from the built package. tfjs-checks.ts has the checks; the names of its parts are
// here.

import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { at } from "../../scripts/lib/project.mjs";
import { deviceNow } from "../../ts/gpu/now.ts";
import { hostTime, runOn } from "./hosts.ts";
import { describeOn, openDawn } from "./implementations.ts";

const parts = [
  "before it is prepared: the CPU, or an error that says what to do",
  "values, and nothing leaves the GPU",
  "gradients, and nothing leaves the GPU",
  "tensors of the CPU's, whole numbers, other ranks, no paths, no rows",
  "buffers that are larger than what is in them, and of whom they are",
  "lengths that are a tensor: kept in range, no gradient",
  "errors are the library's",
  "log-signatures: the CPU, or an error that says why",
  "what has no kernel: the CPU, or an error that says why",
  "masks become lengths, on the GPU",
  "a model learns as on the CPU",
  "memory is flat over 200 steps, ours as well",
  "a device that is lost",
  "no error of the device's",
];

/** Sources import the entry from the sources; a page gets the built one. */
const built: Plugin = {
  name: "built",
  setup: ({ onResolve }) => onResolve({ filter: /\/ts\/entry\/tfjs\.ts$/ }, () => ({ path: at("dist/tfjs.js") })),
};

const folder = "target/test/tfjs-webgpu";

async function inChromium(): Promise<unknown> {
  await build({
    entryPoints: [join(import.meta.dirname, "tfjs-checks.ts")],
    outdir: at(folder),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    logLevel: "error",
    plugins: [built],
  });
  return runOn.chromium(`${folder}/tfjs-checks.js`);
}

async function onDawn(): Promise<unknown> {
  // The backend looks for it on import.
  Object.defineProperty(globalThis, "navigator", { value: { gpu: await openDawn() }, configurable: true });
  const { run } = await import("./tfjs-checks.ts");
  return run((device: GPUDevice) => {
    // As after running out of memory: calls of some hundred paths are several blocks.
    for (let i = 0; i < 4; i++) deviceNow(device).shrinkBlocks();
  });
}

for (const [name, runThere] of [
  ["dawn", onDawn],
  ["chromium", inChromium],
] as const) {
  describeOn(name, `TensorFlow.js's WebGPU backend on ${name}`, () => {
    let failures: Record<string, string | null>;
    beforeAll(async () => {
      failures = (await runThere()) as typeof failures;
    }, hostTime);

    test.each(parts)("%s", (part) => expect(failures[part]).toBeNull());
    test("nothing else was tried", () => expect(Object.keys(failures)).toEqual(parts));
  });
}
