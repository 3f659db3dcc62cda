// The signature from its definition, in float64: the product of the exponentials of a path's
// segments, one after the other. Slow and plain, and independent of the kernels: it shares no
// scheme, no layout and no option handling with them. Not exact (rational.ts is).

/** A truncated tensor: level k has channels^k numbers in row-major order, level 0 has one. */
export type Levels = Float64Array[];

export function identity(channels: number, depth: number): Levels {
  const levels = Array.from({ length: depth + 1 }, (_, k) => new Float64Array(channels ** k));
  levels[0]![0] = 1;
  return levels;
}

/** exp(z) = Σ z⊗…⊗z / k!, the signature of a straight segment (Chen 1957). */
export function exponential(z: ArrayLike<number>, depth: number): Levels {
  const d = z.length;
  const levels = identity(d, depth);
  for (let k = 1; k <= depth; k++) {
    const above = levels[k - 1]!;
    const level = levels[k]!;
    for (let i = 0; i < above.length; i++) {
      for (let c = 0; c < d; c++) level[i * d + c] = (above[i]! * z[c]!) / k;
    }
  }
  return levels;
}

/** (a ⊗ b)_k = Σ_j a_j ⊗ b_{k−j}: the signature of two concatenated paths (Chen 1957). */
export function product(a: Levels, b: Levels): Levels {
  return a.map((_, k) => {
    const level = new Float64Array(a[k]!.length);
    for (let j = 0; j <= k; j++) {
      const left = a[j]!;
      const right = b[k - j]!;
      for (let i = 0; i < left.length; i++) {
        const x = left[i]!;
        if (x === 0) continue;
        for (let m = 0; m < right.length; m++) level[i * right.length + m]! += x * right[m]!;
      }
    }
    return level;
  });
}

export function difference(to: ArrayLike<number>, from: ArrayLike<number>): Float64Array {
  const z = new Float64Array(to.length);
  for (let c = 0; c < z.length; c++) z[c] = to[c]! - from[c]!;
  return z;
}

/** Concatenated levels, with or without the leading 1. */
export function flatten(levels: Levels, scalarTerm: boolean): number[] {
  return levels.slice(scalarTerm ? 0 : 1).flatMap((level) => [...level]);
}

/** The inverse of {@link flatten} for a row without its leading 1. */
export function unflatten(row: ArrayLike<number>, channels: number, depth: number): Levels {
  const levels = identity(channels, depth);
  let at = 0;
  for (let k = 1; k <= depth; k++) {
    for (let i = 0; i < levels[k]!.length; i++) levels[k]![i] = row[at++]!;
  }
  return levels;
}

export const maxAbs = (numbers: ArrayLike<number>): number => {
  let max = 0;
  for (let i = 0; i < numbers.length; i++) max = Math.max(max, Math.abs(numbers[i]!));
  return max;
};

/** Input of the reference: one path with its own values of every option. */
export interface ReferenceOptions {
  depth: number;
  stream?: boolean;
  basepoint?: ArrayLike<number> | undefined;
  /** A signature without its leading 1. */
  initial?: ArrayLike<number> | undefined;
  inverse?: boolean;
  scalarTerm?: boolean;
}

/**
 * Rows of a result, and the size of the numbers on the way to them, which rounding errors are
 * relative to.
 */
export interface Reference {
  /** One row; with `stream` one for each step. */
  rows: number[][];
  /** Steps of the path. */
  steps: number;
  /**
   * For each level from 0 on: (total variation)^k / k!, multiplied by `initial`. Bounds every
   * coefficient.
   */
  natural: number[];
  /**
   * For each level from 0 on: the largest product of the sizes that prefixes and path reach on two
   * levels that add up to it.
   */
  reached: number[];
}

const stepsOfBlock = 64;

/** The signature of one path, given by its points. */
export function referenceSignature(points: readonly ArrayLike<number>[], options: ReferenceOptions): Reference {
  const { depth, stream = false, basepoint, initial, inverse = false, scalarTerm = false } = options;
  const walked = basepoint === undefined ? [...points] : [basepoint, ...points];
  if (inverse) walked.reverse();
  const channels = walked[0]!.length;
  const start = initial === undefined ? identity(channels, depth) : unflatten(initial, channels, depth);

  const levels = Array.from({ length: depth + 1 }, (_, k) => k);
  const rows: number[][] = [];
  // A prefix is what lies before its block of steps, times the block so far. A sum of thousands of
  // terms would accumulate a thousand roundings; this accumulates about two times 64.
  let own = identity(channels, depth);
  let whole = start;
  let ownBefore = own;
  let wholeBefore = whole;
  let block = identity(channels, depth);
  let variation = 0;
  const ownPeak = own.map(maxAbs);
  const wholePeak = whole.map(maxAbs);
  for (let t = 1; t < walked.length; t++) {
    const z = difference(walked[t]!, walked[t - 1]!);
    const segment = exponential(z, depth);
    block = product(block, segment);
    whole = product(wholeBefore, block);
    own = initial === undefined ? whole : product(ownBefore, block);
    if (t % stepsOfBlock === 0) [wholeBefore, ownBefore, block] = [whole, own, identity(channels, depth)];
    variation += maxAbs(z);
    for (const k of levels) {
      ownPeak[k] = Math.max(ownPeak[k]!, maxAbs(own[k]!));
      wholePeak[k] = Math.max(wholePeak[k]!, maxAbs(whole[k]!));
    }
    if (stream) rows.push(flatten(whole, scalarTerm));
  }
  if (!stream) rows.push(flatten(whole, scalarTerm));

  const bound = levels.map((k) => levels.slice(1, k + 1).reduce((p, j) => (p * variation) / j, 1));
  const startMax = start.map(maxAbs);
  const pairs = (k: number, left: number[], right: number[]) =>
    levels.slice(0, k + 1).map((j) => left[j]! * right[k - j]!);
  return {
    rows,
    steps: walked.length - 1,
    natural: levels.map((k) => pairs(k, startMax, bound).reduce((a, b) => a + b)),
    reached: levels.map((k) => Math.max(...pairs(k, wholePeak, ownPeak))),
  };
}
