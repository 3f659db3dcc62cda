// Every case of the table through engines: the same bits as `signature` on this thread, for any
// number of threads, every executor, and every binary.

import { afterAll, describe, expect, test } from "vitest";
import type { EngineOptions } from "../../ts/index.ts";
import { createEngine, type Engine, init, type Paths, signature } from "../../ts/index.ts";
import { type Case, callOf, cases, material } from "../cases.ts";
import { digest } from "../judge.ts";

/**
 * Cases in flight: enough that tasks of different calls mix, but few enough that one failure does
 * not hide the others.
 */
const atOnce = 40;

const ways: { name: string; variant: "relaxed" | "simd"; options: EngineOptions; share: number }[] = [
  { name: "relaxed, two threads, in shared memory", variant: "relaxed", options: { threads: 2 }, share: 1 },
  { name: "simd, two threads, memories of their own", variant: "simd", options: { threads: 2 }, share: 1 },
  { name: "relaxed, one thread", variant: "relaxed", options: { threads: 1 }, share: 5 },
  { name: "relaxed, five threads", variant: "relaxed", options: { threads: 5 }, share: 5 },
  { name: "relaxed, no joining", variant: "relaxed", options: { threads: 3, coalesce: false }, share: 5 },
  { name: "relaxed, transfers", variant: "relaxed", options: { threads: 2, sharedMemory: false }, share: 2 },
  { name: "simd, transfers", variant: "simd", options: { threads: 1, sharedMemory: false }, share: 7 },
  {
    name: "relaxed, no workers",
    variant: "relaxed",
    options: {
      workerFactory: () => {
        throw new Error("none today");
      },
    },
    share: 3,
  },
];

const call = signature as (paths: Paths, options: { depth: number }) => ReturnType<typeof signature>;

function argumentsOf(one: Case): [Paths, { depth: number }] {
  const { paths, options } = callOf(one, material(one));
  return [paths as Paths, options as { depth: number }];
}

const chunksOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / atOnce) }, (_, i) => all.slice(i * atOnce, (i + 1) * atOnce));

describe.each(ways)("$name", ({ name, variant, options, share }) => {
  let engine: Engine;
  // A different part of the table for each engine.
  const chosen = cases.filter((_, i) => i % share === name.length % share);

  test.each(chunksOf(chosen).map((chunk) => [chunk[0]!.name, chunk] as const))("from %s on", async (_, chunk) => {
    await init({ variant });
    engine ??= await createEngine(options);
    // Other threads do the work, so expected results are computed first and all calls are made at
    // once.
    const expected = chunk.map((one) => digest(call(...argumentsOf(one)).data));
    const results = await Promise.all(
      chunk.map(async (one) => {
        const [paths, given] = argumentsOf(one);
        const result = await engine.signature(paths, given);
        const { out } = given as { out?: unknown };
        if (out !== undefined) expect(result.data).toBe(out);
        return result;
      }),
    );
    const wrong = chunk.filter((_, i) => digest(results[i]!.data) !== expected[i]);
    expect(wrong.map((one) => one.name)).toEqual([]);
    expect(results.map(({ shape }) => shape)).toEqual(chunk.map((one) => callOf(one, material(one)).shape));
  });

  test("worked in the way that it was to", () => {
    const { mode, variant: used, warnings, workers } = engine.info();
    expect(used).toBe(variant);
    const failing = options.workerFactory !== undefined;
    expect(mode).toBe(failing ? "calling thread" : options.sharedMemory === false ? "transfer" : "shared");
    expect(warnings.length).toBe(failing ? 1 : 0);
    if (!failing) expect(workers).toBeGreaterThan(0);
  });

  afterAll(() => engine?.close());
});
