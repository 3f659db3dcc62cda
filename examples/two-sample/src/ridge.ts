// Kernel ridge regression on targets ±1, one for each class; the class with the largest prediction
// wins. The penalty is chosen on the training set alone, by leave-one-out errors in closed form.

import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** Penalties to choose from. */
const penalties: readonly number[] = Array.from({ length: 17 }, (_, i) => 10 ** (i / 2 - 6));

/**
 * The class of each held-out recording.
 * @param train - (recordings, recordings), @param test - (held out, recordings)
 */
export function classify(train: number[][], test: number[][], labels: readonly number[], classes: number): number[] {
  const targets = new Matrix(labels.map((label) => Array.from({ length: classes }, (_, c) => (c === label ? 1 : -1))));
  const { eigenvectorMatrix: vectors, realEigenvalues: values } = new EigenvalueDecomposition(new Matrix(train), {
    assumeSymmetric: true,
  });
  const rotated = vectors.transpose().mmul(targets);
  const squares = Matrix.pow(vectors, 2);
  let best = Number.POSITIVE_INFINITY;
  let weights = targets;
  for (const penalty of penalties) {
    const inverse = values.map((value) => 1 / (value + penalty));
    const candidate = vectors.mmul(rotated.clone().mulColumnVector(inverse));
    const diagonal = squares.mmul(Matrix.columnVector(inverse)).to1DArray();
    const error = Matrix.pow(candidate.clone().divColumnVector(diagonal), 2).mean();
    if (error < best) [best, weights] = [error, candidate];
  }
  const predictions = new Matrix(test).mmul(weights);
  return Array.from({ length: test.length }, (_, i) => predictions.maxRowIndex(i)[1] as number);
}
