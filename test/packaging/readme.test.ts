// The README followed to the letter, in clean projects: what its samples say is true in a strict
// TypeScript project on Node, in a Vite app in a browser, and on Deno.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build as vite } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runtime } from "../../scripts/lib/runtimes.mjs";
import { samplesOf } from "../docs/samples.ts";
import { startChromium } from "../runtimes/browsers/chromium.ts";
import { writePage } from "../runtimes/browsers/pages.ts";
import { Site } from "../runtimes/browsers/site.ts";
import { requireHost } from "../runtimes/hosts.ts";
import { Consumer, root } from "./consumer.ts";

const project = new Consumer();
const samples = samplesOf(readFileSync(join(root, "README.md"), "utf8"));

beforeAll(async () => {
  await project.install();
  project.write("claim.mjs", readFileSync(join(root, "test/docs/claim.mjs"), "utf8"));
  project.write("claim.d.mts", "export function claim(actual: unknown, stated: unknown, line: number): void;\n");
  samples.forEach(({ code }, i) => {
    project.write(`sample${i}.ts`, `import { claim } from "./claim.mjs";\n${code}\nexport {};\n`);
  });
  const imports = samples.map((_, i) => `import "./sample${i}.ts";`).join("\n");
  project.write("main.ts", `${imports}\nconsole.log("followed");\n`);
});
afterAll(() => project.close());

it("has samples that claim something", () => {
  expect(samples.length).toBeGreaterThan(1);
  expect(samples.map(({ code }) => code).join("\n")).toContain("claim(");
});

it("a strict TypeScript project on Node", async () => {
  const compilerOptions = {
    ...{ strict: true, skipLibCheck: false, noEmit: true, types: [], lib: ["es2022"] },
    ...{ module: "nodenext", target: "es2022", allowImportingTsExtensions: true },
  };
  // Samples print nothing; `console` is the only global that the project needs.
  project.write("globals.d.ts", "declare const console: { log(text: string): void };\n");
  project.write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
  project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["main.ts", "globals.d.ts"] }));
  const node = join(root, "node_modules/node/bin/node");
  await project.run(node, join(root, "node_modules/typescript/bin/tsc"), "-p", ".");
  expect(await project.run(node, "--no-warnings", "main.ts")).toBe("followed\n");
});

it("Deno", async ({ skip }) => {
  requireHost("deno", skip);
  project.write("deno.json", JSON.stringify({ nodeModulesDir: "manual" }));
  const args = ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", "main.ts"];
  expect(await project.run(runtime("deno")!, ...args)).toBe("followed\n");
});

it("a Vite app in a browser", async ({ skip }) => {
  requireHost("chromium", skip);
  const imports = samples.map((_, i) => `import("./sample${i}.ts")`).join(", ");
  project.write("app.ts", `Promise.all([${imports}]).then(() => report("followed"), fail);\n`);
  const out = join(project.folder, "out");
  mkdirSync(out);
  await vite({
    root: project.folder,
    configFile: false,
    logLevel: "error",
    base: "./",
    build: {
      outDir: out,
      rolldownOptions: { input: join(project.folder, "app.ts"), output: { entryFileNames: "main.js" } },
    },
  });
  const site = new Site(project.folder);
  await site.open();
  const browser = await startChromium();
  try {
    const page = writePage(project, "readme.html", "out/main.js");
    expect(await site.visit((url) => browser.navigate(url), "plain", page)).toBe("followed");
  } finally {
    await browser.close();
    await site.close();
  }
});
