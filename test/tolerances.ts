// All tolerances, each with its reason.

/** Half the distance from 1 to the next number. */
export const roundoff = { float32: 2 ** -24, float64: 2 ** -53 } as const;

export type DType = keyof typeof roundoff;

/**
 * Each of n steps rounds the running value of a coefficient a few times, and independent rounding
 * errors add up like √n. An error on level j is propagated to level k by the rest of the path's
 * level k − j. So errors are relative to the products of levels that paths reach (`reached`), or to
 * the bound that no coefficient exceeds, (total variation)^k / k! multiplied by `initial`
 * (`natural`), whichever is smaller. k such products meet on level k. The factor is eight: two
 * roundings each for the value and for what is added to it, and as much again for roundings that
 * are not independent (on an increasing path they have a bias). The largest error of the table is
 * half of this tolerance.
 */
export const roundingFactor = 8;

/** The largest error allowed on level k of a path of n steps. */
export function tolerance(dtype: DType, level: number, steps: number, natural: number, reached: number): number {
  const roundings = roundingFactor * level * Math.sqrt(steps + 1);
  // Numbers this small are denormal, where rounding errors are absolute.
  const smallest = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  return roundings * Math.max(roundoff[dtype] * Math.min(natural, reached), smallest);
}

/**
 * Identities compare two results with different roundings (other cuts in time, one more product),
 * hence a factor of two. Another factor of two is for what the identity itself computes in float64
 * from rounded values.
 */
export const identityTolerance = (
  dtype: DType,
  level: number,
  steps: number,
  natural: number,
  reached: number,
): number => 4 * tolerance(dtype, level, steps, natural, reached);

/**
 * Oracles have few steps with small integers: a few roundings of the largest number that a level
 * can have.
 */
export const oracleTolerance = (dtype: DType, level: number, natural: number): number =>
  4 * level * roundoff[dtype] * natural;

/**
 * Gradients are sums over the steps before and after a point of numbers with one or two roundings
 * per step. Independent rounding errors add up like √steps on each level. The tolerance is relative
 * to the largest gradient of the path, also for differences of neighbours. The factor is sixteen:
 * the largest error of the table is half of this tolerance.
 */
export const gradientTolerance = (dtype: DType, depth: number, steps: number, largest: number): number =>
  16 * depth * Math.sqrt(steps + 1) * roundoff[dtype] * Math.max(largest, 1);

/**
 * Gradients of log-signatures whose precision is "auto", relative to the largest of a path: float32
 * is used where levels of the signature are at most 128 times those of its logarithm, and the
 * rounding of a term is as many times larger than that of the result. Of 648 paths of nine kinds
 * the largest error was 485 roundings (docs/log-signatures.md).
 */
export const logGradientTolerance = 512 * roundoff.float32;

/**
 * A coefficient of the tensor algebra is a sum of products, in which each of up to `depth` levels
 * adds as many terms at most. Every term is rounded, and carries the roundings of what it is made
 * of. So errors are relative to the sum of the terms' sizes (`size`), and there are at most about
 * depth² roundings, most of which do not add up. The largest error of the table is half of this
 * tolerance.
 */
export const algebraTolerance = (dtype: DType, depth: number, size: number): number =>
  2 * (depth + 2) * roundoff[dtype] * size;

/**
 * Logarithms of signatures that are computed first, level by level from 0 on: with errors t and
 * sizes s of the levels of a signature, the logarithm Σ ± xʲ / j is off by at most Σ t sʲ⁻¹, where
 * levels multiply as polynomials do. To that comes what the logarithm rounds itself, as for other
 * operations of the algebra. A quarter of that is allowed, since terms have different signs: the
 * largest error of the table is two fifths of this tolerance. This is the price of float32: nothing
 * here depends on how small the logarithm is.
 */
export function logTolerances(dtype: DType, errors: readonly number[], sizes: readonly number[]): number[] {
  const depth = errors.length - 1;
  const times = (a: readonly number[], b: readonly number[]) =>
    a.map((_, k) => a.slice(0, k + 1).reduce((sum, x, i) => sum + x * b[k - i]!, 0));
  const [s, t] = [sizes, errors].map((levels) => [0, ...levels.slice(1)]) as [number[], number[]];
  const allowed = new Array<number>(depth + 1).fill(0);
  let [error, size] = [t, s];
  for (let j = 1; j <= depth; j++) {
    for (let k = 0; k <= depth; k++) allowed[k]! += error[k]! + algebraTolerance(dtype, depth, size[k]! / j);
    [error, size] = [times(error, s), times(size, s)];
  }
  return allowed.map((x) => x / 4);
}

/**
 * Gradients by the five-point formula with a step of 2^-11, in float64: it is off by the fourth
 * power of the step, 2^-44, times a fifth derivative, and by roundings divided by the step, 2^-42.
 * Where scalar terms as small as 1/2 are divided by, derivatives and values grow up to 2^8 times.
 */
export const differenceTolerance = 2 ** -33;
