// The principal components of a feature matrix: in rotated coordinates ridge regression with any
// penalty is a division.

import { EigenvalueDecomposition, type Matrix } from "ml-matrix";

export interface Spectrum {
  /** λ, eigenvalues of XᵀX, all positive, in decreasing order. */
  readonly values: readonly number[];
  /** Z = X V (rows, components): ZᵀZ = diag(λ). */
  readonly scores: Matrix;
  /**
   * V m (features, any), for m (components, any): weights of the components become weights of the
   * features.
   */
  back(m: Matrix): Matrix;
}

/** Eigenvalues below this fraction of the largest are rounding errors. */
const rounding = 1e-13;

/**
 * Decomposes the smaller of XᵀX and XXᵀ. That squares the condition number of X, which is harmless
 * here: the penalties added to the eigenvalues are far above the resulting rounding errors.
 *
 * @param x - X (rows, features), columns of mean 0.
 */
export function spectrum(x: Matrix): Spectrum {
  const tall = x.rows >= x.columns;
  const transposed = x.transpose();
  const gram = tall ? transposed.mmul(x) : x.mmul(transposed);
  const decomposition = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const all = decomposition.realEigenvalues;
  const largest = all.reduce((a, b) => Math.max(a, b), 0);
  const kept = [...all.keys()]
    .filter((k) => (all[k] as number) > rounding * largest)
    .sort((a, b) => (all[b] as number) - (all[a] as number));
  const values = kept.map((k) => all[k] as number);
  const vectors = decomposition.eigenvectorMatrix.subMatrixColumn(kept);
  const roots = values.map(Math.sqrt);
  if (tall) return { values, scores: x.mmul(vectors), back: (m) => vectors.mmul(m) };
  // V = Xᵀ U Λ^(-1/2) is as large as X and is never formed: m has few columns.
  return {
    values,
    scores: vectors.clone().mulRowVector(roots),
    back: (m) => transposed.mmul(vectors.mmul(m.clone().divColumnVector(roots))),
  };
}
