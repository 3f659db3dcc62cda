// The baseline's features: means and variances of an utterance's channels, which ignore the order
// of the frames.

import type { Utterance } from "./recordings.ts";

/** The mean of each channel, then the variance of each. */
export function moments({ points }: Utterance): number[] {
  const channels = points[0]?.map((_, c) => points.map((point) => point[c] as number)) ?? [];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = channels.map(mean);
  const variances = channels.map((values, c) => mean(values.map((value) => (value - (means[c] as number)) ** 2)));
  return [...means, ...variances];
}
