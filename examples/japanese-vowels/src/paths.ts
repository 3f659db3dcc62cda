// From recordings to paths: channels made comparable, and time as an additional channel, so that
// the signature depends on speed as well as on shape. The only thing learned is one scale for each
// channel, from the training set.

import type { Utterance } from "./recordings.ts";

/** A path: its points, each (1 + channels) numbers, time first. */
export type Path = number[][];

/**
 * Standard deviation of each channel over all frames; 1 for a channel that does not vary, which
 * needs no scale.
 */
export function channelScales(utterances: readonly Utterance[], channels: number): number[] {
  return Array.from({ length: channels }, (_, c) => {
    let count = 0;
    let mean = 0;
    // Sum of squared distances from the mean, updated frame by frame (Welford 1962).
    let squares = 0;
    for (const { points } of utterances) {
      for (const point of points) {
        const value = point[c] as number;
        const distance = value - mean;
        mean += distance / ++count;
        squares += distance * (value - mean);
      }
    }
    return Math.sqrt(squares / count) || 1;
  });
}

/** Time from 0 at the first frame to 1 at the last, then each channel divided by its scale. */
export function toPath({ frames, points }: Utterance, scales: readonly number[]): Path {
  const first = frames[0] as number;
  const duration = (frames.at(-1) as number) - first || 1;
  return points.map((point, i) => {
    const time = ((frames[i] as number) - first) / duration;
    return [time, ...point.map((value, c) => value / (scales[c] as number))];
  });
}
