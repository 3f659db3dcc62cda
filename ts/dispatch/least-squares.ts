// Constants from measurements: the positive ones that explain times best. Pure arithmetic.

/** What times are explained by. */
export interface Explained {
  /** For each measurement how many there were of each unit. */
  readonly units: readonly (readonly number[])[];
  /** What was measured: above 0. */
  readonly seconds: readonly number[];
  /** Likely seconds of each unit, above 0: units that no measurement has stay near them. */
  readonly likely: readonly number[];
}

/** Constants, and how badly they explain what was measured. */
export interface Fit {
  readonly constants: readonly number[];
  readonly loss: number;
}

/** Usual scatter of log(estimate / time); larger deviations count less and less. */
const scatter = 0.3;
const outlier = 2 * scatter;
/** So far constants may be from what is likely. */
const likelihood = Math.log(10);
const weightOfLikely = (scatter / likelihood) ** 2;

const mostRounds = 100;
const longestStep = 2;

/**
 * Seconds of each unit that minimise the squares of log(estimate / seconds), so that half as long
 * and twice as long are equally wrong, of outliers their size (Huber 1964, "Robust estimation of a
 * location parameter"), and a little of the squares of log(constant / likely). Steps of Levenberg
 * and Marquardt.
 */
export function fitLogarithms({ units, seconds, likely }: Explained): Fit {
  // To begin with a part of what each unit can take at most. Where it begins far lower its part in
  // the estimates is nothing, and so is the slope.
  const begin = likely.map((value, j) => {
    const most = Math.min(...units.map((row, i) => (row[j]! > 0 ? seconds[i]! / row[j]! : Number.POSITIVE_INFINITY)));
    return Number.isFinite(most) ? Math.log(most / likely.length) : Math.log(value);
  });
  const told = likely.map((_, j) => units.some((row) => row[j]! > 0));
  // What is likely on a machine that is so many times as slow as the one it is of.
  const centerOf = (at: readonly number[]) => {
    const slower = median(at.flatMap((value, j) => (told[j] ? [value - Math.log(likely[j]!)] : []))) ?? 0;
    return likely.map((value) => Math.log(value) + slower);
  };
  let center = centerOf(begin);
  let logarithms = begin.map((value, j) => (told[j] ? value : center[j]!));
  const stateOf = (at: readonly number[]) => {
    const constants = at.map(Math.exp);
    const estimates = units.map((row) => row.reduce((sum, count, j) => sum + count * constants[j]!, 0));
    const residuals = estimates.map((estimate, i) => Math.log(estimate / seconds[i]!));
    const ofLikely = at.reduce((sum, value, j) => sum + (value - center[j]!) ** 2, 0);
    const loss = residuals.reduce((sum, r) => sum + huber(r), 0) + weightOfLikely * ofLikely;
    return { constants, estimates, residuals, loss };
  };
  let state = stateOf(logarithms);
  let damping = 1e-2;
  for (let round = 0; round < mostRounds; round++) {
    const { constants, estimates, residuals } = state;
    const slopes = units.map((row, i) => row.map((count, j) => (count * constants[j]!) / estimates[i]!));
    const weights = residuals.map((r) => Math.min(1, outlier / Math.abs(r)));
    const matrix = center.map((_, j) =>
      center.map((__, k) => slopes.reduce((sum, row, i) => sum + weights[i]! * row[j]! * row[k]!, 0)),
    );
    const down = center.map(
      (value, j) =>
        weightOfLikely * (value - logarithms[j]!) -
        slopes.reduce((sum, row, i) => sum + weights[i]! * row[j]! * residuals[i]!, 0),
    );
    let gain = 0;
    for (let attempt = 0; attempt < 12 && gain <= 0; attempt++) {
      const damped = matrix.map((row, j) =>
        row.map((value, k) => (j === k ? (value + weightOfLikely) * (1 + damping) : value)),
      );
      const step = solve(damped, down).map((value) => Math.max(-longestStep, Math.min(longestStep, value)));
      const next = logarithms.map((value, j) => value + step[j]!);
      const nextState = stateOf(next);
      gain = state.loss - nextState.loss;
      damping *= gain > 0 ? 0.25 : 4;
      if (gain > 0) [logarithms, state] = [next, nextState];
    }
    if (gain <= 1e-7 * state.loss) break;
    center = centerOf(logarithms);
    state = stateOf(logarithms);
  }
  return state;
}

const huber = (r: number): number => (Math.abs(r) <= outlier ? r * r : outlier * (2 * Math.abs(r) - outlier));

/** The middle one, of an even number the larger of two, of none `undefined`. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Solves a system with a positive definite matrix by elimination without pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= n; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  }
  const solution = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) sum -= rows[i]![j]! * solution[j]!;
    solution[i] = sum / rows[i]![i]!;
  }
  return solution;
}
