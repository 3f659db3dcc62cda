// Constants fitted to synthetic times: the true ones are recovered, with or without outliers, and a
// constant that no time depends on stays at its prior value.

import { describe, expect, test } from "vitest";
import { fitLogarithms, median } from "../../ts/dispatch/least-squares.ts";
import { random } from "../paths.ts";

const truth = [1e-3, 2e-9, 5e-11];
/** From none to many of each unit, over many orders of magnitude. */
const units = Array.from({ length: 40 }, (_, i) => [1, 10 ** (2 + (i % 6)), i % 3 === 0 ? 0 : 10 ** (4 + (i % 7))]);
const dot = (row: readonly number[], constants: readonly number[]) =>
  row.reduce((sum, unit, j) => sum + unit * constants[j]!, 0);
const exact = units.map((row) => dot(row, truth));
const likely = [3e-3, 1e-9, 1e-10];

function expectWithin(factor: number, found: readonly number[], wanted: readonly number[]): void {
  for (const [j, value] of found.entries()) {
    expect(value / wanted[j]!).toBeGreaterThan(1 / factor);
    expect(value / wanted[j]!).toBeLessThan(factor);
  }
}

describe("fitLogarithms", () => {
  test("finds what exact times were made of", () => {
    expectWithin(1.01, fitLogarithms({ units, seconds: exact, likely }).constants, truth);
  });

  test("on a machine that is slower in everything than what is likely", () => {
    const slow = truth.map((value) => 3000 * value);
    const seconds = units.map((row) => dot(row, slow));
    expectWithin(1.02, fitLogarithms({ units, seconds, likely }).constants, slow);
  });

  test("half as long and twice as long are equally wrong", () => {
    const seconds = exact.map((s, i) => (i % 2 === 0 ? 2 * s : s / 2));
    const found = fitLogarithms({ units, seconds, likely }).constants;
    const ratios = units.map((row, i) => dot(row, found) / exact[i]!);
    // Least squares of estimate / time − 1 would give 0.59.
    expect(median(ratios)).toBeGreaterThan(0.75);
    expect(median(ratios)).toBeLessThan(1.33);
  });

  test("times that something else made long count little", () => {
    const next = random(3);
    const seconds = exact.map((s, i) => (i % 8 === 5 ? 30 * s : s * (1 + 0.05 * next())));
    expectWithin(1.35, fitLogarithms({ units, seconds, likely }).constants, truth);
  });

  test("what no time tells of stays what is likely, on the scale of the others", () => {
    const blind = fitLogarithms({
      units: units.map((row) => [row[1]!, 0]),
      seconds: units.map((row) => 2e-9 * row[1]!),
      likely: [1e-9, 7],
    }).constants;
    expect(blind[0]! / 2e-9).toBeCloseTo(1, 2);
    expect(blind[1]).toBeGreaterThan(6);
    expect(blind[1]).toBeLessThan(16);
  });
});
