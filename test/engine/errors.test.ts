// Invalid calls of an engine: a typed error that names the argument, and the engine continues.
// Errors of the arguments of a call are those of `signature`, with the same messages.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine, type Engine, isPathSignatureError, signature } from "../../ts/index.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

type Loose = {
  create: (options?: unknown) => Promise<Engine>;
  async: (paths: unknown, options: unknown) => Promise<{ data: Float64Array }>;
  sync: (paths: unknown, options: unknown) => unknown;
  explain: (name: unknown, sizes: unknown) => unknown;
  close: (options: unknown) => Promise<void>;
};
const loose = (): Loose => ({
  create: createEngine as unknown as Loose["create"],
  async: ((paths: never, options: never) => engine.signature(paths, options)) as unknown as Loose["async"],
  sync: signature as unknown as Loose["sync"],
  explain: ((name: never, sizes: never) => engine.explain(name, sizes)) as unknown as Loose["explain"],
  close: ((options: never) => engine.close(options)) as unknown as Loose["close"],
});

const caught = async (work: () => unknown): Promise<Record<string, unknown>> => {
  try {
    await work();
  } catch (error) {
    expect(isPathSignatureError(error)).toBe(true);
    const { code, argument, given, accepted, message, position } = error as Record<string, unknown>;
    return { code, argument, given, accepted, message, position };
  }
  throw new Error("nothing was thrown");
};

describe("createEngine", () => {
  test.each([
    [{ threads: 0 }, "ENGINE_OPTION", "options.threads"],
    [{ threads: 1.5 }, "ENGINE_OPTION", "options.threads"],
    [{ threads: 257 }, "ENGINE_OPTION", "options.threads"],
    [{ threads: "many" }, "ENGINE_OPTION", "options.threads"],
    [{ maxQueued: 0 }, "ENGINE_OPTION", "options.maxQueued"],
    [{ maxQueued: Number.POSITIVE_INFINITY }, "ENGINE_OPTION", "options.maxQueued"],
    [{ idleTimeout: -1 }, "ENGINE_OPTION", "options.idleTimeout"],
    [{ idleTimeout: Number.NaN }, "ENGINE_OPTION", "options.idleTimeout"],
    [{ idleTimeout: "1s" }, "ENGINE_OPTION", "options.idleTimeout"],
    [{ coalesce: 1 }, "OPTION_TYPE", "options.coalesce"],
    [{ sharedMemory: "no" }, "OPTION_TYPE", "options.sharedMemory"],
    [{ workerFactory: "worker.js" }, "ENGINE_OPTION_TYPE", "options.workerFactory"],
    [{ thread: 2 }, "OPTION_UNKNOWN", "options.thread"],
    [3, "OPTION_TYPE", "options"],
    [null, "OPTION_TYPE", "options"],
  ])("%o", async (options, code, argument) => {
    expect(await caught(() => loose().create(options))).toMatchObject({ code, argument });
  });
});

describe("calls", () => {
  test.each([
    [[[0, 0]], { depth: 2, signal: "stop" }, "ENGINE_OPTION_TYPE", "options.signal"],
    [[[0, 0]], { depth: 2, signal: null }, "ENGINE_OPTION_TYPE", "options.signal"],
    [[[0, 0]], { depth: 2, signal: { aborted: false } }, "ENGINE_OPTION_TYPE", "options.signal"],
    [[[0, 0]], { depth: 2, onProgress: true }, "ENGINE_OPTION_TYPE", "options.onProgress"],
    [[[0, 0]], { depth: 2, threads: 2 }, "OPTION_UNKNOWN", "options.threads"],
  ])("%o %o", async (paths, options, code, argument) => {
    expect(await caught(() => loose().async(paths, options))).toMatchObject({ code, argument });
  });

  test("undefined is as good as nothing", async () => {
    const given = { depth: 1, signal: undefined, onProgress: undefined };
    expect([...(await loose().async([[0], [2]], given)).data]).toEqual([2]);
  });

  test("signature itself has neither signal nor progress", async () => {
    for (const name of ["signal", "onProgress"]) {
      const work = () => loose().sync([[0], [1]], { depth: 1, [name]: undefined });
      expect(await caught(work)).toMatchObject({ code: "OPTION_UNKNOWN", argument: `options.${name}` });
    }
  });

  const detached = new Float64Array(6);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const bad: [unknown, unknown][] = [
    [undefined, { depth: 1 }],
    [[1, 2, 3], { depth: 1 }],
    [[[0, 0], [1]], { depth: 1 }],
    [[["a"]], { depth: 1 }],
    [{ data: new Float32Array(5), shape: [2, 3] }, { depth: 1 }],
    [{ data: detached, shape: [2, 3] }, { depth: 1 }],
    [[[0, 0]], undefined],
    [[[0, 0]], { depth: 0 }],
    [[[0, 0]], { depth: 40 }],
    [[[0, 0]], { depth: 2, stream: 1 }],
    [[[0, 0]], { depth: 2, dtype: "int8" }],
    [[[0, 0]], { depth: 2, algorithm: "quick" }],
    [[[0, 0]], { depth: 2, lengths: [2] }],
    [[[0, 0]], { depth: 2, basepoint: [1] }],
    [[[0, 0]], { depth: 2, initial: [1] }],
    [[[0, 0]], { depth: 2, out: new Float32Array(6) }],
    [[[0, 0]], { depth: 2, out: new Float64Array(5) }],
    [[[0, Number.NaN]], { depth: 2 }],
    [
      [
        [0, 0],
        [0, Number.NEGATIVE_INFINITY],
      ],
      { depth: 2 },
    ],
    [
      [
        [0, 0],
        [0, 1e300],
      ],
      { depth: 2, dtype: "float32" },
    ],
    [[[0, 0]], { depth: 2, basepoint: [Number.NaN, 0] }],
    [[[0, 0]], { depth: 1, initial: [Number.NaN, 0] }],
  ];
  test.each(bad.map(([paths, options], i) => ({ i, paths, options })))(
    "number $i is refused as `signature` refuses it",
    async ({ paths, options }) => {
      const expected = await caught(() => loose().sync(paths, options));
      expect(await caught(() => loose().async(paths, options))).toEqual(expected);
      expect([...(await loose().async([[0], [2]], { depth: 1 })).data]).toEqual([2]);
    },
  );
});

describe("explain", () => {
  test.each([
    ["signatures", { shape: [2, 2], depth: 2 }, "OPERATION_UNKNOWN", "name"],
    [7, { shape: [2, 2], depth: 2 }, "OPERATION_UNKNOWN", "name"],
    ["toString", { shape: [2, 2], depth: 2 }, "OPERATION_UNKNOWN", "name"],
    ["signature", undefined, "OPTION_TYPE", "sizes"],
    ["signature", { depth: 2 }, "PATHS_TYPE", "shape"],
    ["signature", { shape: [0, 2], depth: 2 }, "SHAPE_INVALID", "shape"],
    ["signature", { shape: [2], depth: 2 }, "SHAPE_INVALID", "shape"],
    ["signature", { shape: [2, 2] }, "DEPTH_INVALID", "options.depth"],
    ["signature", { shape: [2, 2], depth: 2, deph: 2 }, "OPTION_UNKNOWN", "options.deph"],
  ])("%o %o", async (name, sizes, code, argument) => {
    expect(await caught(() => loose().explain(name, sizes))).toMatchObject({ code, argument });
  });
});

test("close takes { abort }", async () => {
  for (const options of ["abort", { abort: 1 }]) {
    expect(await caught(() => loose().close(options))).toMatchObject({
      code: "OPTION_TYPE",
      argument: "options.abort",
    });
  }
  expect(engine.info().closed).toBe(false);
});
