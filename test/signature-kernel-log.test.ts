// Logarithms of signature kernels, on every binary: of kernels that fit, of stored ones, of kernels
// beyond float64 against a stencil in wider numbers and Bessel functions; errors.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  init,
  type Kernels,
  signatureKernel,
  signatureKernelGram,
  signatureKernelGramVjp,
  staticKernels,
  truncatedSignatureKernel,
} from "../ts/kernels.ts";
import { random } from "./paths.ts";

type Path = number[][];

/** A walk with a drift along the diagonal, so that kernels are positive and grow. */
function drifting(points: number, channels: number, size: number, next: () => number): Path {
  const path: Path = [new Array(channels).fill(0)];
  for (let i = 1; i < points; i++) path.push(path[i - 1]!.map((c) => c + (size / points) * (0.4 + next())));
  return path;
}

const worst = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  expect(found.length).toBe(wanted.length);
  return Array.from(wanted, (b, i) => Math.abs(found[i]! - b) / Math.max(1, Math.abs(b))).reduce((a, b) =>
    Math.max(a, b),
  );
};

/** ln I₀(z), from its asymptotic series. */
function logBessel(z: number): number {
  let [term, sum] = [1, 1];
  for (let k = 1; k < 8; k++) {
    term *= (2 * k - 1) ** 2 / (8 * z * k);
    sum += term;
  }
  return z - 0.5 * Math.log(2 * Math.PI * z) + Math.log(sum);
}

/** The logarithm of the usual stencil's kernel. Every node has a binary exponent of its own. */
function logStencil(x: Path, y: Path): number {
  type Wide = readonly [number: number, exponent: number];
  const wide = (number: number, exponent: number): Wide => {
    if (number === 0) return [0, Number.NEGATIVE_INFINITY];
    const own = Math.floor(Math.log2(Math.abs(number)));
    return [number * 2 ** -own, exponent + own];
  };
  const sum = (...terms: readonly Wide[]): Wide => {
    const most = Math.max(...terms.map(([, exponent]) => exponent));
    return wide(
      terms.reduce((sum, [number, exponent]) => sum + (number && number * 2 ** (exponent - most)), 0),
      most,
    );
  };
  const times = ([number, exponent]: Wide, factor: number): Wide => wide(number * factor, exponent);
  const steps = (path: Path) => path.slice(1).map((point, i) => point.map((c, k) => c - path[i]![k]!));
  const row: Wide[] = y.map(() => [1, 0]);
  for (const dx of steps(x)) {
    let diagonal = row[0]!;
    for (const [j, dy] of steps(y).entries()) {
      const v = dx.reduce((sum, c, k) => sum + c * dy[k]!, 0);
      const [left, below] = [row[j]!, row[j + 1]!];
      row[j + 1] = sum(times(sum(left, below), 1 + v / 2 + v ** 2 / 12), times(diagonal, v ** 2 / 12 - 1));
      diagonal = below;
    }
  }
  const [number, exponent] = row.at(-1)!;
  return Math.log(number) + exponent * Math.LN2;
}

const rational = (value: number | string): number =>
  String(value)
    .split("/")
    .map(Number)
    .reduce((a, b) => a / b);
const stored = JSON.parse(readFileSync(new URL("oracles/kernel_vectors.json", import.meta.url), "utf8")).pairs as {
  readonly name: string;
  readonly x: (number | string)[][];
  readonly y: (number | string)[][];
  readonly exact: number;
}[];

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(async () => {
    await init({ variant });
  });

  test.each(stored)("stored pair: $name", ({ x, y, exact, name }) => {
    const [a, b] = [x, y].map((path) => path.map((point) => point.map(rational))) as [Path, Path];
    const found = signatureKernel(a, b, { degree: 3, dyadicOrder: 6, log: true, checkFinite: false });
    if (!(exact > 0)) expect(found.data[0]).toBeNaN();
    else expect(Math.abs(found.data[0]! - Math.log(exact))).toBeLessThan(name === "large value" ? 2e-6 : 1e-12 / exact);
  });

  test("of kernels that fit: every degree, order, static kernel and form", () => {
    const next = random(5);
    const x = [37, 4, 1, 33, 20].map((points) => drifting(points, 3, 2, next));
    const y = [2, 50, 17, 18, 1].map((points) => drifting(points, 3, 2, next));
    const kernels = [
      staticKernels.linear({ scale: 0.7 }),
      staticKernels.rbf({ sigma: 1 }),
      staticKernels.matern({ nu: 1.5, sigma: 2 }),
    ];
    for (const staticKernel of kernels)
      for (const degree of [1, 2, 3] as const)
        for (const dyadicOrder of [0, [0, 1], [2, 1], 3, "auto"] as const) {
          const options = { staticKernel, degree, dyadicOrder };
          const logs = ({ data }: Kernels) => Array.from(data, Math.log);
          const found = signatureKernelGram(x, y, { ...options, log: true });
          expect(found.shape).toEqual([5, 5]);
          expect(worst(found.data, logs(signatureKernelGram(x, y, options)))).toBeLessThan(1e-13);
          const pairs = signatureKernel(x, y, { ...options, log: true });
          expect(worst(pairs.data, logs(signatureKernel(x, y, options)))).toBeLessThan(1e-13);
          // The bits of a pair are its own.
          for (const [i, path] of x.entries()) {
            expect(signatureKernel(path, y[i]!, { ...options, log: true }).data[0]).toBe(pairs.data[i]);
            expect(found.data[6 * i]).toBe(pairs.data[i]);
          }
          const own = signatureKernelGram(x, { ...options, log: true }).data;
          for (let i = 0; i < 5; i++) for (let j = 0; j < i; j++) expect(own[5 * i + j]).toBe(own[5 * j + i]);
        }
  });

  test("of kernels beyond float64, by the usual stencil", () => {
    const next = random(7);
    for (const [points, size] of [
      [40, 30],
      [130, 300],
      [200, 1000],
    ] as const) {
      const [x, y] = [drifting(points, 2, size, next), drifting(points + 11, 2, size, next)];
      const wanted = logStencil(x, y);
      expect(wanted).toBeGreaterThan(size);
      const options = { degree: 1, dyadicOrder: 0, log: true } as const;
      expect(worst(signatureKernel(x, y, options).data, [wanted])).toBeLessThan(1e-13);
      const { data } = signatureKernel(x, y, { ...options, dtype: "float32" });
      expectTypeOf(data).toEqualTypeOf<Float32Array>();
      expect(data[0]).toBe(Math.fround(signatureKernel(x, y, options).data[0]!));
    }
  });

  test("of straight paths, by Bessel functions", () => {
    for (const [length, steps] of [
      [500, 1000],
      [1000, 400],
    ] as const) {
      const line = Array.from({ length: steps + 1 }, (_, i) => [(i * length) / steps]);
      const found = signatureKernel(line, line, { degree: 3, log: true });
      const wanted = logBessel(2 * length);
      expect(Math.abs(found.data[0]! - wanted) / wanted).toBeLessThan(1e-4);
      const { data, errors } = signatureKernel(line, line, { degree: 3, log: true, estimateError: true });
      expect(Math.abs(data[0]! - wanted)).toBeLessThan(3 * errors![0]! + 1e-9 * wanted);
    }
    // k(x, y) of one line and another is a function of the product of their lengths.
    const [x, y] = [
      [[0], [800]],
      [[0], [1250]],
    ] as const;
    const cut = (path: readonly (readonly number[])[]) =>
      Array.from({ length: 801 }, (_, i) => [(path[1]![0]! * i) / 800]);
    const found = signatureKernel(cut(x), cut(y), { degree: 3, dyadicOrder: 1, log: true }).data[0]!;
    expect(Math.abs(found - logBessel(2000)) / 2000).toBeLessThan(3e-6);
  });

  test("with normalize", () => {
    const next = random(9);
    const far = [30, 41, 52].map((points) => drifting(points, 2, 600, next));
    const { data } = signatureKernelGram(far, { normalize: true, log: true });
    for (let i = 0; i < 3; i++) {
      expect(Math.abs(data[4 * i]!)).toBeLessThan(1e-9);
      for (let j = 0; j < 3; j++) expect(data[3 * i + j]).toBeLessThan(1e-9);
    }
    expect(Math.min(...data)).toBeLessThan(-1);
    expect(() => signatureKernelGram(far, { normalize: true })).toThrow(/log: true/);
    const near = [30, 41, 52].map((points) => drifting(points, 2, 3, next));
    const wanted = Array.from(signatureKernelGram(near, far, { normalize: true, log: true }).data, Math.exp);
    expect(wanted.every((k) => k >= 0 && k < 1)).toBe(true);
    const plain = Array.from(signatureKernelGram(near, { normalize: true }).data, Math.log);
    expect(worst(signatureKernelGram(near, { normalize: true, log: true }).data, plain)).toBeLessThan(1e-12);
  });

  test("augmented, masked and ragged; to out", () => {
    const next = random(11);
    const paths = [12, 20, 9].map((points) => drifting(points, 1, 400, next));
    const augment = ["time", "leadLag"] as const;
    const out = new Float32Array(9);
    const result = signatureKernelGram(paths, { augment, log: true, out, dtype: "float32" });
    expect(result.data).toBe(out);
    const wanted = signatureKernelGram(paths, { augment, log: true });
    expect(Array.from(out)).toEqual(Array.from(wanted.data, Math.fround));
    const padded = {
      data: Float64Array.from(paths.flatMap((p) => Array.from({ length: 20 }, (_, i) => (p[i] ?? [7])[0]!))),
      shape: [3, 20, 1],
    };
    const lengths = { xLengths: [12, 20, 9], augment, log: true };
    expect(signatureKernelGram(padded, lengths).data).toEqual(wanted.data);
  });

  test("of what has none", () => {
    const up = [[0], [1], [2]];
    const down = [[0], [-1], [-2]];
    const options = { dyadicOrder: 3, log: true } as const;
    expect(signatureKernel(up, down, { dyadicOrder: 3 }).data[0]).toBeLessThan(0);
    for (const call of [
      () => signatureKernelGram([up, up], [up, down], options),
      () => signatureKernel([up, up], [up, down], options),
    ])
      expect(call).toThrow(expect.objectContaining({ code: "KERNEL_NOT_POSITIVE", argument: "x" }));
    expect(() => signatureKernelGram([up, up], [up, down], options)).toThrow(/path 0 of x and path 1 of y/);
    expect(() => signatureKernel([up, up], [up, down], options)).toThrow(/path 1 of x and path 1 of y/);
    const { data } = signatureKernelGram([up], [up, down], { ...options, checkFinite: false });
    expect(data[0]).toBeGreaterThan(0);
    expect(data[1]).toBeNaN();
    const out = new Float64Array(2).fill(7);
    expect(() => signatureKernelGram([up], [up, down], { ...options, out })).toThrow(/KERNEL_NOT_POSITIVE|positive/);
    expect(Array.from(out)).toEqual([7, 7]);
  });

  test("cells beyond float64, and functions without logarithms", () => {
    const far = [[0], [1e9]];
    expect(() => signatureKernel(far, far, { log: true })).toThrow(/cells beyond float64/);
    expect(() => signatureKernel(far, far, { log: true })).toThrow(/raise dyadicOrder/);
    expect(() => signatureKernel(far, [[0], [Number.NaN]], { log: true })).toThrow(/NaN/);
    const unknown = expect.objectContaining({ code: "OPTION_UNKNOWN", argument: "options.log" });
    const log = { log: true } as never;
    expect(() => signatureKernelGramVjp([far], undefined, [1], log)).toThrow(unknown);
    expect(() => truncatedSignatureKernel(far, far, { depth: 3, ...(log as object) })).toThrow(unknown);
    expect(() => signatureKernel(far, far, { log: 1 as never })).toThrow(/true or false/);
    expect(() => signatureKernel(far, far, { dyadicOrder: 12 })).toThrow(/say log: true/);
  });
});
