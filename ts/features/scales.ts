// What `fit` learns of each channel: a center and a size.

import type { Scale } from "./options.ts";
import type { Points } from "./points.ts";

/** A channel x becomes (x − center) / size. */
export interface Scales {
  readonly centers: Float64Array;
  readonly sizes: Float64Array;
}

/** Deviations below this, relative to the values, are rounding only. */
const rounding = 2 ** -46;

/**
 * The scales of the channels over all points. Values are divided by the largest before they are
 * squared, so that nothing overflows.
 */
export function* learnScales(points: Points, scale: Scale): Generator<void, Scales> {
  const { channels } = points;
  const [centers, largest, sizes] = [0, 1, 2].map(() => new Float64Array(channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  yield* points.each((x, channel) => {
    largest[channel] = Math.max(largest[channel] as number, Math.abs(x));
  });
  const divisors = largest.map((x) => x || 1);
  if (scale === "none") return { centers, sizes: sizes.fill(1) };
  if (scale === "max") return { centers, sizes: divisors };
  yield* points.each((x, channel) => {
    centers[channel] = (centers[channel] as number) + x / (divisors[channel] as number) / points.count;
  });
  yield* points.each((x, channel) => {
    const deviation = x / (divisors[channel] as number) - (centers[channel] as number);
    sizes[channel] = (sizes[channel] as number) + (deviation * deviation) / points.count;
  });
  divisors.forEach((divisor, channel) => {
    const deviation = Math.sqrt(sizes[channel] as number);
    sizes[channel] = deviation > rounding ? deviation * divisor : 1;
    centers[channel] = (centers[channel] as number) * divisor;
  });
  return { centers, sizes };
}
