// Engines of the family `algebra`: the bits of the synchronous functions, for any number of threads
// and every executor; coalescing, `out`, progress, aborts, plans, errors.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine, type Engine, init, type OperationName } from "../../ts/algebra.ts";
import {
  type OperationName as FunctionName,
  functions,
  makeRow,
  operations,
  rowSize,
  type Shape,
} from "../algebra-cases.ts";
import { digest } from "../judge.ts";
import { random } from "../paths.ts";
import { hosts } from "./hosts.ts";

type Work = (...args: unknown[]) => Promise<unknown>;

const methods = (engine: Engine) => engine as unknown as Record<OperationName, Work>;
const names = operations.flatMap((name) => [name, `${name}Vjp`] as const);

interface Tensor {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

/** Rows for which an operation is defined; float32 if the seed is odd. */
function rowsOf(name: FunctionName, shape: Shape, batch: number, seed: number): Tensor {
  const next = random(seed);
  // The first few differences are enough.
  const rows = Array.from({ length: Math.min(batch, 23) }, () => makeRow(name, shape, next));
  const Kind = seed % 2 === 1 ? Float32Array : Float64Array;
  const data = new Kind(batch * rowSize(shape));
  for (let i = 0; i < batch; i++) data.set(rows[i % rows.length]!, i * rowSize(shape));
  return { data, shape: [batch, rowSize(shape)] };
}

/** Arguments of a function, options last. With `shared` the first of two operands is one row. */
function argumentsOf(name: OperationName, shape: Shape, batch: number, seed: number, shared = false): unknown[] {
  const of = name.replace("Vjp", "") as FunctionName;
  const a = rowsOf(of, shape, batch, seed);
  const row = rowsOf(of, shape, 1, seed).data;
  const operands = of === "multiply" ? [shared ? row : a, rowsOf(of, shape, batch, seed + 2)] : [a];
  const cotangent = name.endsWith("Vjp") ? [rowsOf("multiply", shape, batch, seed + 4)] : [];
  return [...operands, ...cotangent, { ...shape }];
}

/** A summary of everything that a call returns. */
const digestOf = (result: unknown): string[] =>
  "data" in (result as object)
    ? [digest((result as Tensor).data), String((result as Tensor).shape)]
    : Object.values(result as Record<string, Tensor>).flatMap(digestOf);

const here = (name: OperationName, given: readonly unknown[]): string[] => digestOf(functions[name](...given));

const shape: Shape = { channels: 3, depth: 3, scalarTerm: true };
const size = rowSize(shape);

describe.each(hosts)("$name", ({ options, mode }) => {
  let engine: Engine;
  let run: ReturnType<typeof methods>;
  beforeAll(async () => {
    await init({ variant: "relaxed" });
    engine = await createEngine(options);
    run = methods(engine);
  });
  afterAll(() => engine.close());

  test.each(names)("%s of a large batch has the bits of the function", async (name) => {
    for (const [seed, shared] of [
      [7, false],
      [8, true],
    ] as const) {
      const given = argumentsOf(name, shape, 9_001, seed, shared);
      expect(digestOf(await run[name](...given))).toEqual(here(name, given));
    }
    expect(engine.info().mode).toBe(mode);
  });

  test("small calls of all kinds together, each with its own result", async () => {
    const calls = Array.from({ length: 240 }, (_, i) => {
      const name = names[i % names.length]!;
      const of = { channels: 1 + (i % 3), depth: 1 + (i % 4), scalarTerm: i % 5 === 0 };
      return { name, given: argumentsOf(name, of, i % 7, i, i % 16 < 8) };
    });
    const results = await Promise.all(calls.map(({ name, given }) => run[name](...given)));
    for (const [i, { name, given }] of calls.entries()) expect(digestOf(results[i])).toEqual(here(name, given));
  });

  test("small calls of one kind, some with a row that all share", async () => {
    const calls = Array.from({ length: 120 }, (_, i) =>
      argumentsOf("multiply", shape, 1 + (i % 5), 2 * i, i % 3 === 0),
    );
    const results = await Promise.all(calls.map((given) => run.multiply(...given)));
    for (const [i, given] of calls.entries()) expect(digestOf(results[i])).toEqual(here("multiply", given));
  });

  test("out is the result's data, also where it is an input", async () => {
    for (const batch of [5, 20_000]) {
      const [a, b] = argumentsOf("multiply", shape, batch, 12) as [Tensor, Tensor];
      const expected = here("multiply", [a, b, shape]);
      for (const out of [new Float64Array(batch * size), a.data]) {
        const result = (await run.multiply(a, b, { ...shape, out })) as Tensor;
        expect(result.data).toBe(out);
        expect(digestOf(result)).toEqual(expected);
      }
    }
  });

  test("progress is in rows and ends at the total; an abort rejects with its reason", async () => {
    const given = argumentsOf("exp", shape, 30_000, 14);
    const seen: number[] = [];
    const expected = here("exp", given);
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      expect(total).toBe(30_000);
      seen.push(done);
    };
    expect(digestOf(await run.exp(given[0], { ...shape, onProgress }))).toEqual(expected);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(30_000);

    const controller = new AbortController();
    const reason = new Error("enough");
    const doomed = run.log(...argumentsOf("log", shape, 30_000, 16).slice(0, 1), {
      ...shape,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(doomed).rejects.toBe(reason);
    await expect(run.exp(given[0], { ...shape, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(digestOf(await run.exp(...given))).toEqual(expected);
  });

  test("bad calls reject as the functions throw, and the next one works", async () => {
    const row = new Array<number>(size).fill(1);
    const nan = [...row.slice(1), Number.NaN];
    const bad: [OperationName, ...unknown[]][] = [
      ["exp", undefined, shape],
      ["exp", [1, 2], shape],
      ["exp", row, { ...shape, channels: 0 }],
      ["exp", row, { ...shape, dept: 1 }],
      ["exp", row, { ...shape, out: new Float64Array(3) }],
      ["multiply", [row, row], [row, row, row], shape],
      ["multiply", [row, nan], row, shape],
      ["inverse", [row, [0, ...row.slice(1)]], shape],
      ["log", [-1, ...row.slice(1)], shape],
      ["logVjp", row, nan, shape],
      ["expVjp", row, [1], shape],
    ];
    for (const [name, ...given] of bad) {
      let thrown: unknown;
      try {
        functions[name](...given);
      } catch (error) {
        thrown = error;
      }
      const rejected: unknown = await run[name](...given).catch((error: unknown) => error);
      // An engine lists its own options besides, and nothing else differs.
      const said = (error: unknown) => (error as Error).message.replace(/, signal, .*$/, "");
      const { code } = thrown as { code: string };
      expect(said(rejected)).toBe(said(thrown));
      expect(rejected).toMatchObject({ code });
      expect(code).toMatch(/^[A-Z_]+$/);
      expect(digestOf(await run.exp(row, shape))).toEqual(here("exp", [row, shape]));
    }
    // Deep in a large batch; `out` is unchanged.
    const large = rowsOf("exp", shape, 20_000, 18);
    large.data[19_000 * size + 3] = Number.NaN;
    const out = new Float64Array(large.data.length).fill(7);
    await expect(run.exp(large, { ...shape, out })).rejects.toMatchObject({
      code: "NOT_FINITE",
      position: { row: 19_000, index: 3 },
    });
    expect(out.every((x) => x === 7)).toBe(true);
  });
});

describe("plans", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ threads: 2 });
  });
  afterAll(() => engine.close());

  test.each(names)("explain and prepare know %s", async (name) => {
    const few = engine.explain(name, { shape: [3, size], ...shape });
    expect(few).toMatchObject({ device: "cpu", threads: 1, tasks: 1 });
    const many = engine.explain(name, { shape: [200, 1000, size], ...shape, dtype: "float64" });
    expect(many).toMatchObject({ device: "cpu", threads: 2 });
    expect(many.text).toContain(`${name} is computed on the CPU`);
    expect(many.milliseconds).toBeGreaterThan(few.milliseconds);
    await engine.prepare(name, { shape: [3, size], ...shape });
  });

  test.each([
    ["power", { shape: [size], ...shape }, "OPERATION_UNKNOWN", "name"],
    ["exp", undefined, "OPTION_TYPE", "sizes"],
    ["exp", { ...shape }, "ROWS_TYPE", "shape"],
    ["exp", { ...shape, shape: [3, 7] }, "ROWS_SHAPE", "shape"],
    ["exp", { ...shape, shape: [] }, "ROWS_SHAPE", "shape"],
    ["exp", { ...shape, shape: [0.5, size] }, "SHAPE_INVALID", "shape[0]"],
    ["exp", { ...shape, shape: [size], depth: 0 }, "DEPTH_INVALID", "options.depth"],
    ["exp", { ...shape, shape: [size], stream: true }, "OPTION_UNKNOWN", "options.stream"],
    ["expVjp", { ...shape, shape: [size], out: new Float32Array(size) }, "OPTION_UNKNOWN", "options.out"],
  ])("explain and prepare refuse %s %o", async (name, sizes, code, argument) => {
    const loose = engine as unknown as { explain: (...args: unknown[]) => unknown; prepare: Work };
    let thrown: unknown;
    try {
      loose.explain(name, sizes);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, argument });
    await expect(loose.prepare(name, sizes)).rejects.toMatchObject({ code, argument });
  });

  test("a result is not left on a GPU, which computes none of them", async () => {
    const loose = methods(engine);
    const row = new Array<number>(size).fill(1);
    await expect(loose.exp(row, { ...shape, output: "gpu" })).rejects.toMatchObject({
      code: "ENGINE_OPTION_TYPE",
      argument: "options.output",
    });
  });
});
