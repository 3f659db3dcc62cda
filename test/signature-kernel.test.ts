// Signature kernels on every binary, on the calling thread: stored kernels of 25 digits, pySigLib's
// values and gradients, identities of the kernel, equal bits, forms of arguments, losses, memory.
// Errors: signature-kernel-errors.test.ts; engines: engine/signature-kernel.test.ts.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { signature, signatureVjp } from "../ts/index.ts";
import {
  init,
  type Kernels,
  signatureKernel,
  signatureKernelGram,
  signatureKernelGramVjp,
  signatureKernelVjp,
  signatureMmd,
  signatureMmdVjp,
  signatureScore,
  signatureScoreVjp,
  staticKernels,
  truncatedSignatureKernel,
  truncatedSignatureKernelGram,
  truncatedSignatureKernelGramVjp,
  truncatedSignatureKernelVjp,
} from "../ts/kernels.ts";
import { bindSignatureKernelGram, bindSignatureKernelGramVjp } from "../ts/operations/kernels.ts";
import { compileNow } from "../ts/wasm/compile.ts";
import { onlyModules, Runtime } from "../ts/wasm/runtime.ts";
import { bytesOf } from "./inlined.ts";
import { random } from "./paths.ts";

type Path = number[][];
type Data = Float32Array | Float64Array;
const variants = ["simd", "relaxed"] as const;
const degrees = [1, 2, 3] as const;
const stored = (name: string) => JSON.parse(readFileSync(new URL(`oracles/${name}.json`, import.meta.url), "utf8"));

/** A Gram matrix of pySigLib, and its gradients for cotangents of 1. */
interface Stored {
  readonly kernel: readonly [keyof typeof staticKernels, never];
  readonly orders: readonly [number, number];
  readonly gram: number[][];
  readonly dx: number[][][];
  readonly dy: number[][][];
}

/** Numbers that are stored as rationals. */
const rational = (value: number | string): number =>
  typeof value === "number" ? value : value.split("/").reduce((a, b, i) => (i === 0 ? Number(b) : a / Number(b)), 0);
const pairs = (stored("kernel_vectors").pairs as Record<string, unknown>[]).map((pair) => ({
  ...(pair as unknown as {
    name: string;
    exact: number;
    stencil: Record<string, number>;
    degree2: Record<string, number>;
    truncated: number[];
  }),
  x: (pair.x as (number | string)[][]).map((point) => point.map(rational)),
  y: (pair.y as (number | string)[][]).map((point) => point.map(rational)),
}));

/** A random walk whose steps have the variance 1/points a channel. */
function walk(points: number, channels: number, next: () => number): Path {
  const path: Path = [new Array(channels).fill(0)];
  const normal = () => Array.from({ length: 12 }, next).reduce((a, b) => a + b, -6);
  for (let i = 1; i < points; i++) path.push(path[i - 1]!.map((c) => c + normal() / Math.sqrt(points * channels)));
  return path;
}
const batchOf = (lengths: readonly number[], channels: number, next: () => number): Path[] =>
  lengths.map((points) => walk(points, channels, next));

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));
const worst = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  expect(found.length).toBe(wanted.length);
  return Array.from(wanted, (b, i) => relative(found[i]!, b)).reduce((a, b) => Math.max(a, b), 0);
};
const bits = ({ buffer, byteOffset, byteLength }: Data): Buffer => Buffer.from(buffer, byteOffset, byteLength);

describe.each(variants)("%s", (variant) => {
  beforeAll(async () => {
    await init({ variant });
  });

  describe.each(pairs)("stored pair: $name", ({ x, y, exact, stencil, degree2, truncated, name }) => {
    test("the usual stencil, refined along each path", () => {
      for (const [key, wanted] of Object.entries(stencil)) {
        const dyadicOrder = key.split(",").map(Number) as [number, number];
        expect(relative(signatureKernel(x, y, { degree: 1, dyadicOrder }).data[0]!, wanted)).toBeLessThan(1e-13);
        const single = signatureKernel(x, y, { degree: 1, dyadicOrder, dtype: "float32" });
        expect(relative(single.data[0]!, wanted)).toBeLessThan(2e-5);
      }
    });

    test("degree 2", () => {
      for (const [key, wanted] of Object.entries(degree2)) {
        const dyadicOrder = Number(key);
        expect(relative(signatureKernel(x, y, { degree: 2, dyadicOrder }).data[0]!, wanted)).toBeLessThan(1e-12);
      }
    });

    test("the kernel itself, by default and in the limit", () => {
      const isLarge = name === "large value";
      // |v| of a cell is at most 1/4 then.
      expect(relative(signatureKernel(x, y).data[0]!, exact)).toBeLessThan(isLarge ? 1e-3 : 2e-5);
      expect(relative(signatureKernel(x, y, { degree: 3 }).data[0]!, exact)).toBeLessThan(isLarge ? 3e-5 : 2e-7);
      const limit = signatureKernel(x, y, { degree: 3, dyadicOrder: 6 });
      expect(relative(limit.data[0]!, exact)).toBeLessThan(isLarge ? 2e-6 : 1e-12);
    });

    test("truncated kernels, and inner products of signatures by another route", () => {
      for (const [depth, wanted] of truncated.entries()) {
        if (depth === 0) continue;
        expect(relative(truncatedSignatureKernel(x, y, { depth }).data[0]!, wanted)).toBeLessThan(1e-13);
        const [s, t] = [x, y].map((path) => signature(path, { depth }).data as Float64Array);
        const inner = s!.reduce((sum, c, i) => sum + c * t![i]!, 1);
        expect(relative(truncatedSignatureKernel(x, y, { depth }).data[0]!, inner)).toBeLessThan(1e-12);
      }
    });

    test("an estimate of the error that holds", () => {
      for (const degree of [1, 2] as const) {
        const { data, errors } = signatureKernel(x, y, { degree, dyadicOrder: 4, estimateError: true });
        expect(data[0]).toBe(signatureKernel(x, y, { degree, dyadicOrder: 5 }).data[0]);
        // The order of convergence is reached as cells get small.
        expect(Math.abs(data[0]! - exact)).toBeLessThan(3 * errors![0]! + 1e-12);
      }
    });
  });

  test("pySigLib's Gram matrices and gradients, of every static kernel", () => {
    const cases = (stored("pysiglib_kernels").groups as { x: Path[]; y: Path[]; cases: never[] }[]).flatMap(
      ({ cases, x, y }) => cases.map((one: object) => ({ x, y, ...(one as Stored) })),
    );
    for (const { x, y, kernel, orders, gram, dx, dy } of cases) {
      const [name, parameters] = kernel;
      const options = { degree: 1, dyadicOrder: orders, staticKernel: staticKernels[name](parameters) } as const;
      expect(worst(signatureKernelGram(x, y, options).data, gram.flat()), name).toBeLessThan(1e-13);
      const ones = new Float64Array(x.length * y.length).fill(1);
      const bars = signatureKernelGramVjp(x, y, ones, options);
      expect(worst(bars.x!.data, dx.flat(2)), `${name} dx`).toBeLessThan(1e-11);
      expect(worst(bars.y!.data, dy.flat(2)), `${name} dy`).toBeLessThan(1e-11);
    }
  });

  test("orders of the pairs within x, where y has shorter steps", () => {
    const x = [
      [0, 0],
      [4, 1],
      [5, 6],
      [9, 9],
    ];
    const y = [
      [0, 0],
      [0.1, 0.1],
    ];
    const found = signatureKernel(x, y, { normalize: true }).data[0]!;
    const wanted = signatureKernel(x, y, { normalize: true, degree: 3, dyadicOrder: 7 }).data[0]!;
    expect(Math.abs(found / wanted - 1)).toBeLessThan(1e-3);
    const reach = { degree: 3, dyadicOrder: 7 } as const;
    expect(relative(signatureMmd([x, x], [y, y]), signatureMmd([x, x], [y, y], reach))).toBeLessThan(1e-3);
  });

  test("pySigLib's distances and scores", () => {
    const { x, y, mmd, expected, score } = stored("pysiglib_kernels").losses;
    const options = { degree: 1, dyadicOrder: 0 } as const;
    expect(relative(signatureMmd(x, y, options), mmd)).toBeLessThan(1e-13);
    expect(relative(signatureScore(x, y, options), expected)).toBeLessThan(1e-13);
    expect(relative(signatureScore(x, y[0], options), score)).toBeLessThan(1e-13);
  });

  test.each(degrees)("degree %i: one segment against the series Σ vᵏ / k!²", (degree) => {
    for (const v of [-1, -0.2, 0.01, 0.5, 2]) {
      let [sum, term] = [1, 1];
      for (let k = 1; k < 40; k++) {
        term *= v / (k * k);
        sum += term;
      }
      const found = signatureKernel(
        [
          [0, 0],
          [v, 3],
        ],
        [
          [1, 1],
          [2, 1],
        ],
        { degree, dyadicOrder: 6 },
      );
      expect(relative(found.data[0]!, sum)).toBeLessThan([2e-4, 1e-9, 1e-13][degree - 1]!);
    }
  });

  test.each(degrees)("degree %i: symmetry, scaling, standing still, order of the limit", (degree) => {
    const next = random(degree);
    const [x, y] = [walk(20, 3, next), walk(31, 3, next)];
    const options = { degree, dyadicOrder: 4 } as const;
    const tolerance = [1e-4, 1e-8, 1e-12][degree - 1]!;
    const k = signatureKernel(x, y, options).data[0]!;
    expect(relative(signatureKernel(y, x, options).data[0]!, k)).toBeLessThan(1e-12);
    // c x against y is x against c y.
    const scaled = (path: Path, c: number) => path.map((point) => point.map((n) => c * n));
    const other = signatureKernel(scaled(x, 0.5), y, options).data[0]!;
    expect(relative(signatureKernel(x, scaled(y, 0.5), options).data[0]!, other)).toBeLessThan(1e-13);
    const root = staticKernels.linear({ scale: Math.SQRT1_2 });
    expect(relative(signatureKernel(x, y, { ...options, staticKernel: root }).data[0]!, other)).toBeLessThan(1e-12);
    // Points that repeat do not count, and points on a segment only change the grid.
    const still = x.flatMap((point, i) => (i % 3 === 0 ? [point, point] : [point]));
    expect(relative(signatureKernel(still, y, options).data[0]!, k)).toBeLessThan(1e-13);
    const finer = x.flatMap((point, i) => (i === 0 ? [point] : [point.map((c, j) => (c + x[i - 1]![j]!) / 2), point]));
    expect(relative(signatureKernel(finer, y, options).data[0]!, k)).toBeLessThan(tolerance);
    // Paths that differ by a translation have equal signatures.
    const moved = x.map((point) => point.map((c) => c + 5));
    expect(relative(signatureKernel(moved, y, options).data[0]!, k)).toBeLessThan(1e-12);
    // A path of one point has the identity as signature.
    expect(signatureKernel([x[0]!], y, options).data[0]).toBe(1);
    expect(signatureKernel(x, [y[0]!], options).data[0]).toBe(1);
  });

  test("is the inner product of deep signatures", () => {
    const next = random(3);
    const [x, y] = [walk(6, 2, next), walk(9, 2, next)];
    const [s, t] = [x, y].map((path) => signature(path, { depth: 12 }).data as Float64Array);
    const inner = s!.reduce((sum, c, i) => sum + c * t![i]!, 1);
    expect(relative(signatureKernel(x, y, { degree: 3, dyadicOrder: 4 }).data[0]!, inner)).toBeLessThan(1e-11);
  });

  test("truncated kernels of batches, ragged, symmetric, lifted; deep ones are the kernel", () => {
    const next = random(13);
    const [x, y] = [batchOf([5, 1, 8, 30, 7], 2, next), batchOf([4, 6, 2, 17], 2, next)];
    for (const staticKernel of [undefined, staticKernels.rbf({ sigma: 1 }), staticKernels.polynomial({ degree: 2 })]) {
      const options = { depth: 5, staticKernel } as const;
      const gram = truncatedSignatureKernelGram(x, y, options);
      expect(gram.shape).toEqual([5, 4]);
      for (const [i, a] of x.entries())
        for (const [j, b] of y.entries())
          expect(gram.data[i * 4 + j]).toBe(truncatedSignatureKernel(a, b, options).data[0]);
      const own = truncatedSignatureKernelGram(x, { ...options, normalize: true }).data;
      for (let i = 0; i < 5; i++) {
        expect(own[6 * i]).toBeCloseTo(1, 13);
        for (let j = 0; j < i; j++) expect(own[5 * i + j]).toBe(own[5 * j + i]);
      }
      const deep = truncatedSignatureKernelGram(x, y, { ...options, depth: 16 }).data;
      const limit = signatureKernelGram(x, y, { staticKernel, degree: 3, dyadicOrder: 5 }).data;
      expect(worst(deep, limit)).toBeLessThan(1e-10);
    }
  });

  test("a Gram matrix is symmetric to the bit, positive definite, and bounded by its diagonal", () => {
    const next = random(4);
    for (const dtype of ["float32", "float64"] as const) {
      for (const count of [1, 3, 13, 40]) {
        const x = batchOf(
          Array.from({ length: count }, () => 12),
          3,
          next,
        );
        const { data, shape } = signatureKernelGram(x, { dtype });
        expect(shape).toEqual([count, count]);
        const full = signatureKernelGram(x, x, { dtype }).data;
        for (let i = 0; i < count; i++) {
          for (let j = 0; j < count; j++) {
            expect(data[i * count + j]).toBe(data[j * count + i]);
            if (i <= j) expect(data[i * count + j]).toBe(full[i * count + j]);
            const bound = Math.sqrt(data[i * count + i]! * data[j * count + j]!);
            expect(Math.abs(data[i * count + j]!)).toBeLessThanOrEqual(bound * (1 + 1e-5));
          }
        }
        if (dtype === "float64") expect(leastPivot(Array.from(data), count)).toBeGreaterThan(-1e-9);
        const normal = signatureKernelGram(x, { dtype, normalize: true }).data;
        for (let i = 0; i < count; i++) expect(normal[i * count + i]).toBeCloseTo(1, 5);
      }
    }
  });

  test("the bits of a pair are its own: ragged batches, tiles, pairs, containers", () => {
    const next = random(5);
    const rbf = staticKernels.rbf({ sigma: 1 });
    for (const [degree, channels, dtype, staticKernel] of [
      [1, 1, "float32", undefined],
      [2, 2, "float32", undefined],
      [2, 7, "float64", undefined],
      [3, 3, "float64", undefined],
      [2, 2, "float32", rbf],
    ] as const) {
      const lengths = (count: number) => Array.from({ length: count }, () => 1 + Math.floor(30 * next()));
      const [x, y] = [batchOf(lengths(37), channels, next), batchOf(lengths(41), channels, next)];
      const options = { degree, dtype, staticKernel };
      const gram = signatureKernelGram(x, y, options);
      expect(gram.shape).toEqual([37, 41]);
      const some = signatureKernel(x, y.slice(0, 37), options);
      const own = signatureKernelGram(x, options).data;
      for (let k = 0; k < 60; k++) {
        const [i, j] = [Math.floor(37 * next()), Math.floor(41 * next())];
        const alone = signatureKernel(x[i]!, y[j]!, options).data[0];
        expect(gram.data[i * 41 + j]).toBe(alone);
        if (j < 37)
          expect(own[i * 37 + j]).toBe(signatureKernel(x[Math.min(i, j)]!, x[Math.max(i, j)]!, options).data[0]);
        expect(some.data[i]).toBe(signatureKernel(x[i]!, y[i]!, options).data[0]);
      }
    }
  });

  test.each(degrees)("degree %i: one pair alone, by rows in lanes, has the bits of a pair in company", (degree) => {
    const next = random(23 + degree);
    for (const dtype of ["float32", "float64"] as const) {
      for (const [points, others, channels, dyadicOrder] of [
        [17, 17, 1, 0],
        [64, 33, 2, 0],
        [26, 90, 3, [1, 0]],
        [40, 11, 7, [0, 2]],
        [9, 30, 2, [2, 1]],
        [200, 5, 2, "auto"],
        [2, 300, 4, 3],
      ] as const) {
        const [x, y] = [batchOf([points, points + 1], channels, next), batchOf([others, others - 1], channels, next)];
        const options = { degree, dtype, dyadicOrder: dyadicOrder as number };
        const wanted = signatureKernelGram(x, y, options).data;
        const column = signatureKernelGram(x, [y[1]!], options).data;
        for (const i of [0, 1]) {
          for (const j of [0, 1])
            expect(signatureKernel(x[i]!, y[j]!, options).data[0], `${points}, ${others}`).toBe(wanted[2 * i + j]);
          expect(column[i]).toBe(wanted[2 * i + 1]);
        }
      }
    }
  });

  test("every container, padded batches with lengths, and out", () => {
    const next = random(6);
    const [x, y] = [batchOf([5, 9, 7], 2, next), batchOf([4, 4, 4], 2, next)];
    const wanted = signatureKernelGram(x, y);
    expect(wanted.shape).toEqual([3, 3]);
    expectTypeOf(wanted).toEqualTypeOf<Kernels<"float64">>();
    const padded = Float64Array.from(x.flatMap((path) => [...path, ...Array(9 - path.length).fill([9, 9])]).flat());
    const shared = new Float64Array(new SharedArrayBuffer(y.flat(2).length * 8));
    shared.set(y.flat(2));
    for (const data of [padded, Array.from(padded)])
      for (const other of [shared, y.flat(2)]) {
        const found = signatureKernelGram(
          { data, shape: [3, 9, 2] },
          { data: other, dims: [3, 4, 2] },
          { xLengths: [5, 9, 7] },
        );
        expect(bits(found.data)).toEqual(bits(wanted.data));
      }
    const rows = x.map((path) => path.map((point) => Float32Array.from(point)));
    expect(signatureKernelGram(rows).dtype).toBe("float32");
    expect(signatureKernelGram(rows, y).dtype).toBe("float64");
    const out = new Float64Array(9);
    expect(signatureKernelGram(x, y, { out }).data).toBe(out);
    expect(bits(out)).toEqual(bits(wanted.data));
    const batch = signatureKernel({ data: padded, shape: [1, 3, 9, 2] }, { data: padded, shape: [1, 3, 9, 2] });
    expect(batch.shape).toEqual([1, 3]);
    expect(signatureKernel(x[0]!, y[0]!).shape).toEqual([]);
    const none = signatureKernelGram({ data: [], shape: [0, 3, 2] }, y);
    expect(none.shape).toEqual([0, 3]);
    expect(signatureKernelGram(y, { data: [], shape: [0, 3, 2] }).shape).toEqual([3, 0]);
    expect(signatureKernelGram({ data: [], shape: [0, 3, 2] }).data.length).toBe(0);
  });

  test("random shapes, degree 1 against a plain stencil", () => {
    const next = random(7);
    for (let k = 0; k < 60; k++) {
      const channels = 1 + Math.floor(next() * next() * 64);
      const length = () => 1 + Math.floor(next() * next() * (k % 10 === 0 ? 600 : 80));
      const [x, y] = [walk(length(), channels, next), walk(length(), channels, next)];
      const wanted = plainStencil(x, y);
      const options = { degree: 1, dyadicOrder: 0 } as const;
      expect(relative(signatureKernel(x, y, options).data[0]!, wanted)).toBeLessThan(1e-12);
      const single = signatureKernel(x, y, { ...options, dtype: "float32" });
      expect(relative(single.data[0]!, wanted)).toBeLessThan(1e-5);
    }
  });

  test("float32 of long paths keeps to 1e-5", () => {
    const next = random(8);
    for (const degree of [1, 2] as const) {
      const [x, y] = [walk(2000, 3, next), walk(1500, 3, next)];
      const options = { degree, dyadicOrder: 0 } as const;
      const wanted = signatureKernel(x, y, options).data[0]!;
      expect(relative(signatureKernel(x, y, { ...options, dtype: "float32" }).data[0]!, wanted)).toBeLessThan(1e-5);
      const cotangent = [1];
      const bar = signatureKernelVjp(x, y, cotangent, options).x!.data;
      const largest = bar.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      const single = signatureKernelVjp(x, y, cotangent, { ...options, dtype: "float32" }).x!.data;
      expect(bar.every((b, i) => Math.abs(single[i]! - b) < 5e-5 * largest)).toBe(true);
    }
  });

  test.each(degrees)("degree %i: gradients are differences; sums over tiles, symmetry, wanted sides", (degree) => {
    const next = random(9);
    const [x, y] = [batchOf([5, 1, 8, 3, 7], 2, next), batchOf([4, 6, 2], 2, next)];
    const cotangent = Float64Array.from({ length: 15 }, () => next() - 0.5);
    const options = { degree } as const;
    const loss = (a: Path[], b: Path[]) =>
      signatureKernelGram(a, b, options).data.reduce((sum, k, i) => sum + k * cotangent[i]!, 0);
    const bars = signatureKernelGramVjp(x, y, cotangent, options);
    expectDifferences(x, bars.x!.data, 8, (moved) => loss(moved, y));
    expectDifferences(y, bars.y!.data, 6, (moved) => loss(x, moved));
    const onlyX = signatureKernelGramVjp(x, y, cotangent, { ...options, gradients: "x" });
    expect(onlyX.y).toBeUndefined();
    expect(bits(onlyX.x!.data)).toEqual(bits(bars.x!.data));
    const square = Float64Array.from({ length: 25 }, () => next() - 0.5);
    const own = (a: Path[]) => signatureKernelGram(a, options).data.reduce((sum, k, i) => sum + k * square[i]!, 0);
    expectDifferences(x, signatureKernelGramVjp(x, undefined, square, options).x!.data, 8, own);
    const some = x.slice(0, 3);
    const pair = signatureKernelVjp(some, y, [1, -2, 0.5], options);
    const of = (a: Path[]) => signatureKernel(a, y, options).data.reduce((sum, k, i) => sum + k * [1, -2, 0.5][i]!, 0);
    expectDifferences(some, pair.x!.data, 8, of);
  });

  test.each(degrees)("gradients of normalised kernels are differences, degree %i", (degree) => {
    const next = random(12);
    const [x, y] = [batchOf([8, 5, 6, 1, 7], 2, next), batchOf([4, 6, 5], 2, next)];
    const options = { degree, normalize: true, dyadicOrder: [0, 1] } as const;
    const cotangent = Float64Array.from({ length: 25 }, () => next() - 0.5);
    const weighted = ({ data }: Kernels<"float64">) => data.reduce((sum, k, i) => sum + k * cotangent[i]!, 0);
    const bars = signatureKernelGramVjp(x, y, cotangent.subarray(0, 15), options);
    expectDifferences(x, bars.x!.data, 8, (moved) => weighted(signatureKernelGram(moved, y, options)));
    expectDifferences(y, bars.y!.data, 6, (moved) => weighted(signatureKernelGram(x, moved, options)));
    const onlyY = signatureKernelGramVjp(x, y, cotangent.subarray(0, 15), { ...options, gradients: "y" });
    expect(onlyY.x).toBeUndefined();
    expect(bits(onlyY.y!.data)).toEqual(bits(bars.y!.data));
    const own = signatureKernelGramVjp(x, undefined, cotangent, options).x!.data;
    expectDifferences(x, own, 8, (moved) => weighted(signatureKernelGram(moved, options)));
    const some = x.slice(0, 3);
    const pair = signatureKernelVjp(some, y, cotangent.subarray(0, 3), options);
    expectDifferences(some, pair.x!.data, 8, (moved) => weighted(signatureKernel(moved, y, options)));
    expectDifferences(y, pair.y!.data, 6, (moved) => weighted(signatureKernel(some, moved, options)));
  });

  test("gradients of truncated kernels are differences: lifted, ragged, symmetric, normalised, of pairs", () => {
    const next = random(14);
    const [x, y] = [batchOf([5, 1, 8, 3, 7], 2, next), batchOf([4, 6, 2], 2, next)];
    const cotangent = Float64Array.from({ length: 25 }, () => next() - 0.5);
    const weighted = ({ data }: Kernels<"float64">) => data.reduce((sum, k, i) => sum + k * cotangent[i]!, 0);
    const some = x.slice(0, 3);
    for (const staticKernel of [undefined, staticKernels.rbf({ sigma: 1 }), staticKernels.polynomial({ degree: 2 })])
      for (const normalize of [false, true]) {
        const options = { depth: normalize ? 3 : 5, staticKernel, normalize } as const;
        const bars = truncatedSignatureKernelGramVjp(x, y, cotangent.subarray(0, 15), options);
        expectDifferences(x, bars.x!.data, 8, (moved) => weighted(truncatedSignatureKernelGram(moved, y, options)));
        expectDifferences(y, bars.y!.data, 6, (moved) => weighted(truncatedSignatureKernelGram(x, moved, options)));
        const onlyX = truncatedSignatureKernelGramVjp(x, y, cotangent.subarray(0, 15), { ...options, gradients: "x" });
        expect(onlyX.y).toBeUndefined();
        expect(bits(onlyX.x!.data)).toEqual(bits(bars.x!.data));
        const own = truncatedSignatureKernelGramVjp(x, undefined, cotangent, options).x!.data;
        expectDifferences(x, own, 8, (moved) => weighted(truncatedSignatureKernelGram(moved, options)));
        const pair = truncatedSignatureKernelVjp(some, y, cotangent.subarray(0, 3), options);
        expectDifferences(some, pair.x!.data, 8, (moved) => weighted(truncatedSignatureKernel(moved, y, options)));
        expectDifferences(y, pair.y!.data, 6, (moved) => weighted(truncatedSignatureKernel(some, moved, options)));
      }
  });

  test("gradients of truncated kernels by another route: those of inner products with signatures", () => {
    const next = random(15);
    for (const [points, others, channels, depth] of [
      [2, 2, 1, 1],
      [9, 5, 3, 4],
      [60, 45, 2, 6],
      [40, 90, 6, 3],
    ] as const) {
      const [x, y] = [walk(points, channels, next), walk(others, channels, next)];
      const scale = (rows: ArrayLike<number>) => Float64Array.from(rows, (c) => -1.5 * c);
      const { x: dx, y: dy } = truncatedSignatureKernelVjp(x, y, [-1.5], { depth });
      expect(worst(dx!.data, signatureVjp(x, scale(signature(y, { depth }).data), { depth }).paths.data)).toBeLessThan(
        1e-12,
      );
      expect(worst(dy!.data, signatureVjp(y, scale(signature(x, { depth }).data), { depth }).paths.data)).toBeLessThan(
        1e-12,
      );
      const single = truncatedSignatureKernelVjp(x, y, [-1.5], { depth, dtype: "float32" });
      expect(worst(single.x!.data, dx!.data)).toBeLessThan(1e-5);
    }
  });

  test("gradients of distances and scores are differences", () => {
    const next = random(10);
    const [x, y] = [batchOf([5, 4, 6, 3], 2, next), batchOf([4, 6, 5], 2, next)];
    const mmd = signatureMmdVjp(x, y, { cotangent: 3 });
    expectDifferences(x, mmd.x!.data, 6, (moved) => 3 * signatureMmd(moved, y));
    expectDifferences(y, mmd.y!.data, 6, (moved) => 3 * signatureMmd(x, moved));
    const score = signatureScoreVjp(x, y, { lambda: 0.7, gradients: "x" });
    expect(score.y).toBeUndefined();
    expectDifferences(x, score.x!.data, 6, (moved) => signatureScore(moved, y, { lambda: 0.7 }));
    expect(Math.abs(signatureMmd(x, [...x].reverse()))).toBeLessThan(2);
    const one = { data: x.flat(2), shape: [1, x.flat().length, 2] };
    expect(() => signatureMmd(one, y)).toThrow(/at least 2 paths/);
  });
});

/** The least pivot of an LDLᵀ factorisation, relative to the diagonal. */
function leastPivot(a: number[], n: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k]!;
    least = Math.min(least, pivot);
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / pivot;
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
    }
  }
  return least;
}

/** The stencil as papers have it. */
function plainStencil(x: Path, y: Path): number {
  const steps = (path: Path) => path.slice(1).map((point, i) => point.map((c, k) => c - path[i]![k]!));
  const b = steps(y);
  let below = new Array(y.length).fill(1);
  for (const dx of steps(x)) {
    const row = [1];
    for (const [j, dy] of b.entries()) {
      const v = dx.reduce((sum, c, k) => sum + c * dy[k]!, 0);
      row.push((below[j + 1] + row[j]!) * (1 + v / 2 + (v * v) / 12) - below[j] * (1 - (v * v) / 12));
    }
    below = row;
  }
  return below.at(-1);
}

/** Throws unless `bar`, (batch, points, channels), is the derivative of a function of the paths. */
function expectDifferences(paths: Path[], bar: ArrayLike<number>, points: number, of: (moved: Path[]) => number): void {
  const channels = paths[0]![0]!.length;
  expect(bar.length).toBe(paths.length * points * channels);
  for (const [i, path] of paths.entries()) {
    for (let t = 0; t < points; t++) {
      for (let c = 0; c < channels; c++) {
        const found = bar[(i * points + t) * channels + c]!;
        if (t >= path.length) {
          expect(found).toBe(0);
          continue;
        }
        const moved = (by: number) => {
          const all = paths.map((p) => p.map((point) => [...point]));
          all[i]![t]![c]! += by;
          return of(all);
        };
        expect(Math.abs(found - (moved(1e-5) - moved(-1e-5)) / 2e-5)).toBeLessThan(1e-7);
      }
    }
  }
}

test("simd and relaxed agree to rounding", async () => {
  const next = random(11);
  const [x, y] = [walk(100, 4, next), walk(80, 4, next)];
  await init({ variant: "simd" });
  const plain = degrees.map((degree) => signatureKernel(x, y, { degree }).data[0]!);
  await init({ variant: "relaxed" });
  for (const [i, degree] of degrees.entries())
    expect(relative(signatureKernel(x, y, { degree }).data[0]!, plain[i]!)).toBeLessThan(1e-13);
});

test("memory does not grow with the batch, nor over calls", () => {
  const module = compileNow(bytesOf("simd", "kernels"));
  const runtime = new Runtime({ compile: onlyModules, moduleNow: () => module });
  const gram = bindSignatureKernelGram(runtime);
  const vjp = bindSignatureKernelGramVjp(runtime);
  const bytes = () => runtime.instance().kernels.memory.buffer.byteLength;
  const next = random(12);
  const batch = (count: number) => batchOf(new Array(count).fill(40), 3, next);
  const [few, many] = [batch(64), batch(400)];
  gram(few);
  const before = bytes();
  gram(many);
  expect(bytes()).toBe(before);
  const small = batch(4);
  vjp(small, undefined, new Float64Array(16).fill(1));
  const after = bytes();
  for (let i = 0; i < 1000; i++) {
    gram(small);
    vjp(small, undefined, new Float64Array(16).fill(1));
  }
  expect(bytes()).toBe(after);
});
