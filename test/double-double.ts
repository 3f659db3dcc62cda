// Signatures in double-double arithmetic: a number is the sum of two of float64, about 32 digits.
// For results whose last digits the reference in float64 does not know (reference.ts). Sums and
// products by Knuth and Dekker; the same walk as there, a step after the other.

import type { ReferenceOptions } from "./reference.ts";

/** Numbers high + low. */
interface Pairs {
  readonly high: Float64Array;
  readonly low: Float64Array;
}
type Levels = readonly Pairs[];

const zeros = (count: number): Pairs => ({ high: new Float64Array(count), low: new Float64Array(count) });

/** The rounding error of a * b = p (Dekker 1971, with Veltkamp's splitting). */
function productError(a: number, b: number, p: number): number {
  const [c, d] = [134217729 * a, 134217729 * b];
  const [aHigh, bHigh] = [c - (c - a), d - (d - b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The rounding error of a + b = s (Knuth). */
function sumError(a: number, b: number, s: number): number {
  const back = s - a;
  return a - (s - back) + (b - back);
}

/** to[i] += a[j] * b[k]. */
function addProduct(to: Pairs, i: number, a: Pairs, j: number, b: Pairs, k: number): void {
  const [x, y, before] = [a.high[j]!, b.high[k]!, to.high[i]!];
  const p = x * y;
  const s = before + p;
  const rest = productError(x, y, p) + (x * b.low[k]! + a.low[j]! * y) + sumError(before, p, s) + to.low[i]!;
  to.high[i] = s + rest;
  to.low[i] = rest - (to.high[i]! - s);
}

/** high + low = (a.high + a.low) / n, for whole n. */
function divided(a: Pairs, i: number, n: number): readonly [high: number, low: number] {
  const high = a.high[i]! / n;
  const p = high * n;
  return [high, (a.high[i]! - p - productError(high, n, p) + a.low[i]!) / n];
}

function identity(channels: number, depth: number): Levels {
  const levels = Array.from({ length: depth + 1 }, (_, k) => zeros(channels ** k));
  levels[0]!.high[0] = 1;
  return levels;
}

function exponential(z: Pairs, depth: number): Levels {
  const d = z.high.length;
  const levels = identity(d, depth);
  for (let k = 1; k <= depth; k++) {
    const [above, level] = [levels[k - 1]!, levels[k]!];
    for (let i = 0; i < above.high.length; i++)
      for (let c = 0; c < d; c++) {
        const at = i * d + c;
        addProduct(level, at, above, i, z, c);
        [level.high[at], level.low[at]] = divided(level, at, k);
      }
  }
  return levels;
}

function product(a: Levels, b: Levels): Levels {
  return a.map(({ high }, k) => {
    const level = zeros(high.length);
    for (let j = 0; j <= k; j++) {
      const [left, right] = [a[j]!, b[k - j]!];
      const width = right.high.length;
      for (let i = 0; i < left.high.length; i++)
        for (let m = 0; m < width; m++) addProduct(level, i * width + m, left, i, right, m);
    }
    return level;
  });
}

/** The rows that `referenceSignature` has, each number with its rest. */
export function preciseSignature(points: readonly ArrayLike<number>[], options: ReferenceOptions): Pairs[] {
  const { depth, stream = false, basepoint, initial, inverse = false, scalarTerm = false } = options;
  const walked = basepoint === undefined ? [...points] : [basepoint, ...points];
  if (inverse) walked.reverse();
  const channels = walked[0]!.length;
  let state = identity(channels, depth);
  if (initial !== undefined) {
    let at = 0;
    for (const { high } of state.slice(1)) for (let i = 0; i < high.length; i++) high[i] = initial[at++]!;
  }
  const rows: Pairs[] = [];
  const write = (): void => {
    const levels = state.slice(scalarTerm ? 0 : 1);
    const flat = (part: keyof Pairs) => Float64Array.from(levels.flatMap((level) => [...level[part]]));
    rows.push({ high: flat("high"), low: flat("low") });
  };
  for (let t = 1; t < walked.length; t++) {
    const z = zeros(channels);
    for (let c = 0; c < channels; c++) {
      const [to, from] = [walked[t]![c]!, walked[t - 1]![c]!];
      z.high[c] = to - from;
      z.low[c] = sumError(to, -from, z.high[c]!);
    }
    state = product(state, exponential(z, depth));
    if (stream) write();
  }
  if (!stream) write();
  return rows;
}
