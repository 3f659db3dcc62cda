// Buffers that are detached or shrunk while a call is under way: that call alone is rejected, with
// an error that names the argument, and the engine goes on.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine as createAlgebraEngine } from "../../ts/algebra.ts";
import {
  createEngine,
  type Engine,
  type EngineOptions,
  init,
  isPathSignatureError,
  signature,
} from "../../ts/index.ts";
import { random } from "../paths.ts";
import { uncaughtDuring, within } from "../uncaught.ts";
import { Nursery } from "./workers.ts";

/** A buffer that can be detached and resized: of an ECMAScript that the compiler does not know. */
interface Resizable extends ArrayBuffer {
  transfer(): ArrayBuffer;
  resize(bytes: number): void;
}
const resizableBuffer = (bytes: number): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, {
    maxByteLength: 2 * bytes,
  });

/** Numbers in a buffer that can be shrunk. */
function resizable(count: number, seed = 1): Float64Array<Resizable> {
  const next = random(seed);
  const view = new Float64Array(resizableBuffer(8 * count));
  for (let i = 0; i < count; i++) view[i] = next() - 0.5;
  return view;
}

type Damage = (view: Float64Array<Resizable>) => void;
const damages: Record<string, Damage> = {
  detached: ({ buffer }) => void buffer.transfer(),
  shrunk: ({ buffer }) => buffer.resize(buffer.byteLength / 2),
};

const modes: { name: string; options: EngineOptions; variant: "relaxed" | "simd" }[] = [
  { name: "shared memory", options: {}, variant: "relaxed" },
  { name: "shared memory, kernels in memories of their own", options: {}, variant: "simd" },
  { name: "transfers", options: { sharedMemory: false }, variant: "relaxed" },
  {
    name: "calling thread",
    options: {
      workerFactory: () => {
        throw new Error("no workers here");
      },
    },
    variant: "relaxed",
  },
];

/** Keeps an engine busy: a small call is computed at once where no other one waits. */
const occupy = (here: Engine) => here.signature(calm, { depth: 5 });

const [batch, points, channels, depth] = [200, 50, 4, 4];
const size = 340;
const shape = [batch, points, channels];
const numbers = batch * points * channels;
const calm = { data: resizable(numbers, 7), shape };

/** Calls whose argument is damaged; `view` is that argument. */
const calls: Record<string, { count: number; run: (here: Engine, view: Float64Array) => Promise<unknown> }> = {
  paths: { count: numbers, run: (here, data) => here.signature({ data, shape }, { depth }) },
  "paths of one small call": {
    count: 6,
    run: (here, data) => here.signature({ data, shape: [3, 2] }, { depth: 2 }),
  },
  "paths, ragged": {
    count: numbers,
    run: (here, data) =>
      here.signature({ data, shape }, { depth, lengths: Array.from({ length: batch }, (_, i) => 1 + (i % points)) }),
  },
  "paths, cut in stretches": {
    count: 40_000 * 2,
    run: (here, data) => here.signature({ data, shape: [40_000, 2] }, { depth: 5 }),
  },
  "paths, a stream cut in segments": {
    count: 40_000 * 2,
    run: (here, data) => here.signature({ data, shape: [40_000, 2] }, { depth: 3, stream: true }),
  },
  "paths of gradients": {
    count: numbers,
    run: (here, data) => here.signatureVjp({ data, shape }, new Float64Array(batch * size).fill(1), { depth }),
  },
  cotangent: { count: batch * size, run: (here, view) => here.signatureVjp(calm, view, { depth }) },
  "options.basepoint": {
    count: batch * channels,
    run: (here, data) => here.signature(calm, { depth, basepoint: { data, shape: [batch, channels] } }),
  },
  "options.basepoint of all": {
    count: channels,
    run: (here, basepoint) => here.signature(calm, { depth, basepoint }),
  },
  "options.initial": {
    count: batch * size,
    run: (here, data) => here.signature(calm, { depth, initial: { data, shape: [batch, size] } }),
  },
  "options.initial of a stream": {
    count: 84,
    run: (here, initial) =>
      here.signature({ data: calm.data, shape: [numbers / 4, 4] }, { depth: 3, stream: true, initial }),
  },
  "options.out": {
    count: 84 * 4,
    run: (here, out) => here.signature({ data: calm.data.slice(0, 160), shape: [4, 10, 4] }, { depth: 3, out }),
  },
  "options.out, large": {
    count: 1000 * size,
    run: (here, out) => here.signature({ data: calm.data, shape: [1000, 10, 4] }, { depth, out }),
  },
};

/** The argument that an error has to name. */
const argumentOf = (name: string): string => name.split(/,? /)[0]!;

describe.each(modes)("$name", ({ options, variant }) => {
  let engine: Engine;
  let right: Float64Array;
  const nursery = new Nursery();

  beforeAll(async () => {
    await init({ variant });
    right = signature(calm, { depth: 3 }).data as Float64Array;
    // Calls that are coalesced may be staged at once, before their buffers are damaged.
    engine = await createEngine({ threads: 2, workerFactory: nursery.start, coalesce: false, ...options });
    await engine.signature(calm, { depth: 3 });
  });
  afterAll(async () => {
    expect(await within(2, engine.close())).toBeUndefined();
    await init({ variant: "relaxed" });
  });

  describe.each(Object.entries(damages))("%s", (_, damage) => {
    test.each(Object.entries(calls))("%s", async (name, { count, run }) => {
      const uncaught = await uncaughtDuring(async () => {
        const view = resizable(count);
        const other = occupy(engine);
        const guilty = run(engine, view);
        const innocent = Array.from({ length: 8 }, () => engine.signature(calm, { depth: 3 }));
        damage(view as Float64Array<Resizable>);
        const error = await within(
          5,
          guilty.catch((error: unknown) => error),
        );
        expect(isPathSignatureError(error), String(error)).toBe(true);
        expect(error).toMatchObject({ code: "INPUT_DETACHED" });
        expect((error as { argument: string }).argument).toBe(argumentOf(name));
        for (const call of innocent) expect(await within(5, call)).toMatchObject({ data: right });
        await other;
      });
      expect(uncaught).toEqual([]);
      await expect.poll(() => engine.info()).toMatchObject({ calls: 0, tasks: 0 });
      expect(engine.info().replaced).toBe(0);
    });
  });

  test("small calls that are coalesced with a damaged one are not affected", async () => {
    const here = await createEngine({ threads: 2, workerFactory: nursery.start, ...options });
    await here.signature(calm, { depth: 3 });
    const few = (seed: number) => resizable(20, seed);
    const rights = Array.from({ length: 40 }, (_, i) =>
      signature({ data: few(i), shape: [10, 2] }, { depth: 3 }).data.slice(),
    );
    const views = Array.from({ length: 40 }, (_, i) => few(i));
    const other = occupy(here);
    const all = views.map((data) => here.signature({ data, shape: [10, 2] }, { depth: 3 }));
    for (let i = 0; i < 40; i += 7) (i % 2 ? damages.shrunk : damages.detached)!(views[i] as never);
    const settled = await within(5, Promise.allSettled(all));
    expect(settled).not.toBe("late");
    for (const [i, one] of (settled as PromiseSettledResult<{ data: Float64Array }>[]).entries()) {
      if (i % 7 === 0) expect(one).toMatchObject({ status: "rejected", reason: { code: "INPUT_DETACHED" } });
      else expect(one).toMatchObject({ status: "fulfilled", value: { data: rights[i] } });
    }
    await other;
    expect(here.info()).toMatchObject({ calls: 0, tasks: 0, replaced: 0 });
    await here.close();
  });

  test("an input that grows is read as it was", async () => {
    const view = resizable(numbers);
    const expected = signature({ data: view.slice(), shape }, { depth }).data;
    const grown = new Float64Array(view.buffer);
    const call = engine.signature({ data: grown, shape }, { depth });
    view.buffer.resize(2 * view.byteLength);
    expect((await call).data).toEqual(expected);
  });

  test("input that is not finite and is gone before it is looked at", async () => {
    const view = resizable(numbers);
    view[numbers - 1] = Number.NaN;
    const call = engine.signature({ data: view, shape }, { depth }).catch((error: { code: string }) => error);
    await new Promise(setImmediate);
    damages.detached!(view);
    expect(["INPUT_DETACHED", "NOT_FINITE"]).toContain(((await call) as { code: string }).code);
  });

  test.each([0, 1, 2])("operands of the algebra, moment %i", async (moment) => {
    const here = await createAlgebraEngine({ threads: 2, ...options });
    const [rows, width] = [2000, 85];
    for (const which of ["a", "b"] as const) {
      const operand = { a: resizable(rows * width, 1), b: resizable(rows * width, 2) };
      const tensors = Object.values(operand).map((data) => ({ data, shape: [rows, width] }));
      const call = here.multiply(tensors[0]!, tensors[1]!, { channels: 4, depth: 3, scalarTerm: true });
      for (let i = 0; i < moment; i++) await new Promise(setImmediate);
      damages.detached!(operand[which]);
      const outcome = await within(
        5,
        call.then(
          () => "done",
          (error: { code: string; argument: string }) => error,
        ),
      );
      if (moment === 0) expect(outcome).toMatchObject({ code: "INPUT_DETACHED", argument: which });
      else if (outcome !== "done") expect(outcome).toMatchObject({ code: "INPUT_DETACHED", argument: which });
    }
    expect(await within(2, here.close())).toBeUndefined();
  });
});

test("without an engine: a getter of the call detaches its own data", () => {
  const data = resizable(200);
  const lengths = Object.defineProperty([10, 10], 1, {
    get() {
      damages.detached!(data);
      return 9;
    },
  });
  const call = () => signature({ data, shape: [2, 10, 10] }, { depth: 2, lengths });
  expect(call).toThrow(expect.objectContaining({ code: "INPUT_DETACHED", argument: "paths" }));
  expect(signature([[0], [2]], { depth: 2 }).data).toEqual(Float64Array.of(2, 2));
});

describe("a factory whose promise never settles", () => {
  test.each([true, false])("calls end, and so does close (%s)", { timeout: 40_000 }, async (sharedMemory) => {
    const here = await createEngine({ threads: 2, sharedMemory, workerFactory: () => new Promise(() => undefined) });
    const call = here.signature(calm, { depth: 3 });
    expect(await within(15, call)).toMatchObject({ shape: [batch, 84] });
    expect(here.info()).toMatchObject({ mode: "calling thread", warnings: [expect.stringMatching(/did not answer/)] });
    expect(await within(2, here.close())).toBeUndefined();
  });

  test.each([true, false])("close with abort does not wait for it (%s)", async (sharedMemory) => {
    const here = await createEngine({ threads: 2, sharedMemory, workerFactory: () => new Promise(() => undefined) });
    const call = here.signature(calm, { depth: 3 }).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await within(2, here.close({ abort: true }))).toBeUndefined();
    expect(await call).toMatchObject({ code: "ENGINE_CLOSED" });
  });
});
