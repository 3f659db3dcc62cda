// Signatures of rational paths in exact arithmetic, and the shuffle product of words, to check the
// oracles.

/** numerator / denominator in lowest terms, the denominator positive. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  constructor(numerator: bigint, denominator = 1n) {
    const sign = denominator < 0n ? -1n : 1n;
    let [a, b] = [numerator < 0n ? -numerator : numerator, denominator * sign];
    while (b !== 0n) [a, b] = [b, a % b];
    const common = a === 0n ? 1n : a;
    this.numerator = (numerator * sign) / common;
    this.denominator = (denominator * sign) / common;
  }

  static parse(text: string | number): Rational {
    const [numerator, denominator = "1"] = String(text).split("/");
    return new Rational(BigInt(numerator!), BigInt(denominator));
  }

  plus(other: Rational): Rational {
    return new Rational(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(new Rational(-other.numerator, other.denominator));
  }

  times(other: Rational): Rational {
    return new Rational(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  equals(other: Rational): boolean {
    return this.numerator === other.numerator && this.denominator === other.denominator;
  }

  toNumber(): number {
    return Number(this.numerator) / Number(this.denominator);
  }

  toString(): string {
    return this.denominator === 1n ? `${this.numerator}` : `${this.numerator}/${this.denominator}`;
  }
}

const zero = new Rational(0n);
const one = new Rational(1n);

/** Coefficients by word, written as its letters joined by commas; missing: 0. */
export type Coefficients = Map<string, Rational>;

export const nameOf = (word: readonly number[]): string => word.join(",");
const concatenation = (u: string, v: string): string => (u === "" ? v : v === "" ? u : `${u},${v}`);
const lengthOf = (word: string): number => (word === "" ? 0 : word.split(",").length);

/** Product of two truncated series of words. */
export function product(a: Coefficients, b: Coefficients, depth: number): Coefficients {
  const result: Coefficients = new Map();
  for (const [u, x] of a) {
    for (const [v, y] of b) {
      if (lengthOf(u) + lengthOf(v) > depth) continue;
      const word = concatenation(u, v);
      result.set(word, (result.get(word) ?? zero).plus(x.times(y)));
    }
  }
  return result;
}

/** exp(z), the signature of a segment. */
function exponential(z: readonly Rational[], depth: number): Coefficients {
  const result: Coefficients = new Map([["", one]]);
  let level: [string, Rational][] = [["", one]];
  for (let k = 1; k <= depth; k++) {
    const share = new Rational(1n, BigInt(k));
    level = level.flatMap(([u, x]) =>
      z.map((zc, c): [string, Rational] => [concatenation(u, String(c)), x.times(zc).times(share)]),
    );
    for (const [u, x] of level) result.set(u, x);
  }
  return result;
}

/** The exact signature of a path. */
export function exactSignature(points: readonly (readonly Rational[])[], depth: number): Coefficients {
  let result: Coefficients = new Map([["", one]]);
  for (let t = 1; t < points.length; t++) {
    const z = points[t]!.map((x, c) => x.minus(points[t - 1]![c]!));
    result = product(result, exponential(z, depth), depth);
  }
  return result;
}

/** All shuffles of two words, with repetitions. */
export function shuffles(u: readonly number[], v: readonly number[]): number[][] {
  if (u.length === 0) return [[...v]];
  if (v.length === 0) return [[...u]];
  const [a, ...restU] = u as [number, ...number[]];
  const [b, ...restV] = v as [number, ...number[]];
  return [...shuffles(restU, v).map((w) => [a, ...w]), ...shuffles(u, restV).map((w) => [b, ...w])];
}
