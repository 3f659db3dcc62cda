// The size budgets (scripts/lib/budgets.mjs), measured by size-limit on what the build made.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { budgets } from "../../scripts/lib/budgets.mjs";
import { nodes, root } from "./consumer.ts";

interface Measured {
  readonly name: string;
  readonly passed: boolean;
  readonly size: number;
  readonly sizeLimit: number;
}

let measured: Measured[];
beforeAll(async () => {
  const sizeLimit = join(root, "node_modules", "size-limit", "bin.js");
  // It ends with an error where a budget is exceeded, and has said what it found even so.
  const { stdout } = await promisify(execFile)(nodes["Node 24"], [sizeLimit, "--json"], { cwd: root }).catch(
    (error: { stdout: string }) => error,
  );
  measured = JSON.parse(stdout) as Measured[];
});

describe.each(budgets.map(({ name, limit }) => ({ name, limit })))("$name", ({ name, limit }) => {
  it(`has at most ${limit} compressed`, () => {
    const found = measured.find((one) => one.name === name)!;
    expect(found.size).toBeGreaterThan(100);
    expect(found.size, `${found.size} bytes, ${found.sizeLimit} are allowed`).toBeLessThanOrEqual(found.sizeLimit);
    expect(found.passed).toBe(true);
  });
});
