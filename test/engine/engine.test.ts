// Guarantees of an engine besides correct numbers: coalesced calls with separate results, progress,
// aborts, a bounded and fair queue, closing, and that it does not keep the process alive.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CpuPlan, EngineOptions, SignatureOptions } from "../../ts/index.ts";
import { createEngine, type Engine, info, init, type Paths, signature, signatureAsync } from "../../ts/index.ts";
import { random } from "../paths.ts";
import { Nursery } from "./workers.ts";

const numbers = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => next() - 0.5);
};

const batch = (shape: readonly number[], seed = 1) => ({
  data: numbers(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
  shape,
});

/** A call of a hundred milliseconds or more. */
const long = { paths: batch([6000, 100, 6]), options: { depth: 4 } };

const call = signature as (paths: Paths, options: SignatureOptions) => { data: Float32Array | Float64Array };

/** Compares bits. (Vitest's own comparison of a million numbers takes seconds.) */
function expectSame(data: Float32Array | Float64Array, paths: Paths, options: SignatureOptions): void {
  const expected = call(paths, options).data;
  expect(data.constructor).toBe(expected.constructor);
  expect(Buffer.compare(bytesOf(data), bytesOf(expected))).toBe(0);
}
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

let engine: Engine | undefined;

async function make(options?: EngineOptions): Promise<Engine> {
  engine = await createEngine(options);
  return engine;
}

beforeEach(async () => {
  await init({ variant: "relaxed" });
});

afterEach(async () => {
  await engine?.close({ abort: true });
  engine = undefined;
});

describe.each([
  { name: "shared memory", options: { threads: 2 } },
  { name: "transfers", options: { threads: 2, sharedMemory: false } },
  {
    name: "no workers",
    options: {
      workerFactory: () => {
        throw new Error("none");
      },
    },
  },
])("$name", ({ options }) => {
  test("a thousand single paths of two kinds at once, each its own result", async () => {
    const here = await make(options);
    const all = Array.from({ length: 1000 }, (_, i) => {
      const shape = i % 2 === 0 ? [10 + (i % 37), 3] : [2, 5 + (i % 11), 2];
      return { paths: batch(shape, i), options: { depth: 3, scalarTerm: i % 4 === 0 } };
    });
    const results = await Promise.all(all.map((one) => here.signature(one.paths, one.options)));
    for (const [i, one] of all.entries()) {
      const expected = signature(one.paths, one.options);
      expect(results[i]!.shape).toEqual(expected.shape);
      expect(results[i]!.data).toEqual(expected.data);
    }
    // Each result has a buffer of its own, from which no other result can be reached.
    expect(new Set(results.map(({ data }) => data.buffer)).size).toBe(1000);
  });

  test("one bad path among many rejects alone, with its own error", async () => {
    const here = await make(options);
    const paths = Array.from({ length: 60 }, (_, i) => batch([20, 3], i));
    paths[17]!.data[31] = Number.NaN;
    paths[40]!.data[0] = Number.POSITIVE_INFINITY;
    const settled = await Promise.allSettled(paths.map((one) => here.signature(one, { depth: 3 })));
    for (const [i, one] of settled.entries()) {
      if (i !== 17 && i !== 40) {
        expect(one.status).toBe("fulfilled");
        if (one.status === "fulfilled") expect(one.value.data).toEqual(call(paths[i]!, { depth: 3 }).data);
      } else {
        expect(one).toMatchObject({ status: "rejected", reason: { code: "NOT_FINITE", argument: "paths" } });
      }
    }
    expect(settled[17]).toMatchObject({ reason: { position: { path: 0, point: 10, channel: 1 } } });
    // With `checkFinite: false` they propagate.
    const flowing = await here.signature(paths[17]!, { depth: 1, checkFinite: false });
    expect([...flowing.data].map((x) => Number.isNaN(x))).toEqual([false, true, false]);
  });

  test("numbers that are not finite, deep in a large call: the first is named, `out` is untouched", async () => {
    const here = await make(options);
    const paths = batch([700, 50, 6], 3);
    paths.data[(600 * 50 + 7) * 6 + 2] = Number.NaN;
    paths.data[(650 * 50 + 1) * 6 + 1] = Number.NaN;
    for (const depth of [2, 4]) {
      const out = new Float32Array(700 * (depth === 2 ? 42 : 1554)).fill(7);
      const error = await here.signature(paths, { depth, out }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "NOT_FINITE", position: { path: 600, point: 7, channel: 2 } });
      expect(out.every((x) => x === 7)).toBe(true);
      await expect(here.signature(paths, { depth })).rejects.toMatchObject({
        position: { path: 600, point: 7, channel: 2 },
      });
    }
    // Overflowing sums are not the input's fault.
    const huge = { data: new Float32Array([3e38, 0, -3e38, 0, 3e38, 0]), shape: [3, 2] };
    expect((await here.signature(huge, { depth: 2 })).data).toEqual(call(huge, { depth: 2 }).data);
  });

  test("progress is monotone, in paths, and ends at the total", async () => {
    const here = await make(options);
    const seen: number[] = [];
    let settled = false;
    const work = here.signature(long.paths, {
      ...long.options,
      onProgress: ({ done, total }) => {
        expect(settled).toBe(false);
        expect(total).toBe(6000);
        seen.push(done);
      },
    });
    await work;
    settled = true;
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(6000);

    const small: unknown[] = [];
    await here.signature(batch([3, 10, 2]), { depth: 2, onProgress: (progress) => small.push(progress) });
    expect(small).toEqual([{ done: 3, total: 3 }]);
    await here.signature(batch([0, 10, 2]), { depth: 2, onProgress: (progress) => small.push(progress) });
    expect(small.at(-1)).toEqual({ done: 0, total: 0 });
    const cut: number[] = [];
    await here.signature(batch([3, 30_000, 2]), { depth: 3, onProgress: ({ done }) => cut.push(done) });
    expect(cut.at(-1)).toBe(3);
  });

  test("what onProgress throws, the call rejects with; others go on", async () => {
    const here = await make(options);
    const mine = new Error("mine");
    const onProgress = () => {
      throw mine;
    };
    const other = here.signature(long.paths, long.options);
    await expect(here.signature(long.paths, { ...long.options, onProgress })).rejects.toBe(mine);
    await expect(here.signature(batch([3, 10, 2]), { depth: 2, onProgress })).rejects.toBe(mine);
    expectSame((await other).data, long.paths, long.options);
  });

  test("an abort rejects with its reason, frees what has not begun, and leaves others alone", async () => {
    const here = await make(options);
    await here.signature(batch([100, 50, 3]), { depth: 3 });
    const controller = new AbortController();
    const reason = { any: "thing" };
    let progress = 0;
    const doomed = here.signature(long.paths, {
      ...long.options,
      signal: controller.signal,
      onProgress: () => {
        progress += 1;
        controller.abort(reason);
      },
    });
    const other = here.signature(batch([500, 50, 3]), { depth: 3 });
    await expect(doomed).rejects.toBe(reason);
    // Nothing more happens.
    const heard = progress;
    expectSame((await other).data, batch([500, 50, 3]), { depth: 3 });
    await expect.poll(() => here.info().tasks).toBe(0);
    expect(progress).toBe(heard);
    expect(here.info().calls).toBe(0);
    // Aborted before it begins.
    const late = here.signature(long.paths, { ...long.options, signal: AbortSignal.abort(reason) });
    await expect(late).rejects.toBe(reason);
    await expect(here.signature(long.paths, { ...long.options, signal: AbortSignal.timeout(5) })).rejects.toMatchObject(
      { name: "TimeoutError" },
    );
    // A signal may outlive its calls without keeping them alive.
    const keeper = new AbortController();
    await here.signature(batch([3, 10, 2]), { depth: 2, signal: keeper.signal });
    keeper.abort();
    expect((await here.signature(batch([3, 10, 2]), { depth: 2 })).shape).toEqual([3, 6]);
  });

  test("a queue that is full refuses with a typed error, and has room again", async () => {
    const here = await make({ ...options, maxQueued: 5 });
    const waiting = Array.from({ length: 5 }, (_, i) => here.signature(batch([30, 20, 3], i), { depth: 3 }));
    await expect(here.signature(batch([3, 10, 2]), { depth: 2 })).rejects.toMatchObject({
      code: "QUEUE_FULL",
      argument: "maxQueued",
    });
    await Promise.all(waiting);
    expect((await here.signature(batch([3, 10, 2]), { depth: 2 })).shape).toEqual([3, 6]);
  });

  test("a small call is not stuck behind a huge one", async () => {
    const here = await make(options);
    await here.signature(batch([100, 50, 3]), { depth: 3 });
    const order: string[] = [];
    let share = 0;
    const huge = here
      .signature(long.paths, { ...long.options, onProgress: ({ done, total }) => (share = done / total) })
      .then(() => order.push("huge"));
    await expect.poll(() => share, { interval: 1 }).toBeGreaterThan(0);
    await here.signature(batch([3, 10, 2]), { depth: 2 });
    order.push("small");
    const then = share;
    await huge;
    expect(order).toEqual(["small", "huge"]);
    expect(then).toBeLessThan(1);
  });

  test("closing lets what runs finish, or not, and refuses what comes after", async () => {
    const here = await make(options);
    const running = here.signature(long.paths, long.options);
    const closing = here.close();
    await expect(here.signature(batch([3, 10, 2]), { depth: 2 })).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
    expectSame((await running).data, long.paths, long.options);
    await closing;
    expect(here.info()).toMatchObject({ closed: true, workers: 0, calls: 0, tasks: 0 });
    await here.close();

    const other = await createEngine(options);
    const calls = Array.from({ length: 3 }, () => other.signature(long.paths, long.options));
    const outcomes = Promise.allSettled(calls);
    await other.close({ abort: true });
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: "ENGINE_CLOSED" } });
  });

  test("await using closes it", async () => {
    let kept: Engine;
    {
      await using here = await createEngine(options);
      kept = here;
      await here.signature(batch([3, 10, 2]), { depth: 2 });
    }
    expect(kept.info().closed).toBe(true);
  });

  test("inputs of every kind that `signature` takes", async () => {
    const here = await make(options);
    const nested = [
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
      [[5, 5]],
    ];
    expect((await here.signature(nested, { depth: 2 })).data).toEqual(call(nested, { depth: 2 }).data);
    const initial = await here.signature(batch([4, 30, 2], 5), { depth: 3 });
    const out = initial.data as Float32Array;
    const expected = call(batch([4, 30, 2], 6), { depth: 3, initial: { data: out.slice(), shape: [4, 14] } } as {
      depth: number;
    });
    // Continued in place.
    const result = await here.signature(batch([4, 30, 2], 6), {
      depth: 3,
      initial: { data: out, shape: [4, 14] },
      out,
    });
    expect(result.data).toBe(out);
    expect(out).toEqual(expected.data);
  });
});

describe("input in shared memory", () => {
  test.each([{ threads: 2 }, { threads: 2, sharedMemory: false }])(
    "is read by threads themselves: %o",
    async (options) => {
      const here = await make(options);
      for (let round = 0; round < 8; round++) {
        for (const [shape, given] of [
          [[300, 100, 4], { depth: 3 }],
          [[300, 100, 4], { depth: 3, lengths: Uint32Array.from({ length: 300 }, (_, i) => 1 + ((i * 37) % 100)) }],
          [[2, 50_000, 3], { depth: 3, inverse: round % 2 === 1, basepoint: true }],
        ] as const) {
          const count = shape.reduce((a, b) => a * b, 1);
          // One buffer per call: workers must receive each before they use it.
          const Numbers = round % 3 === 0 ? Float64Array : Float32Array;
          const size = Numbers.BYTES_PER_ELEMENT;
          const buffer = new SharedArrayBuffer((count + 5) * size) as unknown as ArrayBuffer;
          const data = new Numbers(buffer, 3 * size, count);
          data.set(numbers(count, round));
          const paths = { data, shape };
          const both = await Promise.all([here.signature(paths, given), here.signature(paths, given)]);
          for (const { data: result } of both) expectSame(result, paths, given);
        }
      }
    },
  );
});

describe("the binary", () => {
  test("is the one that `init` chose last", async () => {
    const here = await make({ threads: 2 });
    const paths = batch([200, 100, 3]);
    const bits = new Set<string>();
    for (const variant of ["simd", "relaxed", "simd"] as const) {
      await init({ variant });
      const { data } = await here.signature(paths, { depth: 3 });
      expect(here.info().variant).toBe(variant);
      expect(data).toEqual(call(paths, { depth: 3 }).data);
      bits.add(data.join());
    }
    // Otherwise the test proves nothing.
    expect(bits.size).toBe(2);
  });
});

describe("idle", () => {
  test("workers end after the time that was set, and come again", async () => {
    const nursery = new Nursery();
    const here = await make({ threads: 2, idleTimeout: 30, workerFactory: nursery.start });
    // Not a light call.
    const paths = batch([900, 50, 3]);
    for (let i = 1; i <= 3; i++) {
      expect((await here.signature(paths, { depth: 3 })).data).toEqual(call(paths, { depth: 3 }).data);
      expect(nursery.alive.size).toBeGreaterThan(0);
      await expect.poll(() => nursery.alive.size).toBe(0);
      expect(here.info()).toMatchObject({ workers: 0, memoryBytes: 0 });
    }
    expect(nursery.started).toBeGreaterThanOrEqual(3);
  });

  test("workers start with the first call that needs them", async () => {
    const nursery = new Nursery();
    const here = await make({ threads: 8, workerFactory: nursery.start });
    expect(nursery.started).toBe(0);
    await here.signature(batch([0, 10, 2]), { depth: 2 });
    await expect(here.signature([[Number.NaN]], { depth: 1 })).rejects.toThrow();
    here.explain("signature", { shape: [100, 10, 2], depth: 3 });
    expect(nursery.started).toBe(0);
    await here.signature(batch([1, 10, 2]), { depth: 2 });
    expect(nursery.started).toBe(1);
  });
});

describe("a process", () => {
  const run = async (code: string) => {
    const index = JSON.stringify(new URL("../../ts/index.ts", import.meta.url).href);
    const script = `import { createEngine, signatureAsync } from ${index};\n${code}`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      // Idle workers end after ten seconds, which would release it.
      timeout: 9000,
    });
    return stdout.trim();
  };

  test("is not kept alive by an engine, whatever way it works", async () => {
    const code = (options: string) => `
      const engine = await createEngine(${options});
      const { data } = await engine.signature([[0, 0], [1, 0], [1, 1]], { depth: 2 });
      console.log([...data].join(), engine.info().warnings.length);`;
    for (const options of ["{ threads: 2 }", "{ sharedMemory: false }", "{ idleTimeout: Infinity }"]) {
      expect(await run(code(options))).toBe("1,1,0.5,1,0,0.5 0");
    }
  });

  test("is not kept alive by signatureAsync, but lives until calls are done", async () => {
    const code = `
      const paths = { data: new Float64Array(3000 * 50 * 4).map((_, i) => Math.sin(i)), shape: [3000, 50, 4] };
      signatureAsync(paths, { depth: 4 }).then((s) => console.log(s.shape.join()));`;
    expect(await run(code)).toBe("3000,340");
  });
});

describe("signatureAsync", () => {
  test("shares one engine among all calls", async () => {
    const paths = batch([40, 30, 3]);
    const all = await Promise.all([1, 2, 3].map((depth) => signatureAsync(paths, { depth })));
    for (const [i, { data }] of all.entries()) expect(data).toEqual(call(paths, { depth: i + 1 }).data);
    await expect(signatureAsync([[0]], { depth: 0 })).rejects.toMatchObject({ code: "DEPTH_INVALID" });
  });
});

describe("info and explain", () => {
  test("tell what there is", async () => {
    const here = await make({ threads: 3 });
    expect(here.info()).toEqual({
      version: info().version,
      variant: "relaxed",
      mode: "shared",
      threads: 3,
      workers: 0,
      replaced: 0,
      calls: 0,
      tasks: 0,
      memoryBytes: 0,
      warnings: [],
      device: "auto",
      closed: false,
    });
    // There is always work left, however late the last worker starts.
    let over = false;
    const client = async () => {
      while (!over) await here.signature(long.paths, long.options);
    };
    const work = Promise.all(Array.from({ length: 8 }, client));
    await expect.poll(() => here.info().workers, { interval: 1, timeout: 30_000 }).toBe(3);
    expect(here.info().calls).toBeGreaterThan(0);
    expect(here.info().memoryBytes).toBeGreaterThan(2 ** 20);
    over = true;
    await work;
  });

  test("tell what would become of a call, and why", async () => {
    const here = await make({ threads: 4 });
    const plan = here.explain("signature", { shape: [4096, 200, 6], depth: 4 });
    expect(plan).toMatchObject({ device: "cpu", mode: "shared", threads: 4 });
    expect((plan as CpuPlan).tasks).toBeGreaterThan(16);
    expect(plan.milliseconds).toBeGreaterThan(1);
    expect(plan.reasons.join("; ")).toMatch(/share memory.*tasks/);
    expect(here.explain("signature", { shape: [10, 2], depth: 2 })).toMatchObject({ threads: 1, tasks: 1 });
    const cut = here.explain("signature", { shape: [1, 100_000, 4], depth: 4, basepoint: true });
    expect(cut.reasons.join("; ")).toMatch(/cut into 25 stretches/);
    const ragged = here.explain("signature", { shape: [5, 10, 4], depth: 4, lengths: [1, 2, 3, 4, 5] });
    expect(ragged.reasons.join("; ")).toMatch(/order of their lengths/);
    const streamed = here.explain("signature", { shape: [5, 10_000, 4], depth: 4, stream: true, dtype: "float64" });
    expect(streamed.reasons.join("; ")).toMatch(/streams are cut in time/);
    const lonely = await createEngine({ sharedMemory: false });
    expect(lonely.explain("signature", { shape: [4096, 200, 6], depth: 4 })).toMatchObject({ mode: "transfer" });
    await lonely.close();
  });
});
