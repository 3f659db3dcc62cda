// The truncated tensor algebra from its definitions, by power series of whole products. Slow and
// plain: in float64 on levels (reference.ts), and in exact arithmetic on words (rational.ts). The
// kernels use recursions over levels and Horner's scheme.

import { type Coefficients, product as exactProduct, nameOf, Rational } from "./rational.ts";
import { identity, type Levels, product } from "./reference.ts";

export const operations = ["multiply", "inverse", "exp", "log"] as const;
export type OperationName = (typeof operations)[number];

export interface Shape {
  readonly channels: number;
  readonly depth: number;
  readonly scalarTerm: boolean;
}

/** Numbers per row. */
export const rowSize = ({ channels, depth, scalarTerm }: Shape): number =>
  identity(channels, depth).reduce((sum, level) => sum + level.length, scalarTerm ? 0 : -1);

/** A row as levels; `scalar` is level 0 if the row has none. */
export function toLevels(row: ArrayLike<number>, { channels, depth, scalarTerm }: Shape, scalar: number): Levels {
  let at = 0;
  return identity(channels, depth).map((level, k) => {
    if (k === 0 && !scalarTerm) return Float64Array.of(scalar);
    return level.map(() => row[at++]!);
  });
}

const scaled = (a: Levels, factor: number): Levels => a.map((level) => level.map((x) => factor * x));
const sum = (a: Levels, b: Levels): Levels => a.map((level, k) => level.map((x, i) => x + b[k]![i]!));

/** Σ_{k ≥ 1} f(k) xᵏ for an x without scalar. */
function series(x: Levels, factor: (k: number) => number): Levels {
  let power = x;
  let total = scaled(x, factor(1));
  for (let k = 2; k < x.length; k++) {
    power = product(power, x);
    total = sum(total, scaled(power, factor(k)));
  }
  return total;
}

const withScalar = (a: Levels, scalar: number): Levels => [Float64Array.of(scalar), ...a.slice(1)];

/** x of a = scalar (1 + x). */
const normalised = (a: Levels, scalar: number): Levels => withScalar(scaled(a, 1 / scalar), 0);

const factorial = (k: number): number => (k === 0 ? 1 : k * factorial(k - 1));

/** The result of an operation on levels. */
export function reference(name: OperationName, a: Levels, b: Levels): Levels {
  const scalar = a[0]![0]!;
  switch (name) {
    case "multiply":
      return product(a, b);
    case "inverse":
      return scaled(
        withScalar(
          series(normalised(a, scalar), (k) => (-1) ** k),
          1,
        ),
        1 / scalar,
      );
    case "exp": {
      const e = withScalar(
        series(withScalar(a, 0), (k) => 1 / factorial(k)),
        1,
      );
      return scaled(e, Math.exp(scalar));
    }
    case "log":
      return withScalar(
        series(normalised(a, scalar), (k) => -((-1) ** k) / k),
        Math.log(scalar),
      );
  }
}

/**
 * The same with the magnitude of every term in place of the term: the scale of the rounding errors
 * of a coefficient.
 */
export function majorant(name: OperationName, a: Levels, b: Levels): Levels {
  const scalar = Math.abs(a[0]![0]!);
  const size = (levels: Levels): Levels => levels.map((level) => level.map(Math.abs));
  switch (name) {
    case "multiply":
      return product(size(a), size(b));
    case "inverse":
      return scaled(
        withScalar(
          series(normalised(size(a), scalar), () => 1),
          1,
        ),
        1 / scalar,
      );
    case "exp":
      return scaled(
        withScalar(
          series(withScalar(size(a), 0), (k) => 1 / factorial(k)),
          1,
        ),
        Math.exp(a[0]![0]!),
      );
    case "log":
      return withScalar(
        series(normalised(size(a), scalar), (k) => 1 / k),
        Math.abs(Math.log(a[0]![0]!)),
      );
  }
}

/** The result of an operation on one row, and the scale of its rounding errors. */
export function referenceRow(
  name: OperationName,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  shape: Shape,
): { wanted: number[]; sizes: number[] } {
  const [x, y] = [toLevels(a, shape, name === "exp" ? 0 : 1), toLevels(b, shape, 1)];
  const flat = (levels: Levels): number[] => levels.slice(shape.scalarTerm ? 0 : 1).flatMap((level) => [...level]);
  return { wanted: flat(reference(name, x, y)), sizes: flat(majorant(name, x, y)) };
}

const one = new Rational(1n);

function exactSeries(x: Coefficients, depth: number, factor: (k: number) => Rational): Coefficients {
  const total: Coefficients = new Map();
  let power: Coefficients = new Map([[nameOf([]), one]]);
  for (let k = 1; k <= depth; k++) {
    power = exactProduct(power, x, depth);
    for (const [word, value] of power) {
      const term = value.times(factor(k));
      total.set(word, total.get(word)?.plus(term) ?? term);
    }
  }
  return total;
}

/**
 * The exact result of an operation on elements given by words. The scalar of `a` must be 1, for
 * `exp` 0; others are tested against {@link reference}.
 */
export function exact(name: OperationName, a: Coefficients, b: Coefficients, depth: number): Coefficients {
  if (name === "multiply") return exactProduct(a, b, depth);
  const x = new Map(a);
  x.delete(nameOf([]));
  const sign = (k: number): bigint => (k % 2 === 0 ? 1n : -1n);
  if (name === "log") return exactSeries(x, depth, (k) => new Rational(-sign(k), BigInt(k)));
  const factor = (k: number): Rational =>
    name === "exp" ? new Rational(1n, BigInt(factorial(k))) : new Rational(sign(k));
  return exactSeries(x, depth, factor).set(nameOf([]), one);
}
