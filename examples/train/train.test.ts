// The training example as a user starts it, on the built package: what it learns, that it is
// reproducible, what it writes. Needs dist (npm run build).

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const program = join(import.meta.dirname, "main.mjs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "train-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);

describe("on Japanese Vowels", () => {
  let stdout: string;
  let report: string;

  beforeAll(async () => {
    const file = join(folder, "report.html");
    const result = await run("--report", file);
    expect(result.stderr).toBe("");
    expect(result.code).toBe(0);
    stdout = result.stdout;
    report = await readFile(file, "utf8");
  });

  it("gets at least 97 % of the test set right", () => {
    expect(number(stdout, /Accuracy +(\d+) of 370/)).toBeGreaterThanOrEqual(0.97 * 370);
  });

  it("brings the loss down and keeps no tensors", () => {
    const [loss, before] = [/Loss +([\d.]+),/, /from ([\d.]+)/].map((pattern) => number(stdout, pattern));
    expect(loss!).toBeLessThan(0.1 * before!);
    expect(stdout).toMatch(/Tensors +(\d+) after the first epoch, \1 after the last/);
  });

  it("writes a report with the curves and the matrix that asks nothing of the network", () => {
    expect(report.match(/<svg[^>]* role="img"/g)).toHaveLength(3);
    expect(report).toContain("Loss of the training set by epoch");
    expect(report).toContain("default-src 'none'");
    expect(report).not.toMatch(/<(script|link|img|iframe)\b/i);
    expect(report.replace(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:\/\//);
    expect(report).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
  });
});

it("a seed gives the same numbers every time, another one others", async () => {
  const loss = async (seed: string) => {
    const { stdout } = await run("--epochs", "2", "--seed", seed, "--report", join(folder, `seed-${seed}.html`));
    return /Loss.*\nAccuracy.*/.exec(stdout)![0];
  };
  const [one, again, other] = [await loss("5"), await loss("5"), await loss("6")];
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});

it.each([
  [["--epochs", "0"], '--epochs takes a whole number from 1 on, not "0".'],
  [["--seed", "x"], '--seed takes a whole number from 0 on, not "x".'],
  [["--fast"], "Unknown option '--fast'."],
])("refuses %j with the usage", async (args, text) => {
  const { code, stdout, stderr } = await run(...args);
  expect(stderr).toContain(text);
  expect(stderr).toContain("Usage: npm run train");
  expect([code, stdout]).toEqual([2, ""]);
});
