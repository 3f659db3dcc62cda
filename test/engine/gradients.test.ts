// Gradients through engines: every case of the table, the same bits as `signatureVjp` on this
// thread, for any number of threads and every executor; and the other guarantees of an engine:
// progress, aborts, separate errors, recovery from faults.

import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CpuPlan, EngineOptions } from "../../ts/index.ts";
import {
  createEngine,
  type Engine,
  init,
  type Paths,
  type SignatureGradients,
  signatureVjp,
  type VjpOptions,
} from "../../ts/index.ts";
import { type Case, callOf, cases, material } from "../cases.ts";
import { fakeModule } from "../fake.ts";
import { digest } from "../judge.ts";
import { random } from "../paths.ts";
import { Nursery } from "./workers.ts";

type Numbers = Float32Array | Float64Array;
type Given = VjpOptions;

const noWorkers = () => {
  throw new Error("none today");
};

const numbers = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => next() - 0.5);
};

const tensor = (shape: readonly number[], seed: number) => ({
  data: numbers(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
  shape,
});

const here = signatureVjp as (paths: Paths, cotangent: Numbers, options: Given) => SignatureGradients;
const there = (engine: Engine, paths: Paths, cotangent: Numbers, options: Given): Promise<SignatureGradients> =>
  engine.signatureVjp(paths, cotangent, options);

/** All parts of a gradient, the numbers as bits. */
const told = ({ paths, initial, basepoint }: SignatureGradients) =>
  [paths, initial, basepoint].map((one) => one && { shape: one.shape, dtype: one.dtype, bits: digest(one.data) });

function argumentsOf(one: Case): [Paths, Numbers, Given] {
  const { paths, options, shape } = callOf({ ...one, out: false }, material(one));
  const count = shape.reduce((product, n) => product * n, 1);
  const next = random(one.seed + 5);
  const Kind = one.seed % 2 === 0 ? Float32Array : Float64Array;
  return [paths as Paths, new Kind(count).map(() => next() - 0.5), options as unknown as Given];
}

const ways: { name: string; variant: "relaxed" | "simd"; options: EngineOptions; share: number }[] = [
  { name: "two threads, in shared memory", variant: "relaxed", options: { threads: 2 }, share: 1 },
  { name: "two threads, memories of their own", variant: "simd", options: { threads: 2 }, share: 3 },
  { name: "five threads", variant: "relaxed", options: { threads: 5 }, share: 5 },
  { name: "transfers", variant: "relaxed", options: { threads: 2, sharedMemory: false }, share: 3 },
  { name: "no workers", variant: "relaxed", options: { workerFactory: noWorkers }, share: 5 },
];

describe.each(ways)("$name", ({ variant, options, share }) => {
  let engine: Engine;
  beforeEach(async () => {
    await init({ variant });
    engine ??= await createEngine(options);
  });
  afterAll(() => engine?.close());

  test("the cases of the table", { timeout: 120_000 }, async () => {
    const chosen = cases.filter((_, i) => i % share === 0);
    for (let i = 0; i < chosen.length; i += 40) {
      const chunk = chosen.slice(i, i + 40);
      const expected = chunk.map((one) => told(here(...argumentsOf(one))));
      const found = await Promise.all(chunk.map(async (one) => told(await there(engine, ...argumentsOf(one)))));
      for (const [k, one] of chunk.entries()) expect(found[k], one.name).toEqual(expected[k]);
    }
  });

  // Enough paths for several tasks. Gradients of shared inputs are summed over tasks that end in
  // any order.
  test.each([
    { name: "whole paths", shape: [700, 40, 4], depth: 3, given: {} },
    { name: "lengths, backwards", shape: [333, 40, 4], depth: 3, given: { inverse: true }, ragged: true },
    { name: "shared basepoint and initial", shape: [700, 40, 3], depth: 3, given: {}, shared: true },
    { name: "streams", shape: [90, 60, 3], depth: 3, given: { stream: true, scalarTerm: true }, shared: true },
    {
      name: "cut streams",
      shape: [9, 3000, 3],
      depth: 4,
      given: { stream: true, inverse: true },
      shared: true,
      ragged: true,
    },
    { name: "cut paths", shape: [5, 20_000, 4], depth: 2, given: {}, shared: true },
    { name: "one path", shape: [30_000, 3], depth: 3, given: {} },
  ])("many tasks: $name", { timeout: 60_000 }, async ({ shape, depth, given, shared, ragged }) => {
    const [batch, length, channels] = [shape.length === 3 ? shape[0]! : 1, shape.at(-2)!, shape.at(-1)!];
    const next = random(9);
    const size = Array.from({ length: depth }, (_, k) => channels ** (k + 1)).reduce((a, b) => a + b);
    const row = size + ("scalarTerm" in given ? 1 : 0);
    const all: Given = {
      depth,
      ...given,
      ...(shared ? { basepoint: [...numbers(channels, 3)], initial: rowOf(size, row) } : {}),
      ...(ragged ? { lengths: Uint32Array.from({ length: batch }, () => 1 + Math.floor(next() * length)) } : {}),
    };
    const rows = "stream" in given ? length - (shared ? 0 : 1) : 1;
    const paths = tensor(shape, 4) as Paths;
    const cotangent = numbers(batch * rows * row, 5);
    expect(told(await there(engine, paths, cotangent, all))).toEqual(told(here(paths, cotangent, all)));
  });

  test("progress is monotone, in paths, and ends at the total", async () => {
    const seen: number[] = [];
    const paths = tensor([6000, 400, 4], 1);
    await engine.signatureVjp(paths, numbers(6000 * 340, 2), {
      depth: 4,
      onProgress: ({ done, total }) => {
        expect(total).toBe(6000);
        seen.push(done);
      },
    });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(6000);
  });

  test("an abort rejects with its reason, and leaves others alone", async () => {
    const paths = tensor([3000, 60, 4], 1);
    const cotangent = numbers(3000 * 84, 2);
    const controller = new AbortController();
    const reason = { any: "thing" };
    const onProgress = () => controller.abort(reason);
    const other = engine.signatureVjp(tensor([50, 20, 3], 3), numbers(50 * 39, 4), { depth: 3 });
    await expect(
      engine.signatureVjp(paths, cotangent, { depth: 3, signal: controller.signal, onProgress }),
    ).rejects.toBe(reason);
    expect(told(await other)).toEqual(told(signatureVjp(tensor([50, 20, 3], 3), numbers(50 * 39, 4), { depth: 3 })));
    await expect.poll(() => engine.info().tasks).toBe(0);
    expect(engine.info().calls).toBe(0);
  });

  test("errors are those of the function", async () => {
    const paths = tensor([500, 30, 4], 1);
    const cotangent = numbers(500 * 84, 2);
    const caught = async (work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        const { code, argument, position, message } = error as Record<string, unknown>;
        return { code, argument, position, message };
      }
      return "no error";
    };
    const both = async (a: Paths, b: unknown, options: object) => {
      const expected = await caught(() => here(a, b as Numbers, options as Given));
      expect(expected).toMatchObject({ code: expect.any(String) });
      expect(await caught(() => there(engine, a, b as Numbers, options as Given))).toEqual(expected);
      return expected;
    };
    await both(paths, cotangent.subarray(1), { depth: 3 });
    await both(paths, "cotangent", { depth: 3 });
    await both(paths, cotangent, { depth: 3, out: cotangent });
    await both(paths, cotangent, { depth: 0 });
    await both(paths, cotangent, { depth: 3, initial: new Float32Array(84).fill(Number.NaN) });
    const badCotangent = cotangent.slice();
    badCotangent[450 * 84 + 3] = Number.NaN;
    badCotangent[470 * 84] = Number.POSITIVE_INFINITY;
    expect(await both(paths, badCotangent, { depth: 3 })).toMatchObject({
      argument: "cotangent",
      position: { path: 450 },
    });
    const badPaths = { ...paths, data: paths.data.slice() };
    badPaths.data[(480 * 30 + 3) * 4 + 1] = Number.NaN;
    expect(await both(badPaths, badCotangent, { depth: 3 })).toMatchObject({
      argument: "paths",
      position: { path: 480, point: 3, channel: 1 },
    });
    const wide = Float64Array.from(cotangent);
    wide[7] = 1e200;
    expect(await both(paths, wide, { depth: 3 })).toMatchObject({ code: "NOT_REPRESENTABLE" });
    // With `checkFinite: false` they propagate.
    const flowing = { depth: 3, checkFinite: false };
    expect(told(await there(engine, badPaths, badCotangent, flowing))).toEqual(
      told(here(badPaths, badCotangent, flowing)),
    );
    // The next call works.
    expect(told(await there(engine, paths, cotangent, { depth: 3 }))).toEqual(
      told(here(paths, cotangent, { depth: 3 })),
    );
  });

  test("nothing to compute", async () => {
    for (const [shape, given] of [
      [[0, 10, 2], { depth: 2 }],
      [[3, 1, 2], { depth: 2, stream: true }],
      [[3, 1, 2], { depth: 2 }],
    ] as const) {
      const cotangent = numbers("stream" in given ? 0 : shape[0] * 6, 1);
      const paths = tensor(shape, 1);
      expect(told(await there(engine, paths, cotangent, given))).toEqual(told(here(paths, cotangent, given)));
    }
  });

  test("explains itself, starting nothing", () => {
    const plan = engine.explain("signatureVjp", { shape: [4096, 200, 6], depth: 4 });
    const { tasks, threads } = plan as CpuPlan;
    expect(tasks).toBeGreaterThan(threads);
    expect(plan.reasons.join("\n")).toMatch(/paths with cotangents/);
    const plain = engine.explain("signature", { shape: [4096, 200, 6], depth: 4 });
    expect(plan.milliseconds).toBeGreaterThan(plain.milliseconds);
  });
});

/** An arbitrary initial signature, after a 1 where rows have one. */
function rowOf(size: number, row: number): number[] {
  const values = [...numbers(size, 6)];
  return row > size ? [1, ...values] : values;
}

describe("faults", () => {
  let nursery: Nursery;
  let engine: Engine | undefined;
  beforeEach(async () => {
    nursery = new Nursery();
    await init({ variant: "relaxed" });
  });
  afterEach(async () => {
    await engine?.close();
    engine = undefined;
    await expect.poll(() => nursery.alive.size).toBe(0);
  });

  test.each([true, false])("workers that die at work are replaced (sharedMemory: %s)", async (sharedMemory) => {
    engine = await createEngine({ threads: 2, workerFactory: nursery.start, sharedMemory });
    const paths = tensor([4000, 60, 4], 1);
    const cotangent = numbers(4000 * 84, 2);
    const expected = told(signatureVjp(paths, cotangent, { depth: 3 }));
    let deaths = 0;
    const onProgress = () => {
      if (deaths++ < 2) void nursery.kill(0.99);
    };
    for (let i = 0; i < 3; i++) {
      deaths = 0;
      expect(told(await engine.signatureVjp(paths, cotangent, { depth: 3, onProgress }))).toEqual(expected);
    }
    expect(engine.info().replaced).toBeGreaterThan(0);
    expect(engine.info().warnings).toEqual([]);
  });

  test.each([true, false])(
    "a kernel that traps costs three tries, then the call (sharedMemory: %s)",
    async (sharedMemory) => {
      await init({
        source: await fakeModule({
          run: "(if (i32.eq (i32.load (local.get 0)) (i32.const 3)) (then unreachable)) (i32.const 0)",
        }),
      });
      try {
        engine = await createEngine({ threads: 2, workerFactory: nursery.start, sharedMemory });
        const doomed = engine.signatureVjp(tensor([5, 20, 3], 1), numbers(5 * 39, 2), { depth: 3 });
        const other = engine.signature(tensor([5, 20, 3], 1), { depth: 2 });
        await expect(doomed).rejects.toMatchObject({ code: "BLOCK_FAILED", argument: "gradients of paths 0…4" });
        expect((await other).shape).toEqual([5, 12]);
      } finally {
        await init({ variant: "relaxed" });
      }
    },
  );
});
