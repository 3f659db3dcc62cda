// Signature kernels on the GPU, on Dawn in Node: every function, static kernel, form of a call and
// layout of the kernel, against float64 on the calling thread, which signature-kernel.test.ts
// checks against other sources; the oracle's exact kernels; errors; where calls run. The built
// package on other implementations: public.test.ts.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as kernels from "../../ts/kernels.ts";
import { createEngine, type Engine, staticKernels } from "../../ts/kernels.ts";
import { random } from "../paths.ts";
import { describeOn, openDawn } from "./implementations.ts";

type Path = number[][];
type Loose = Record<string, (...given: unknown[]) => unknown>;

/** A random walk of total variance `size`. */
function walk(points: number, channels: number, next: () => number, size = 1): Path {
  const path: Path = [Array.from({ length: channels }, next)];
  const step = Math.sqrt((12 * size) / (points * channels));
  for (let i = 1; i < points; i++) path.push(path[i - 1]!.map((c) => c + step * (next() - 0.5)));
  return path;
}
const batch = (count: number, points: number, channels: number, seed: number, size = 1): Path[] => {
  const next = random(seed);
  return Array.from({ length: count }, () => walk(points, channels, next, size));
};
const ragged = (count: number, points: number, channels: number, seed: number): Path[] =>
  batch(count, points, channels, seed).map((path, i) => path.slice(0, 1 + ((7 * i) % points)));

type Row = readonly [what: string, name: string, given: readonly unknown[]];
const rbf = staticKernels.rbf({ sigma: 1 });
const cases: Row[] = [
  ["one pair", "signatureKernel", [walk(40, 3, random(1)), walk(30, 3, random(2))]],
  ["pairs of one step", "signatureKernel", [batch(3, 2, 2, 1), batch(3, 2, 2, 2)]],
  ["pairs of one point", "signatureKernel", [batch(3, 1, 2, 1), batch(3, 5, 2, 2)]],
  ["many pairs", "signatureKernel", [batch(5000, 12, 2, 1), batch(5000, 9, 2, 2)]],
  ["one channel", "signatureKernelGram", [batch(5, 20, 1, 1), batch(7, 20, 1, 2)]],
  ["fifty channels", "signatureKernelGram", [batch(5, 20, 50, 1), batch(7, 20, 50, 2)]],
  ["more rows than a strip has", "signatureKernelGram", [batch(2, 1100, 2, 1), batch(3, 70, 2, 2)]],
  ["a pair an invocation", "signatureKernelGram", [batch(70, 17, 3, 1), batch(66, 12, 3, 2)]],
  ["symmetric, a pair an invocation", "signatureKernelGram", [batch(100, 10, 2, 1)]],
  ["symmetric, tiles", "signatureKernelGram", [batch(530, 4, 2, 1)]],
  ["ragged", "signatureKernelGram", [ragged(20, 30, 3, 1), ragged(15, 40, 3, 2)]],
  ["ragged, a pair an invocation", "signatureKernelGram", [ragged(70, 12, 3, 1), ragged(65, 13, 3, 2)]],
  [
    "orders of each pair",
    "signatureKernelGram",
    [batch(5, 20, 2, 1, 3), [...batch(3, 9, 2, 2, 12), ...batch(3, 30, 2, 3)]],
  ],
  ["orders of each pair, a pair an invocation", "signatureKernelGram", [batch(70, 9, 2, 1, 8), batch(65, 9, 2, 2, 2)]],
  ["orders given", "signatureKernelGram", [batch(6, 20, 2, 1), batch(5, 20, 2, 2), { dyadicOrder: [4, 1] }]],
  ["orders given, of y", "signatureKernelGram", [batch(6, 20, 2, 1), batch(5, 20, 2, 2), { dyadicOrder: [0, 3] }]],
  ["normalised", "signatureKernelGram", [batch(20, 20, 2, 1), batch(10, 20, 2, 2), { normalize: true }]],
  ["the squared distance", "signatureMmd", [batch(20, 20, 2, 1), batch(15, 20, 2, 2)]],
  ["the score", "signatureScore", [batch(20, 20, 2, 1), walk(20, 2, random(3)), { lambda: 0.5 }]],
  ...Object.entries({
    scaled: staticKernels.linear({ scale: 0.7 }),
    polynomial: staticKernels.polynomial({ degree: 3, gamma: 0.5 }),
    rbf,
    "matern 1/2": staticKernels.matern({ nu: 0.5, sigma: 1 }),
    "matern 3/2": staticKernels.matern({ nu: 1.5, sigma: 1 }),
    "matern 5/2": staticKernels.matern({ nu: 2.5, sigma: 1 }),
    "rational quadratic": staticKernels.rationalQuadratic({ alpha: 2, sigma: 1 }),
  }).map(
    ([what, staticKernel]): Row => [
      what,
      "signatureKernelGram",
      [batch(6, 20, 3, 1), batch(5, 25, 3, 2), { staticKernel }],
    ],
  ),
  [
    "rbf, cut, ragged",
    "signatureKernelGram",
    [ragged(9, 20, 3, 1), ragged(8, 25, 3, 2), { staticKernel: rbf, dyadicOrder: [2, 1] }],
  ],
  [
    "rbf, a pair an invocation",
    "signatureKernelGram",
    [batch(70, 12, 3, 1), batch(65, 13, 3, 2), { staticKernel: rbf }],
  ],
];

const numbersOf = (result: unknown): ArrayLike<number> =>
  typeof result === "number" ? [result] : (result as { data: ArrayLike<number> }).data;

function worst(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  let error = 0;
  for (let i = 0; i < wanted.length; i++) {
    const off = Math.abs(found[i]! - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    // Not "error < off", so that NaN fails.
    if (!(off <= error)) error = off;
  }
  return error;
}

describeOn("dawn", "signature kernels on dawn", () => {
  let engine: Engine;
  let loose: Loose;
  beforeAll(async () => {
    engine = await createEngine({ device: "webgpu", fallback: "error", gpu: await openDawn() });
    loose = engine as unknown as Loose;
  });
  afterAll(() => engine.close());

  for (const degree of [1, 2])
    test.each(cases)(`degree ${degree}: %s`, async (_, name, given) => {
      const isLast = (at: unknown) => typeof at === "object" && at !== null && !Array.isArray(at);
      const options = isLast(given.at(-1)) ? (given.at(-1) as object) : {};
      const paths = isLast(given.at(-1)) ? given.slice(0, -1) : given;
      const wanted = (kernels as unknown as Loose)[name]!(...paths, { ...options, degree });
      const found = await loose[name]!(...paths, { ...options, degree, dtype: "float32" });
      expect(worst(numbersOf(found), numbersOf(wanted))).toBeLessThan(1e-5);
      if (typeof wanted === "object")
        expect((found as kernels.Kernels).shape).toEqual((wanted as kernels.Kernels).shape);
      expect(engine.info().gpu).toMatchObject({ fallbacks: 0, faults: [] });
    });

  test("the oracle's exact kernels, by default", async () => {
    const url = new URL("../oracles/kernel_vectors.json", import.meta.url);
    const rational = (text: number | string) =>
      Number(String(text).split("/")[0]) / Number(String(text).split("/")[1] ?? 1);
    for (const { name, x, y, exact } of JSON.parse(readFileSync(url, "utf8")).pairs) {
      const [a, b] = [x, y].map((path: (number | string)[][]) => path.map((point) => point.map(rational)));
      const { data } = await engine.signatureKernel(a!, b!, { dtype: "float32" });
      expect(worst(data, [exact]), name).toBeLessThan(name === "large value" ? 2e-3 : 3e-5);
    }
  });

  test("orders of the pairs within a sample, where the other has fewer paths and shorter steps", async () => {
    const [x, y] = [batch(7, 9, 2, 1, 6), batch(2, 9, 2, 2, 0.1)];
    const wanted = kernels.signatureMmd(x, y, { dtype: "float32" });
    const found = await engine.signatureMmd(x, y, { dtype: "float32" });
    expect(worst([found], [wanted])).toBeLessThan(1e-5);
  });

  test("numbers that are not finite, and kernels beyond float32", async () => {
    const paths = batch(5, 12, 2, 1);
    const broken = paths.map((path, i) => path.map((point, t) => (i === 3 && t === 7 ? [Number.NaN, 0] : point)));
    const options = { dtype: "float32" } as const;
    await expect(engine.signatureKernelGram(paths, broken, options)).rejects.toMatchObject({ code: "NOT_FINITE" });
    const large = batch(3, 12, 2, 1, 1e7);
    const refused = engine.signatureKernelGram(large, { ...options, dyadicOrder: 0 });
    await expect(refused).rejects.toMatchObject({ code: "KERNEL_OVERFLOW" });
    // On the CPU, which says which kernels they reach.
    const { warnings, gpu } = engine.info();
    const all = await engine.signatureKernelGram(paths, broken, { ...options, checkFinite: false });
    const wanted = kernels.signatureKernelGram(paths, broken, { ...options, checkFinite: false });
    expect(all.data).toEqual(wanted.data);
    expect([warnings, gpu!.fallbacks]).toEqual([[], 0]);
    expect(engine.info().gpu!.fallbacks).toBe(1);
  });

  test("what a device does not compute", async () => {
    const here = await createEngine({ device: "webgpu", gpu: await openDawn() });
    const strict = { device: "webgpu", dtype: "float32" } as const;
    const paths = batch(5, 12, 2, 1);
    await expect(engine.signatureKernelGram(paths, { ...strict, degree: 3 })).rejects.toMatchObject({
      code: "GPU_LIMITS",
    });
    // Logarithms are computed in float64.
    await expect(engine.signatureKernelGram(paths, { ...strict, log: true })).rejects.toMatchObject({
      code: "DTYPE_INVALID",
    });
    await expect(engine.signatureKernelGram(paths, strict)).resolves.toMatchObject({ shape: [5, 5] });
    for (const [options, name] of [
      [{ degree: 3, dtype: "float32" }, "signatureKernelGram"],
      [{ log: true, dtype: "float32" }, "signatureKernelGram"],
      [{ depth: 3, dtype: "float32" }, "truncatedSignatureKernelGram"],
      [{}, "signatureKernelGram"],
    ] as const) {
      const found = (await (here as unknown as Loose)[name]!(paths, options)) as kernels.Kernels;
      expect(found.data).toEqual(((kernels as unknown as Loose)[name]!(paths, options) as kernels.Kernels).data);
    }
    const onDevice = (here as unknown as Loose).signatureKernelGram!(paths, { dtype: "float32", output: "gpu" });
    await expect(onDevice).rejects.toMatchObject({ code: "ENGINE_OPTION_TYPE", argument: "options.output" });
    await here.close();
  });

  test("progress, an abort, and calls that go there by themselves", async () => {
    const here = await createEngine({ gpu: await openDawn() });
    const many = { shape: [4096, 128, 5], dtype: "float32" } as const;
    const few = { shape: [16, 64, 5], dtype: "float32" } as const;
    expect(here.explain("signatureKernelGram", many)).toMatchObject({ device: "webgpu", kernel: "invocation" });
    expect(here.explain("signatureKernelGram", few)).toMatchObject({ device: "cpu" });
    expect(here.explain("signatureKernelGram", { ...few, device: "webgpu" })).toMatchObject({ kernel: "workgroup" });
    expect(here.explain("signatureKernelGram", { ...many, dtype: "float64" })).toMatchObject({ device: "cpu" });
    await here.close();
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }) => seen.push(done);
    await engine.signatureKernelGram(batch(530, 6, 2, 1), { dtype: "float32", onProgress });
    expect(seen.at(-1)).toBe(530);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const controller = new AbortController();
    const { signal } = controller;
    const work = engine.signatureKernelGram(batch(530, 6, 2, 1), { dtype: "float32", signal });
    controller.abort("enough");
    expect(await work.catch((reason) => reason)).toBe("enough");
  });
});
