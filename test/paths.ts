// Paths for tests, the same on every engine: integers of a small generator, no transcendental
// functions.

/**
 * Pseudo-random numbers in [0, 1) from a seed (mulberry32: 32 bits of state, enough for test data).
 */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kinds of paths with different effects on rounding. */
export const pathKinds = ["walk", "drift", "time", "closed", "scales"] as const;
export type PathKind = (typeof pathKinds)[number];

/**
 * One path of `length` points with a total size of about 1. walk: increments of both signs; drift:
 * increasing only; time: channel 0 is time; closed: a walk and back to its start; scales: channels
 * up to sixteen times as large as others.
 */
export function makePath(kind: PathKind, length: number, channels: number, next: () => number): number[][] {
  const size = kind === "drift" ? 1 / length : 1 / Math.sqrt(length);
  let point: number[] = Array.from({ length: channels }, () => next() - 0.5);
  const points = [point];
  for (let t = 1; t < length; t++) {
    point = point.map((x, c) => {
      const step = (kind === "drift" ? next() : 2 * next() - 1) * size;
      if (kind === "time" && c === 0) return t / length;
      return x + (kind === "scales" ? step * 4 ** (c % 3) : step);
    });
    points.push(point);
  }
  if (kind === "closed" && length > 1) points[length - 1] = points[0]!;
  return points;
}

/** Back and forth in steps that nearly cancel, the kind with the worst rounding. */
export function makeZigzag(length: number, channels: number, next: () => number): number[][] {
  let point = new Array<number>(channels).fill(0);
  return Array.from({ length }, (_, t) => {
    point = point.map((x, c) => x + (t % 2 ? 1 : -1) * (0.5 + 0.1 * c) + (2 * next() - 1) / length);
    return point;
  });
}

/** Rounds to float32. */
export const toFloat32 = (points: number[][]): number[][] => points.map((point) => point.map(Math.fround));
