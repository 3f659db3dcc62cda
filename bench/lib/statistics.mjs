// Statistics of samples, as the reports quote them.

/** The median of some numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The geometric mean of positive numbers; NaN if there are none. */
export const geometricMean = (numbers) =>
  numbers.length ? Math.exp(numbers.reduce((sum, x) => sum + Math.log(x), 0) / numbers.length) : Number.NaN;

/** Minimum and median of samples in seconds, and how many there were. */
export const summary = (samples) => ({ min: Math.min(...samples), median: median(samples), samples: samples.length });
