// Constants from measurements: the coefficients from 0 on that explain times best. Pure arithmetic.

/**
 * Non-negative least squares on relative errors: minimises Σ (Σ_j units[i][j] x[j] / seconds[i] − 1)² over x ≥ 0, one coordinate after the other
 * until nothing moves. Small and well conditioned here: a dozen unknowns, columns scaled to one.
 */
export function nonNegativeFit(units: readonly (readonly number[])[], seconds: readonly number[]): number[] {
  const unknowns = units[0]?.length ?? 0;
  const rows = units.map((row, i) => row.map((unit) => unit / seconds[i]!));
  const scales = Array.from({ length: unknowns }, (_, j) => Math.max(...rows.map((row) => row[j]!)) || 1);
  const scaled = rows.map((row) => row.map((value, j) => value / scales[j]!));
  const norms = scales.map((_, j) => scaled.reduce((sum, row) => sum + row[j]! ** 2, 0));
  const x = new Array<number>(unknowns).fill(0);
  const residual = new Array<number>(rows.length).fill(1);
  for (let round = 0; round < mostRounds; round++) {
    let moved = 0;
    for (let j = 0; j < unknowns; j++) {
      if (norms[j] === 0) continue;
      const gradient = scaled.reduce((sum, row, i) => sum + row[j]! * residual[i]!, 0);
      const next = Math.max(0, x[j]! + gradient / norms[j]!);
      const step = next - x[j]!;
      if (step === 0) continue;
      x[j] = next;
      for (const [i, row] of scaled.entries()) residual[i]! -= step * row[j]!;
      moved = Math.max(moved, Math.abs(step));
    }
    if (moved < 1e-9) break;
  }
  return x.map((value, j) => value / scales[j]!);
}

const mostRounds = 20_000;
