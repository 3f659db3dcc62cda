// The training example as a user starts it, on the built package: what it learns, that it is
// reproducible, what it writes. Needs dist (npm run build).

import { beforeAll, describe, expect, it } from "vitest";
import { exampleOf, expectPage, number, testsOfProgram } from "./program-tests.ts";

const example = exampleOf(import.meta.dirname);

describe("on Japanese Vowels", () => {
  let stdout: string;
  let report: string;

  beforeAll(async () => {
    ({ stdout, report } = await example.report());
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
    expectPage(report);
  });
});

testsOfProgram(example, "train", /(Loss.*\nAccuracy.*)/);
