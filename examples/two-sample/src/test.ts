// The two-sample test of Gretton et al. (2012, "A kernel two-sample test"): the squared maximum
// mean discrepancy of two samples against those of random divisions of both together.

export interface TwoSampleTest {
  /** The discrepancy of the two samples, and of each random division. */
  readonly distance: number;
  readonly divisions: readonly number[];
  /** The share of divisions, the given one included, that are at least as far apart. */
  readonly p: number;
}

/** The unbiased squared discrepancy of the members of a Gram matrix with and without a mark. */
export function discrepancy(gram: readonly (readonly number[])[], marked: readonly boolean[]): number {
  const sums = [0, 0, 0];
  for (let i = 0; i < gram.length; i++)
    for (let j = 0; j < i; j++) (sums[Number(marked[i]) + Number(marked[j])] as number) += gram[i]?.[j] as number;
  const m = marked.filter(Boolean).length;
  const n = gram.length - m;
  const [within, between, other] = sums as [number, number, number];
  return (2 * within) / (n * (n - 1)) - (2 * between) / (m * n) + (2 * other) / (m * (m - 1));
}

/** @param first - size of the first sample: the first rows of the matrix. */
export function twoSampleTest(
  gram: readonly (readonly number[])[],
  first: number,
  permutations: number,
): TwoSampleTest {
  const marked = gram.map((_, i) => i < first);
  const distance = discrepancy(gram, marked);
  // A linear congruential generator: the same divisions every time.
  let state = 1;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const divisions = Array.from({ length: permutations }, () => {
    for (let i = marked.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [marked[i], marked[j]] = [marked[j] as boolean, marked[i] as boolean];
    }
    return discrepancy(gram, marked);
  });
  const farther = divisions.filter((other) => other >= distance).length;
  return { distance, divisions, p: (1 + farther) / (1 + permutations) };
}
