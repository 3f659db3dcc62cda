// The host in Python (python/): its wheel, installed into an empty environment, gives the bits of
// the table, the exact values of the oracles, and typed errors; its types are strict.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { environment, missing } from "../scripts/lib/python.mjs";
import { table } from "./python/table.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "python");

/** Runs a program in python/ and returns what it prints. */
const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string =>
  execFileSync(program, args, { cwd: folder, encoding: "utf8", env: { ...process.env, ...env }, stdio: "pipe" });

describe.skipIf(missing !== undefined && !process.env.REQUIRE_PYTHON)(`Python${missing ? `: ${missing}` : ""}`, () => {
  let python = "";

  beforeAll(async () => {
    python = await environment();
  }, 600_000);

  test("the wheel gives the bits of the table, and passes its own tests", async () => {
    const file = join(root, "target", "test", "python-table.json");
    mkdirSync(join(root, "target", "test"), { recursive: true });
    writeFileSync(file, await table());
    const oracles = join(root, "test", "oracles");
    const printed = run(python, ["-W", "error", "tests/main.py"], { TABLE: file, ORACLES: oracles });
    const { ran, failures } = JSON.parse(printed.trim().split("\n").at(-1) as string) as Record<string, number>;
    expect(failures).toBe(0);
    expect(ran).toBeGreaterThan(15);
  }, 600_000);

  test("the types are strict", () => {
    const printed = run(python, ["-m", "pyright", "--pythonpath", python, "--stats"]);
    expect(printed).toMatch(/0 errors, 0 warnings/);
  }, 300_000);
});
