// The classifier's closed forms against direct solutions: a regression solved by its normal
// equations, and solved again without each row in turn.

import { inverse, Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { learnRidgeClassifier, penalties } from "./src/ridge.ts";
import { learnStandardiser } from "./src/standardise.ts";

/** Pseudo-random numbers, the same everywhere. */
function numbers(rows: number, columns: number): Matrix {
  let state = 12345;
  return new Matrix(
    Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        return state / 2 ** 30 - 1;
      }),
    ),
  );
}

/** Weights, with the intercept last and not penalised, by the normal equations. */
function solve(x: Matrix, targets: Matrix, penalty: number): Matrix {
  const extended = x.clone().addColumn(x.columns, new Array<number>(x.rows).fill(1));
  const gram = extended.transpose().mmul(extended);
  for (let k = 0; k < x.columns; k++) gram.set(k, k, gram.get(k, k) + penalty);
  return inverse(gram).mmul(extended.transpose().mmul(targets));
}

const without = (x: Matrix, row: number): Matrix => x.clone().removeRow(row);
const predict = (row: number[], weights: Matrix): number[] =>
  Matrix.rowVector([...row, 1])
    .mmul(weights)
    .getRow(0);

describe.each([
  ["more rows than features", 20, 5],
  ["more features than rows", 9, 14],
])("a ridge classifier on %s", (_, rows, columns) => {
  const x = numbers(rows, columns).center("column");
  const labels = Array.from({ length: rows }, (_, i) => (i * i + i) % 3);
  const targets = new Matrix(labels.map((label) => [0, 1, 2].map((c) => (c === label ? 1 : -1))));
  const classifier = learnRidgeClassifier(x, labels, 3);

  it("has the errors of leaving each row out", () => {
    for (const [i, penalty] of penalties.entries()) {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const predicted = predict(x.getRow(row), solve(without(x, row), without(targets, row), penalty));
        for (const [c, value] of predicted.entries()) sum += (value - targets.get(row, c)) ** 2;
      }
      // The direct solution loses digits in its normal equations where the penalty is small.
      expect(classifier.errors[i]).toBeCloseTo(sum / (rows * 3), 6);
    }
  });

  it("chooses the penalty with the smallest", () => {
    expect(classifier.penalty).toBe(penalties[classifier.errors.indexOf(Math.min(...classifier.errors))]);
  });

  it("predicts the class with the largest regression", () => {
    const weights = solve(x, targets, classifier.penalty);
    const others = numbers(50, columns);
    const expected = others.to2DArray().map((row) => {
      const values = predict(row, weights);
      return values.indexOf(Math.max(...values));
    });
    expect(classifier.predict(others)).toEqual(expected);
  });
});

describe("standardising", () => {
  it("gives features mean 0 and variance 1, and leaves constants alone, rounding included", () => {
    const rows = new Matrix([
      [1, 5, 0.1 + 0.2],
      [2, 5, 0.3],
      [6, 5, 0.3],
    ]);
    const standardised = learnStandardiser(rows)(rows);
    expect(standardised.mean("column")[0]).toBeCloseTo(0, 14);
    expect(standardised.variance("column", { unbiased: false })[0]).toBeCloseTo(1, 14);
    expect(standardised.getColumn(1)).toEqual([0, 0, 0]);
    for (const value of standardised.getColumn(2)) expect(Math.abs(value)).toBeLessThan(1e-15);
  });
});
