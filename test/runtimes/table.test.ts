// The runtime matrix in docs/runtimes.md has a line for every tested row, and agrees with the
// committed result.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "../packaging/consumer.ts";
import { rows } from "./rows.mjs";

const { found } = JSON.parse(readFileSync(join(import.meta.dirname, "results.json"), "utf8")) as {
  found: { id: string; checks: Record<string, string> }[];
};

it("has a result for every row, and all are green", () => {
  expect(found.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  const verdicts = new Set(found.flatMap(({ checks }) => Object.values(checks)));
  expect([...verdicts].filter((verdict) => verdict !== "passed" && verdict !== "absent")).toEqual([]);
});

it("is what docs/runtimes.md shows (node scripts/matrix.mjs --draw writes it)", async () => {
  await promisify(execFile)(process.execPath, [join(root, "scripts/matrix.mjs"), "--check"], { cwd: root });
});
