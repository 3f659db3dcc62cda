// A ridge classifier: linear regression on targets ±1, one for each class, with a penalty on the
// weights; the class with the largest prediction wins. The penalty is chosen on the training set
// alone, by leave-one-out cross-validation, which has a closed form (Golub, Heath & Wahba 1979,
// "Generalized cross-validation", section 1; Allen's PRESS).

import { Matrix } from "ml-matrix";
import { spectrum } from "./spectrum.ts";

/**
 * α from 10⁻³ to 10⁵ in half decades: features have variance 1, so this range suits any number of
 * rows.
 */
export const penalties: readonly number[] = Array.from({ length: 17 }, (_, i) => 10 ** (i / 2 - 3));

export interface RidgeClassifier {
  /** The penalty chosen. */
  readonly penalty: number;
  /** Mean squared leave-one-out error of each of {@link penalties}. */
  readonly errors: readonly number[];
  /** (rows, classes): the class with the largest score wins. */
  scores(rows: Matrix): Matrix;
  /** Class of each row. */
  predict(rows: Matrix): number[];
}

/**
 * @param x - (rows, features), columns of mean 0.
 * @param labels - class of each row, 0 … classes − 1.
 */
export function learnRidgeClassifier(x: Matrix, labels: readonly number[], classes: number): RidgeClassifier {
  const targets = new Matrix(labels.map((label) => Array.from({ length: classes }, (_, c) => (c === label ? 1 : -1))));
  const intercepts = targets.mean("column");
  targets.center("column", { center: intercepts });
  const { values, scores, back } = spectrum(x);
  const projected = scores.transpose().mmul(targets);
  /** (Λ + α)⁻¹ Zᵀ Y: the weights in the rotated features. */
  const solve = (penalty: number) => projected.clone().divColumnVector(values.map((value) => value + penalty));

  const errors = penalties.map((penalty) => {
    const residuals = Matrix.sub(targets, scores.mmul(solve(penalty)));
    // Leverage of a row: the diagonal of the hat matrix, with 1/rows for the intercept.
    const own = Matrix.pow(scores, 2).mmul(Matrix.columnVector(values.map((value) => 1 / (value + penalty))));
    const left = own.to1DArray().map((part) => 1 - part - 1 / x.rows);
    return Matrix.pow(residuals.divColumnVector(left), 2).mean();
  });
  const best = errors.reduce((lowest, error, i) => (error < (errors[lowest] as number) ? i : lowest), 0);
  const penalty = penalties[best] as number;
  const weights = back(solve(penalty));
  const scoresOf = (rows: Matrix) => rows.mmul(weights).addRowVector(intercepts);
  return {
    penalty,
    errors,
    scores: scoresOf,
    predict: (rows) => {
      const predictions = scoresOf(rows);
      return Array.from({ length: rows.rows }, (_, i) => predictions.maxRowIndex(i)[1] as number);
    },
  };
}
