// The exact signatures of oracles/sig_vectors.json: that they are signatures (in exact arithmetic),
// and that the float64 reference and every binary agree with them up to the rounding of the number
// type.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { init, signature, words } from "../ts/index.ts";
import { exactSignature, nameOf, product, Rational, shuffles } from "./rational.ts";
import { flatten, referenceSignature } from "./reference.ts";
import { oracleTolerance } from "./tolerances.ts";

interface Oracle {
  name: string;
  path: (number | string)[][];
  depth: number;
  signature: string[];
}

const { paths: oracles } = JSON.parse(readFileSync(new URL("oracles/sig_vectors.json", import.meta.url), "utf8")) as {
  paths: Oracle[];
};

const exactPoints = (oracle: Oracle) => oracle.path.map((point) => point.map(Rational.parse));
const floatPoints = (oracle: Oracle) => exactPoints(oracle).map((point) => point.map((x) => x.toNumber()));
const expected = (oracle: Oracle) => oracle.signature.map((text) => Rational.parse(text).toNumber());
const channelsOf = (oracle: Oracle) => oracle.path[0]!.length;

test("there are oracles", () => {
  expect(oracles.map((oracle) => oracle.name)).toEqual(["square", "corner", "mono1d", "esig", "tri3d", "wiggle"]);
});

describe.each(oracles)("$name", (oracle) => {
  const { depth } = oracle;
  const exact = exactPoints(oracle);
  const labels = words(channelsOf(oracle), depth);
  const coefficients = new Map([
    ["", new Rational(1n)],
    ...labels.map((word, i) => [nameOf(word), Rational.parse(oracle.signature[i]!)] as const),
  ]);

  test("is the exact product of its segments' exponentials, in the order of words()", () => {
    const computed = exactSignature(exact, depth);
    expect(labels.map((word) => String(computed.get(nameOf(word))))).toEqual(oracle.signature);
  });

  test("satisfies Chen's identity at every inner point", () => {
    for (let t = 1; t < exact.length - 1; t++) {
      const combined = product(
        exactSignature(exact.slice(0, t + 1), depth),
        exactSignature(exact.slice(t), depth),
        depth,
      );
      expect(labels.map((word) => String(combined.get(nameOf(word))))).toEqual(oracle.signature);
    }
  });

  test("satisfies the shuffle identity for all pairs of words", () => {
    let pairs = 0;
    for (const u of labels) {
      for (const v of labels) {
        if (u.length + v.length > depth) continue;
        const left = coefficients.get(nameOf(u))!.times(coefficients.get(nameOf(v))!);
        const right = shuffles(u, v)
          .map((w) => coefficients.get(nameOf(w))!)
          .reduce((a, b) => a.plus(b));
        expect(String(left)).toBe(String(right));
        pairs++;
      }
    }
    expect(pairs).toBeGreaterThan(0);
  });

  test("agrees with the float64 reference", () => {
    const { rows, natural } = referenceSignature(floatPoints(oracle), { depth });
    expected(oracle).forEach((x, i) => {
      const k = labels[i]!.length;
      expect(Math.abs(rows[0]![i]! - x)).toBeLessThanOrEqual(oracleTolerance("float64", k, natural[k]!));
    });
  });

  describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
    beforeAll(async () => {
      await init({ variant });
    });

    test.each(["float64", "float32"] as const)("%s", (dtype) => {
      const points = floatPoints(oracle);
      const reference = referenceSignature(points, { depth });
      const result = signature(points, { depth, dtype });
      expected(oracle).forEach((x, i) => {
        const k = labels[i]!.length;
        const allowed = oracleTolerance(dtype, k, reference.natural[k]!);
        expect(Math.abs(result.data[i]! - x), `word ${nameOf(labels[i]!)}`).toBeLessThanOrEqual(allowed);
      });
    });

    test("in a batch, by prefixes, backwards", () => {
      const points = floatPoints(oracle);
      const close = (actual: ArrayLike<number>, wanted: ArrayLike<number>) => {
        expect(actual.length).toBe(wanted.length);
        for (let i = 0; i < wanted.length; i++) expect(actual[i]!).toBeCloseTo(wanted[i]!, 10);
      };
      const batch = signature([points, points.slice(0, 2), points], { depth });
      const row = expected(oracle).length;
      close(batch.data.subarray(2 * row), expected(oracle));
      const stream = signature(points, { depth, stream: true });
      close(stream.data.subarray(stream.data.length - row), expected(oracle));
      const backwards = exactSignature([...exact].reverse(), depth);
      close(
        signature(points, { depth, inverse: true }).data,
        labels.map((word) => backwards.get(nameOf(word))!.toNumber()),
      );
      const segment = referenceSignature(points.slice(1), { depth }).rows[0]!;
      close(signature(points.slice(1), { depth, scalarTerm: true }).data, [1, ...segment]);
    });
  });
});

test("levels in a row are what words() labels", () => {
  const levels = [new Float64Array([1]), new Float64Array([2, 3]), new Float64Array([4, 5, 6, 7])];
  expect(flatten(levels, true)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(words(2, 2, { scalarTerm: true })).toEqual([[], [0], [1], [0, 0], [0, 1], [1, 0], [1, 1]]);
});
