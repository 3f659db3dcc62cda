// Runs a module of this repository on a WebGPU host: in a Node process with Dawn, in a page of
// Chromium, or in Deno. Its result returns as JSON.

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { chromium as browsers } from "playwright-core";
import { swiftShaderToggles, vulkanDriver } from "../../scripts/lib/webgpu.mjs";
import { chromium, chromiumFlags, deno, denoEnvironment, hardware } from "./implementations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Time-out for everything that is run at once; software adapters are slow. */
export const hostTime = 1_800_000;

const types: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** The repository's files, cross-origin isolated, so that shared memory is available. */
async function serve() {
  const server = createServer((request, response) => {
    const file = join(root, normalize(new URL(request.url!, "http://localhost").pathname));
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    const type = types[extname(file)];
    if (type !== undefined && existsSync(file)) {
      response.setHeader("content-type", type);
      response.end(readFileSync(file));
    } else {
      response.setHeader("content-type", "text/html");
      response.statusCode = request.url === "/" ? 200 : 404;
      response.end("<!doctype html><title>path-signature</title>");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function inChromium(file: string): Promise<unknown> {
  const { server, address } = await serve();
  const browser = await browsers.launch({ executablePath: chromium!, args: chromiumFlags });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(hostTime);
    await page.goto(address);
    // As text, since vitest's transformed imports work in vitest only.
    return await page.evaluate(`import("/${file}").then(({ run }) => run(navigator.gpu))`);
  } finally {
    await browser.close();
    server.close();
  }
}

/** The result is the last line of the output: drivers print messages of their own. */
const lastLine = (text: string): unknown => JSON.parse(text.trimEnd().split("\n").at(-1)!);

const sourceFor = (file: string) =>
  `const { run } = await import(${JSON.stringify(pathToFileURL(join(root, file)).href)});
  console.log(JSON.stringify(await run(navigator.gpu)));`;

async function inDeno(file: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(deno!, ["eval", "--unstable-webgpu", sourceFor(file)], {
    env: { ...process.env, ...denoEnvironment },
    maxBuffer: 2 ** 26,
    timeout: hostTime,
  });
  return lastLine(stdout);
}

async function inNode(file: string): Promise<unknown> {
  const driver = vulkanDriver("swiftShader");
  // Dawn keeps the process alive.
  const toggles = JSON.stringify(hardware ? [] : [swiftShaderToggles]);
  const polling = new URL("idle-polling.mjs", import.meta.url);
  const source = `import ${JSON.stringify(polling)};
  import { create, globals } from ${JSON.stringify(import.meta.resolve("webgpu"))};
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create(${toggles}) } });
  ${sourceFor(file)}
  process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], {
    env: { ...process.env, ...(!hardware && { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver }) },
    maxBuffer: 2 ** 26,
    timeout: hostTime,
  });
  return lastLine(stdout);
}

/** Runs `run(gpu)` of a module, given by its path from the root, on one of the implementations. */
export const runOn = {
  dawn: inNode,
  chromium: inChromium,
  deno: inDeno,
} as const satisfies Record<string, (file: string) => Promise<unknown>>;
