// Engines of the family `kernels`: the bits of the synchronous functions for any number of threads
// and every executor; progress, aborts, plans, errors.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as kernels from "../../ts/kernels.ts";
import { createEngine, type Engine, init, type OperationName } from "../../ts/kernels.ts";
import { digest } from "../judge.ts";
import { random } from "../paths.ts";
import { hosts } from "./hosts.ts";

type Data = Float32Array | Float64Array;
type Loose = Record<string, (...given: unknown[]) => unknown>;
const here = kernels as unknown as Loose;

/** A batch of walks, in float32 if the seed is odd, ragged if it is a multiple of three. */
function batch(count: number, points: number, channels: number, seed: number): unknown {
  const next = random(seed);
  const step = 1 / Math.sqrt(points * channels);
  const Kind = seed % 2 === 1 ? Float32Array : Float64Array;
  const data = new Kind(count * points * channels);
  for (let i = channels; i < data.length; i++)
    data[i] = i % (points * channels) < channels ? 0 : data[i - channels]! + 2 * step * (next() - 0.5);
  if (seed % 3 !== 0) return { data, shape: [count, points, channels] };
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 1 + ((7 * i) % points) }, (_, t) =>
      data.subarray((i * points + t) * channels, (i * points + t + 1) * channels),
    ),
  );
}
const matrix = (rows: number, columns: number): Float64Array => {
  const next = random(rows);
  return Float64Array.from({ length: rows * columns }, () => next() - 0.5);
};

const lifted = kernels.staticKernels.rbf({ sigma: 1 });

/** Calls of every function, with more than one tile. */
const calls: [name: OperationName, given: unknown[]][] = [
  ["signatureKernel", [batch(1500, 30, 2, 1), batch(1500, 25, 2, 2), { degree: 1 }]],
  ["signatureKernelVjp", [batch(300, 30, 2, 3), batch(300, 25, 2, 5), matrix(300, 1)]],
  ["signatureKernelGram", [batch(50, 30, 2, 1)]],
  ["signatureKernelGram", [batch(60, 24, 3, 6), batch(33, 31, 3, 9), { degree: 3, normalize: true }]],
  ["signatureKernelGram", [batch(40, 30, 2, 2), batch(30, 30, 2, 4), { estimateError: true, degree: 1 }]],
  ["signatureKernel", [batch(1500, 30, 2, 1), batch(1500, 25, 2, 3), { log: true, checkFinite: false }]],
  ["signatureKernelGram", [batch(60, 24, 3, 6), { log: true, normalize: true, checkFinite: false }]],
  ["signatureKernelGramVjp", [batch(40, 20, 2, 1), undefined, matrix(40, 40)]],
  ["signatureKernelGramVjp", [batch(40, 20, 2, 1), undefined, matrix(40, 40), { normalize: true }]],
  ["signatureKernelGramVjp", [batch(30, 20, 2, 6), batch(40, 20, 2, 9), matrix(30, 40)]],
  ["truncatedSignatureKernel", [batch(300, 30, 2, 1), batch(300, 25, 2, 2), { depth: 4 }]],
  ["truncatedSignatureKernelGram", [batch(40, 20, 2, 6), { depth: 3, normalize: true }]],
  ["truncatedSignatureKernelVjp", [batch(300, 20, 2, 1), batch(300, 15, 2, 2), matrix(300, 1), { depth: 3 }]],
  [
    "truncatedSignatureKernelGramVjp",
    [batch(40, 15, 2, 6), undefined, matrix(40, 40), { depth: 3, normalize: true, staticKernel: lifted }],
  ],
  ["signatureMmd", [batch(40, 20, 2, 1), batch(50, 20, 2, 2)]],
  ["signatureMmdVjp", [batch(40, 20, 2, 1), batch(30, 20, 2, 3)]],
  ["signatureScore", [batch(50, 20, 2, 1), batch(40, 20, 2, 2), { lambda: 0.5 }]],
  ["signatureScoreVjp", [batch(40, 20, 2, 1), batch(30, 20, 2, 2), { gradients: "x" }]],
];

const digestOf = (result: unknown): string[] => {
  if (typeof result === "number") return [String(result)];
  if (ArrayBuffer.isView(result)) return [digest(result as Data)];
  return Object.values((result ?? {}) as object).flatMap((part) =>
    typeof part === "object" ? digestOf(part) : [String(part)],
  );
};

describe.each(hosts)("$name", ({ options, mode }) => {
  let engine: Engine;
  let run: Loose;
  beforeAll(async () => {
    await init({ variant: "relaxed" });
    engine = await createEngine(options);
    run = engine as unknown as Loose;
  });
  afterAll(() => engine.close());

  test.each(calls)("%s has the bits of the function", async (name, given) => {
    expect(digestOf(await run[name]!(...given))).toEqual(digestOf(here[name]!(...given)));
    expect(engine.info().mode).toBe(mode);
  });

  test("calls together, each with its own result; empty ones", async () => {
    const all = Array.from({ length: 40 }, (_, i) => [
      batch(i % 5, 3 + (i % 9), 2, i + 1),
      batch(2 + (i % 3), 5, 2, i),
    ]);
    const some = all.filter(([x]) => !Array.isArray(x) || x.length > 0);
    const found = await Promise.all(some.map((given) => run.signatureKernelGram!(...given)));
    for (const [i, given] of some.entries())
      expect(digestOf(found[i])).toEqual(digestOf(here.signatureKernelGram!(...given)));
  });

  test("progress rises to the number of paths", async () => {
    const reports: { done: number; total: number }[] = [];
    await engine.signatureKernelGram(batch(150, 30, 2, 1) as never, {
      onProgress: (p: { done: number; total: number }) => void reports.push(p),
    });
    expect(reports.at(-1)).toEqual({ done: 150, total: 150 });
    for (const [i, { done }] of reports.entries()) expect(done).toBeGreaterThan(reports[i - 1]?.done ?? 0);
  });

  test("an abort ends a call at once, and the next one works", async () => {
    const controller = new AbortController();
    const work = engine.signatureKernelGram(batch(400, 60, 2, 1) as never, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
    await expect(engine.signatureMmd(batch(4, 5, 2, 1) as never, batch(4, 5, 2, 2) as never)).resolves.toBeTypeOf(
      "number",
    );
  });

  test("errors are those of the function, with out unchanged", async () => {
    const out = new Float64Array(4).fill(7);
    const far = { data: [0, 0, 1e6, 0, 0, 0, 1e6, 0], shape: [2, 2, 2] };
    await expect(engine.signatureKernelGram(far, { out, dyadicOrder: 8 })).rejects.toMatchObject({
      code: "KERNEL_OVERFLOW",
    });
    expect(Array.from(out)).toEqual([7, 7, 7, 7]);
    await expect(run.signatureKernel!(far, [[0]])).rejects.toMatchObject({ code: "KERNEL_SHAPE" });
    const bad = { data: [0, 0, Number.NaN, 0, 0, 0, 1, 0], shape: [2, 2, 2] };
    await expect(engine.signatureKernelGram(bad)).rejects.toMatchObject({ code: "NOT_FINITE", argument: "x" });
    const plan = engine.explain("signatureKernelGram", { shape: [100, 64, 3], degree: 2 });
    expect(plan).toMatchObject({ device: "cpu", kernel: "degree 2" });
    expect(plan.reasons.join()).toContain("the scheme of degree 2");
    expect(() => engine.explain("signatureMmd", { shape: [1, 64, 3] })).toThrow(/at least 2 paths/);
  });
});
