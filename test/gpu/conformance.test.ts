// The table of cases on the WebGPU of other runtimes: Chromium (Dawn, as browsers have it) and Deno (wgpu, an implementation of its own with
// its own compiler of WGSL).

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium as browsers } from "playwright-core";
import { build } from "vite";
import { beforeAll, expect, test } from "vitest";
import type { Report } from "./conformance.ts";
import { gpuGradientCases } from "./gradient-table.ts";
import { chromium, chromiumFlags, deno, denoEnvironment, describeOn } from "./implementations.ts";
import { gpuCases, type Outcome } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "target", "test", "gpu");
const time = 900_000;

/** One JavaScript file of the table and the library, exporting `run`. */
async function bundle(): Promise<string> {
  await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      lib: { entry: "test/gpu/conformance.ts", formats: ["es"], fileName: "conformance" },
      outDir: folder,
      emptyOutDir: true,
      target: "esnext",
      minify: false,
    },
  });
  return join(folder, "conformance.js");
}

async function inChromium(script: string): Promise<Report> {
  const server: Server = createServer((request, response) => {
    const isScript = request.url === "/conformance.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    // Isolated, so that there is memory that threads share: one of the forms of input.
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    response.end(isScript ? readFileSync(script) : "<!doctype html><title>path-signature</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await browsers.launch({ executablePath: chromium!, args: chromiumFlags });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(time);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    // As text: what vitest makes of an import works in vitest only.
    return await page.evaluate<Report>(`import("/conformance.js").then(({ run }) => run(navigator.gpu))`);
  } finally {
    await browser.close();
    server.close();
  }
}

async function inDeno(script: string): Promise<Report> {
  const source = `import { run } from ${JSON.stringify(script)}; console.log(JSON.stringify(await run(navigator.gpu)));`;
  const { stdout } = await promisify(execFile)(deno!, ["eval", "--unstable-webgpu", source], {
    env: { ...process.env, ...denoEnvironment },
    maxBuffer: 2 ** 26,
    timeout: time,
  });
  return JSON.parse(stdout.slice(stdout.indexOf("{")));
}

const runtimes = [
  ["chromium", inChromium],
  ["deno", inDeno],
] as const;

for (const [name, run] of runtimes) {
  describeOn(name, name, () => {
    let report: Report;
    beforeAll(async () => {
      report = await run(await bundle());
    }, time);

    const expectRight = (outcome: Outcome | undefined) => {
      expect(outcome?.error).toBeUndefined();
      expect(outcome?.worst, outcome?.where).toBeLessThanOrEqual(1);
    };
    test.each(gpuCases)("$name", ({ name: wanted }) => expectRight(report.outcomes.find((one) => one.name === wanted)));
    test.each(gpuGradientCases)("gradients: $name", ({ name: wanted }) =>
      expectRight(report.gradients.find((one) => one.name === wanted)),
    );

    test("compilers have no complaints, no fault was met", () => {
      expect(report.messages).toEqual([]);
      expect(report.faults).toEqual([]);
    });
  });
}
