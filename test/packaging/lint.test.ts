// The package's metadata, checked by two standard tools: publint (does package.json describe the
// files) and Are The Types Wrong (do the declarations match what each kind of import gets). Neither
// may report anything.

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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
  // To a file: it exits with its findings as status before a pipe has taken all of its output.
  const file = join(mkdtempSync(join(tmpdir(), "path-signature-types-")), "analysis.json");
  const output = openSync(file, "w");
  // WebAssembly entries have no types to check.
  const options = ["--format", "json", "--exclude-entrypoints", "./wasm/*.wasm"];
  const { error } = spawnSync(nodes["Node 24"], [attw, consumer.packed.tarball, ...options], {
    cwd: root,
    stdio: ["ignore", output, "inherit"],
  });
  closeSync(output);
  expect(error).toBeUndefined();
  const stdout = readFileSync(file, "utf8");
  rmSync(join(file, ".."), { recursive: true });
  const { analysis, problems } = JSON.parse(stdout) as Analysis;
  // TypeScript's oldest resolution ignores `exports` and finds only the main entry. TypeScript 7
  // has dropped it.
  const findings = Object.values(problems ?? {}).flat();
  expect(
    findings.filter(({ resolutionKind, entrypoint }) => resolutionKind !== "node10" || entrypoint === "."),
  ).toEqual([]);
  // It checked the entry, under every resolution.
  expect(Object.keys(analysis.entrypoints)).toContain(".");
  expect(Object.keys(analysis.entrypoints["."]?.resolutions ?? {}).sort()).toEqual([
    "bundler",
    "node10",
    "node16-cjs",
    "node16-esm",
  ]);
});
