// What tests of training examples have in common: how one is started, and what all of them promise:
// a report that asks nothing of the network, equal seeds, refused arguments. Needs dist (npm run
// build).

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Example {
  run(...args: string[]): Promise<Ended>;
  /** Runs it, and reads its report. */
  report(...args: string[]): Promise<{ readonly stdout: string; readonly report: string }>;
}

/** The example of a folder. */
export function exampleOf(folder: string): Example {
  let scratch: string;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "example-"));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));
  const run = (...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(process.execPath, [join(folder, "main.mjs"), ...args], (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  let reports = 0;
  return {
    run,
    async report(...args) {
      const file = join(scratch, `report-${reports++}.html`);
      const { code, stdout, stderr } = await run("--report", file, ...args);
      expect([code, stderr]).toEqual([0, ""]);
      return { stdout, report: await readFile(file, "utf8") };
    },
  };
}

export const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);

/** Expects a page with three charts that asks nothing of the network. */
export function expectPage(report: string): void {
  expect(report.match(/<svg[^>]* role="img"/g)).toHaveLength(3);
  expect(report).toContain("Loss of the training set by epoch");
  expect(report).toContain("default-src 'none'");
  expect(report).not.toMatch(/<(script|link|img|iframe)\b/i);
  expect(report.replace(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:\/\//);
  expect(report).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
}

/** Tests of seeds and arguments. @param results - the printed numbers that a seed decides */
export function testsOfProgram({ run, report }: Example, name: string, results: RegExp): void {
  it("a seed gives the same numbers every time, another one others", async () => {
    const numbers = async (seed: string) =>
      (await report("--epochs", "2", "--seed", seed)).stdout.match(results)!.slice(1);
    const [one, again, other] = [await numbers("5"), await numbers("5"), await numbers("6")];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it.each([
    [["--epochs", "0"], '--epochs takes a whole number from 1 on, not "0".'],
    [["--seed", "x"], '--seed takes a whole number from 0 on, not "x".'],
    [["--fast"], "Unknown option '--fast'."],
  ])("refuses %j with the usage", async (args, text) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(text);
    expect(stderr).toContain(`Usage: npm run ${name}`);
    expect([code, stdout]).toEqual([2, ""]);
  });
}
