// How far a result may be from the truth: every tolerance, once, with its reason.

/** Half the distance from 1 to the next number. */
export const roundoff = { float32: 2 ** -24, float64: 2 ** -53 } as const;

export type DType = keyof typeof roundoff;

/**
 * Each of n steps rounds the running value of a coefficient a few times, and independent roundings add up like √n. A rounding
 * on level j is carried to level k by what the rest of the path has on level k − j, so an error is measured by the products of
 * levels that paths reach (`reached`), or by the bound that no coefficient exceeds, (total variation)^k / k! carried through
 * `initial` (`natural`), whichever is less. k such products meet on level k. Eight: two roundings each for the value and
 * for what is added to it, and as much again for roundings that are not independent (on a path that only rises they lean to one
 * side). The largest error of the table is half of what this allows.
 */
export const roundingFactor = 8;

/** The largest error allowed on level k of a path of n steps. */
export function tolerance(dtype: DType, level: number, steps: number, natural: number, reached: number): number {
  const roundings = roundingFactor * level * Math.sqrt(steps + 1);
  // Numbers this small are denormal, where rounding is absolute.
  const smallest = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  return roundings * Math.max(roundoff[dtype] * Math.min(natural, reached), smallest);
}

/**
 * Identities compare two results that were each rounded on their own way (other cuts in time, a product more), so twice as
 * much; and twice again for what the identity itself adds in float64 of what was rounded before.
 */
export const identityTolerance = (
  dtype: DType,
  level: number,
  steps: number,
  natural: number,
  reached: number,
): number => 4 * tolerance(dtype, level, steps, natural, reached);

/** Oracles have a few steps with small whole numbers: a few roundings of the largest number that a level could have. */
export const oracleTolerance = (dtype: DType, level: number, natural: number): number =>
  4 * level * roundoff[dtype] * natural;

/**
 * Gradients add up, over the steps before and behind a point, numbers that were rounded once or twice a step; independent roundings add up like √steps, on each of the levels. Relative to
 * the largest gradient of the path, which a difference of neighbours is measured against too. Sixteen: the largest error of the table is half of what this allows.
 */
export const gradientTolerance = (dtype: DType, depth: number, steps: number, largest: number): number =>
  16 * depth * Math.sqrt(steps + 1) * roundoff[dtype] * Math.max(largest, 1);
