// The reference in double-double arithmetic, against exact rationals.

import { expect, test } from "vitest";
import { preciseSignature } from "./double-double.ts";
import { random } from "./paths.ts";
import { exactSignature, nameOf, Rational } from "./rational.ts";

/** A number of float64, exactly. */
function exactly(x: number): Rational {
  let [numerator, denominator] = [x, 1n];
  for (; !Number.isInteger(numerator); denominator *= 2n) numerator *= 2;
  return new Rational(BigInt(numerator), denominator);
}

test.each([
  [2, 4],
  [3, 3],
])("has about 32 digits: %i channels, depth %i", (channels, depth) => {
  const next = random(channels);
  // Steps that all but cancel lose digits in float64.
  const points = Array.from({ length: 6 }, (_, t) =>
    Array.from({ length: channels }, (_, c) => (t % 2 ? 1 + c / 3 : 0) + 1e-9 * next()),
  );
  const exact = exactSignature(
    points.map((point) => point.map(exactly)),
    depth,
  );
  const [{ high, low }] = preciseSignature(points, { depth }) as [{ high: Float64Array; low: Float64Array }];
  let at = 0;
  for (let k = 1; k <= depth; k++) {
    for (let i = 0; i < channels ** k; i++, at++) {
      const word = Array.from({ length: k }, (_, j) => Math.floor(i / channels ** (k - 1 - j)) % channels);
      const wanted = exact.get(nameOf(word))!;
      const off = exactly(high[at]!).plus(exactly(low[at]!)).minus(wanted).toNumber();
      expect(Math.abs(off)).toBeLessThan(1e-29);
      expect(low[at]).not.toBe(0);
    }
  }
});
