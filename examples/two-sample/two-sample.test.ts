// The example of two samples as a user starts it, on the built package: what it finds, that it is
// reproducible, what it writes. Needs dist (npm run build).

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discrepancy, twoSampleTest } from "./src/test.ts";

const program = join(import.meta.dirname, "main.mjs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "two-sample-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

describe("on Japanese Vowels", () => {
  it("sees another speaker, and no change in one; names speakers; writes a report", async () => {
    const file = join(folder, "report.html");
    const { code, stdout, stderr } = await run("--report", file);
    expect([code, stderr]).toEqual([0, ""]);
    expect(Number(/Unchanged +p = ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(0.05);
    expect(stdout).toMatch(/Changed +p = 0\.001/);
    expect(Number(/Accuracy +(\d+) of 370/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(0.98 * 370);
    const report = await readFile(file, "utf8");
    expect(report.match(/<svg[^>]* role="img"/g)).toHaveLength(3);
    expect(report).toContain("default-src 'none'");
    expect(report).not.toMatch(/<(script|link|img|iframe)\b/i);
    expect(report).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
    const lines = (text: string) => text.split("\n").filter((line) => /p =|Accuracy/.test(line));
    expect(lines((await run("--report", file)).stdout)).toEqual(lines(stdout));
  });

  it.each([
    [["--permutations", "0"], '--permutations takes a whole number from 1 to 1000000, not "0".'],
    [["--speaker", "x"], '--speaker takes one of 1, 2, 3, 4, 5, 6, 7, 8, 9, not "x".'],
    [["--fast"], "Unknown option '--fast'."],
  ])("refuses %j with the usage", async (args, text) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(text);
    expect(stderr).toContain("Usage: npm run two-sample");
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("the test", () => {
  /** k(a, b) = a b of numbers: the discrepancy is then that of means. */
  const gram = (numbers: readonly number[]) => numbers.map((a) => numbers.map((b) => a * b));

  it("is unbiased: a plain sum over pairs", () => {
    // 1 · 2 + 3 · 5 − 2 · mean of 1, 2 with 3, 5.
    const value = discrepancy(gram([1, 2, 3, 5]), [true, true, false, false]);
    expect(value).toBeCloseTo(2 + 15 - (2 * (3 + 5 + 6 + 10)) / 4, 12);
  });

  it("tells far samples from near ones", () => {
    const near = [1, 2, 3, 4, 5, 1.5, 2.5, 3.5, 4.5, 3];
    expect(twoSampleTest(gram(near), 5, 500).p).toBeGreaterThan(0.2);
    const far = near.map((x, i) => (i < 5 ? x : x + 20));
    expect(twoSampleTest(gram(far), 5, 500).p).toBeLessThan(0.02);
  });
});
