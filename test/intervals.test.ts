// Signatures of intervals of a long path: every kind of interval against `signature` of its points,
// for shapes from one channel and one level on, both number types and binaries; Chen's identity;
// bad input.

import { beforeAll, describe, expect, test } from "vitest";
import { createSignatureIntervals, type Intervals, init, isPathSignatureError, signature } from "../ts/index.ts";
import { codeOf } from "./code-of.ts";
import { makePath, random } from "./paths.ts";

/** The error that a call throws. */
function errorOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    if (isPathSignatureError(error)) return error;
  }
  throw new Error("no error of the library");
}

/** The signature of points [from, to) of a path, computed in float64. */
const exact = (data: ArrayLike<number>, channels: number, depth: number, from: number, to: number) =>
  signature(
    {
      data: Float64Array.from({ length: (to - from) * channels }, (_, i) => data[from * channels + i]!),
      shape: [to - from, channels],
    },
    { depth, dtype: "float64" },
  ).data;

/** Sums of the absolute numbers of a level, for relative errors. */
function norms(numbers: ArrayLike<number>, channels: number, depth: number): number[] {
  const all: number[] = [];
  for (let k = 1, at = 0, count = channels; k <= depth; k++, at += count, count *= channels) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum = Math.max(sum, Math.abs(numbers[at + i]!));
    all.push(...new Array(count).fill(sum));
  }
  return all;
}

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(() => init({ variant }));

  test.each([
    [1, 3, 2100],
    [2, 1, 1500],
    [2, 4, 40],
    [3, 3, 1],
    [3, 3, 1025],
    [3, 3, 9000],
    [2, 5, 128],
    [4, 4, 6145],
    [2, 2, 23_000],
    [5, 2, 20_000],
  ] as const)("%d channels, depth %d, %d points", (channels, depth, points) => {
    const next = random(points);
    const data = Float32Array.from(makePath("walk", points, channels, next).flat(), (x) => x / Math.sqrt(points));
    const pick = (n: number) => Math.floor(next() * n);
    // Chunks have 128 steps, blocks 1024.
    const near = (n: number) => {
      const steps = n % 2 ? 128 : 1024;
      return Math.min(points, Math.max(0, steps * Math.round(n / steps) + pick(5) - 2));
    };
    const intervals: [number, number][] = [[0, points]];
    for (let i = 0; i < 150; i++) {
      const [a, b] = i % 3 === 0 ? [pick(points), pick(points)] : [near(pick(points + 1)), near(pick(points + 1))];
      intervals.push(
        a! < b! ? [a!, b!] : a! > b! ? [b!, a!] : [Math.min(a!, points - 1), Math.min(a!, points - 1) + 1],
      );
      const from = pick(points);
      intervals.push([from, Math.min(points, from + 1 + pick(80))]);
    }
    // Rounding of what the product is of, which may be larger than the product.
    const scale = norms(exact(data, channels, depth, 0, points), channels, depth);
    for (const [dtype, unit] of [
      ["float64", 2e-13],
      ["float32", 2e-5],
    ] as const) {
      const path = { data, shape: [points, channels] };
      using of = createSignatureIntervals(path, { depth, dtype });
      expect([of.length, of.channels, of.depth]).toEqual([points, channels, depth]);
      const found = of.query(intervals);
      const size = found.shape[1]!;
      expect(found.dtype).toBe(dtype);
      expect(found.shape).toEqual([intervals.length, size]);
      for (const [i, [from, to]] of intervals.entries()) {
        const wanted = exact(data, channels, depth, from, to);
        const allowed = norms(wanted, channels, depth);
        for (let k = 0; k < size; k++)
          expect(Math.abs(found.data[i * size + k]! - wanted[k]!), `[${from}, ${to}), ${k}`).toBeLessThanOrEqual(
            unit * (allowed[k]! + scale[k]! + 1),
          );
      }
      expect([...of.query(Int32Array.from(intervals.flat())).data]).toEqual([...found.data]);
      // A query depends on nothing else than its interval.
      expect([...of.query([intervals[1]!]).data]).toEqual([...found.data.subarray(size, 2 * size)]);
    }
  });

  test("many small steps: as exact in float32 as one signature", () => {
    const points = 200_001;
    const data = new Float32Array(2 * points);
    for (let t = 0; t < points; t++) data.set([Math.cos(t / 1e4), Math.sin(t / 1e4)], 2 * t);
    using of = createSignatureIntervals({ data, shape: [points, 2] }, { depth: 3 });
    const intervals: Intervals = [
      [0, points],
      [12_345, 187_654],
      [1, points - 1],
    ];
    const found = of.query(intervals);
    for (const [i, [from, to]] of (intervals as [number, number][]).entries()) {
      const wanted = exact(data, 2, 3, from, to);
      const single = signature({ data: data.slice(2 * from, 2 * to), shape: [to - from, 2] }, { depth: 3 }).data;
      const error = (numbers: ArrayLike<number>, at: number) =>
        Math.max(...[...wanted].map((x, k) => Math.abs(numbers[at + k]! - x)));
      expect(error(found.data, 14 * i)).toBeLessThanOrEqual(4 * error(single, 0) + 1e-6);
    }
  });
});

test("what is given is copied, and everything is given back", () => {
  const data = Float64Array.from({ length: 6000 }, (_, i) => Math.sin(i));
  const of = createSignatureIntervals({ data, shape: [3000, 2] }, { depth: 2 });
  const before = [...of.query([[3, 2900]]).data];
  data.fill(0);
  expect([...of.query([[3, 2900]]).data]).toEqual(before);
  of[Symbol.dispose]();
  of[Symbol.dispose]();
  expect(codeOf(() => of.query([[0, 1]]))).toBe("STREAM_CLOSED");
});

test("a number that is not finite is named, wherever it is", () => {
  const points = 3000;
  const good = makePath("walk", points, 3, random(7)).flat();
  for (const [kind, dtype] of [
    [Float32Array, "float32"],
    [Float64Array, "float64"],
    [Float64Array, "float32"],
  ] as const) {
    for (const [point, channel] of [
      [0, 0],
      [1, 2],
      [128, 1],
      [1024, 0],
      [2944, 1],
      [2945, 2],
      [points - 1, 2],
    ] as const) {
      for (const value of [Number.NaN, -Infinity]) {
        const data = kind.from(good);
        data[3 * point + channel] = value;
        // The first one is named.
        data[3 * points - 1] = value;
        const found = errorOf(() => createSignatureIntervals({ data, shape: [points, 3] }, { depth: 2, dtype }));
        expect(found.code).toBe("NOT_FINITE");
        expect(found.position).toEqual({ point, channel });
      }
    }
  }
  const data = Float64Array.from(good);
  data[300] = 1e300;
  expect(codeOf(() => createSignatureIntervals({ data, shape: [points, 3] }, { depth: 2, dtype: "float32" }))).toBe(
    "NOT_REPRESENTABLE",
  );
});

test("finite numbers of which sums are not finite are no error", () => {
  const points = 600;
  const data = Float32Array.from({ length: 2 * points }, (_, i) => (i === 300 ? 3e38 : i === 302 ? -3e38 : 0.5));
  using of = createSignatureIntervals({ data, shape: [points, 2] }, { depth: 2 });
  const found = of.query([
    [0, points],
    [256, points],
  ]);
  expect(found.data.subarray(0, 6).every(Number.isFinite)).toBe(false);
  expect([...found.data.subarray(6)]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("bad input is a typed error, and the next call works", () => {
  const path = makePath("walk", 100, 2, random(1));
  using of = createSignatureIntervals(path, { depth: 2 });
  for (const [intervals, code] of [
    [undefined, "WINDOWS_TYPE"],
    [[], "WINDOWS_TYPE"],
    [[5], "WINDOWS_RANGE"],
    [[[1, 2, 3]], "WINDOWS_RANGE"],
    [[[0, 101]], "WINDOWS_RANGE"],
    [[[-1, 5]], "WINDOWS_RANGE"],
    [[[5, 5]], "WINDOWS_RANGE"],
    [[[0.5, 5]], "WINDOWS_RANGE"],
    [[["0", 5]], "WINDOWS_RANGE"],
    [Int32Array.of(1, 2, 3), "WINDOWS_RANGE"],
    [Float64Array.of(1, Number.NaN), "WINDOWS_RANGE"],
  ] as const)
    expect(
      codeOf(() => of.query(intervals as never)),
      String(intervals),
    ).toBe(code);
  expect(of.query([[0, 100]]).shape).toEqual([1, 6]);
  for (const [given, options, code] of [
    [[path], { depth: 2 }, "PATHS_RANK"],
    [path, {}, "DEPTH_INVALID"],
    [path, { depth: 2, stream: true }, "OPTION_UNKNOWN"],
    [[[1, Number.NaN]], { depth: 2 }, "NOT_FINITE"],
    [{ data: Float64Array.of(1e300, 1), shape: [2, 1] }, { depth: 2, dtype: "float32" }, "NOT_REPRESENTABLE"],
    ["path", { depth: 2 }, "PATHS_TYPE"],
  ] as const)
    expect(codeOf(() => createSignatureIntervals(given as never, options as never))).toBe(code);
});
