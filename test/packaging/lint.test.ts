// The package's metadata, judged by the two tools that the field uses for it: publint (does
// package.json say what the files are) and Are The Types Wrong (do the declarations fit what each
// kind of import gets). Neither may have a finding.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Consumer, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(() => consumer.install());
afterAll(() => consumer.close());

it("publint has no finding", async () => {
  const tarball = new Uint8Array(readFileSync(consumer.packed.tarball)).buffer;
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

interface Analysis {
  readonly analysis: {
    readonly types: unknown;
    readonly entrypoints: Record<string, { resolutions: Record<string, unknown> }>;
  };
  readonly problems?: Record<string, { kind: string; entrypoint?: string; resolutionKind?: string }[]>;
}

it("Are The Types Wrong has no finding", async () => {
  const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  let stdout: string;
  try {
    // The entries that are WebAssembly have no types to be wrong.
    stdout = await consumer.run(
      nodes["Node 24"],
      attw,
      consumer.packed.tarball,
      "--format",
      "json",
      "--exclude-entrypoints",
      "./wasm/*.wasm",
    );
  } catch (error) {
    stdout = (error as { stdout: string }).stdout;
  }
  const { analysis, problems } = JSON.parse(stdout) as Analysis;
  // TypeScript's oldest way of resolving knows no `exports`: only the package's main entry can be
  // had by it. TypeScript 7 has dropped it.
  const findings = Object.values(problems ?? {}).flat();
  expect(
    findings.filter(({ resolutionKind, entrypoint }) => resolutionKind !== "node10" || entrypoint === "."),
  ).toEqual([]);
  // It looked at the entry, in every way of resolving it.
  expect(Object.keys(analysis.entrypoints)).toContain(".");
  expect(Object.keys(analysis.entrypoints["."]?.resolutions ?? {}).sort()).toEqual([
    "bundler",
    "node10",
    "node16-cjs",
    "node16-esm",
  ]);
});
