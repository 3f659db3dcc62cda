// Features with mean 0 and variance 1 over the training set, so that one penalty suits all of them.

import { Matrix } from "ml-matrix";

/**
 * A feature that varies less than this, relative to its size, varies by rounding only: the words of
 * time alone are constants.
 */
const rounding = 1e-10;

/** Means and scales of the training set; applies to any rows. */
export type Standardiser = (rows: Matrix) => Matrix;

/** @param rows - (utterances, features) of the training set. */
export function learnStandardiser(rows: Matrix): Standardiser {
  const center = rows.mean("column");
  const scale = rows.standardDeviation("column", { mean: center, unbiased: false });
  for (const [j, deviation] of scale.entries()) {
    if (!(deviation > rounding * Math.abs(center[j] as number))) scale[j] = 1;
  }
  return (other) =>
    Matrix.sub(other, Matrix.ones(other.rows, 1).mmul(Matrix.rowVector(center))).scale("column", { scale });
}
