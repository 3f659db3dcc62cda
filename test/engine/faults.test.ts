// Workers that die, trap, or never start: every call ends, with results that are correct to the bit
// or with an error of its own, never with another call's error.

import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EngineOptions, WorkerLike } from "../../ts/index.ts";
import { createEngine, type Engine, init, isPathSignatureError, signature, signatureVjp } from "../../ts/index.ts";
import { fakeModule } from "../fake.ts";
import { level } from "../level.ts";
import { random } from "../paths.ts";
import { Nursery } from "./workers.ts";

const numbers = (count: number, seed: number): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => next() - 0.5);
};

type Numbers = Float32Array | Float64Array;
const bytesOf = (x: Numbers) => Buffer.from(x.buffer as ArrayBuffer, x.byteOffset, x.byteLength);
/** Compares bits. */
const same = (a: Numbers, b: Numbers): boolean => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

/** A call of some tens of milliseconds. */
const large = { paths: { data: numbers(2000 * 100 * 6, 1), shape: [2000, 100, 6] }, options: { depth: 4 } };
const small = { paths: { data: numbers(5 * 20 * 3, 2), shape: [5, 20, 3] }, options: { depth: 3 } };

let engine: Engine | undefined;
let nursery: Nursery;

beforeEach(async () => {
  nursery = new Nursery();
  await init({ variant: "relaxed" });
});

afterEach(async () => {
  await engine?.close();
  engine = undefined;
  // Terminated workers take a moment to exit.
  await expect.poll(() => nursery.alive.size).toBe(0);
});

/** Calls during which workers die: each shape about ten times, or seventy. */
const mixed = level === "all" ? 2000 : 300;

const ways: { name: string; options: EngineOptions; variant: "relaxed" | "simd" }[] = [
  { name: "shared memory", options: {}, variant: "relaxed" },
  { name: "shared memory, kernels in memories of their own", options: {}, variant: "simd" },
  { name: "transfers", options: { sharedMemory: false }, variant: "relaxed" },
];

describe.each(ways)("$name", ({ options, variant }) => {
  let expected: { large: Float32Array; small: Float32Array };

  beforeEach(async () => {
    await init({ variant });
    expected = {
      large: signature(large.paths, large.options).data,
      small: signature(small.paths, small.options).data,
    };
    engine = await createEngine({ threads: 2, workerFactory: nursery.start, ...options });
    // Both workers have started.
    await engine.signature(large.paths, large.options);
    await expect.poll(() => engine?.info().workers).toBe(2);
  });

  test("a worker that dies before it is ready is as good as none", async () => {
    const here = await createEngine({ threads: 2, workerFactory: nursery.start, ...options });
    const call = here.signature(large.paths, large.options);
    await expect.poll(() => nursery.alive.size).toBe(4);
    await [...nursery.alive].at(-1)?.terminate();
    expect(same((await call).data, expected.large)).toBe(true);
    expect(here.info().warnings).toEqual([]);
    await here.close();
  });

  test("a worker that dies idle is replaced", async () => {
    const here = engine as Engine;
    await here.signature(small.paths, small.options);
    await nursery.kill(0);
    expect(same((await here.signature(large.paths, large.options)).data, expected.large)).toBe(true);
    expect(same((await here.signature(small.paths, small.options)).data, expected.small)).toBe(true);
    expect(here.info().replaced).toBe(1);
    expect(here.info().warnings).toEqual([]);
  });

  test("a worker that dies at work is replaced, and other calls do not notice", async () => {
    const here = engine as Engine;
    let deaths = 0;
    const onProgress = () => {
      if (deaths++ === 0) void nursery.kill(0.99);
    };
    const all = [
      here.signature(large.paths, { ...large.options, onProgress }),
      ...Array.from({ length: 20 }, () => here.signature(small.paths, small.options)),
      here.signature(large.paths, large.options),
    ];
    const results = await Promise.all(all);
    expect(same(results[0]!.data, expected.large)).toBe(true);
    expect(same(results.at(-1)!.data, expected.large)).toBe(true);
    for (const { data } of results.slice(1, -1)) expect(same(data, expected.small)).toBe(true);
    expect(here.info().replaced).toBe(1);
  });

  test("all workers die at once, more than once", async () => {
    const here = engine as Engine;
    let deaths = 0;
    const onProgress = () => {
      if (deaths++ === 0) for (const worker of nursery.alive) void worker.terminate();
    };
    for (let i = 1; i < 4; i++) {
      deaths = 0;
      const result = await here.signature(large.paths, { ...large.options, onProgress });
      expect(same(result.data, expected.large)).toBe(true);
      await expect.poll(() => here.info().replaced).toBe(2 * i);
      await here.signature(large.paths, large.options);
      await expect.poll(() => here.info().workers).toBe(2);
    }
  });

  test(`${mixed} calls of mixed sizes, random workers killed, random calls aborted`, { timeout: 900_000 }, async () => {
    const here = engine as Engine;
    const next = random(variant === "simd" ? 7 : 8);
    const shapes = Array.from({ length: 28 }, (_, i) => {
      const [batch, points, channels, depth] = [
        [1, 2, 2, 2],
        [1, 50, 3, 3],
        [30, 20, 2, 4],
        [400, 30, 3, 3],
        [1, 9000, 2, 3],
        [60, 100, 5, 3],
        [2500, 30, 4, 3],
      ][i % 7] as [number, number, number, number];
      const paths = { data: numbers(batch * points * channels, 100 + i), shape: [batch, points, channels] };
      const given = { depth, stream: i % 8 === 2, inverse: i % 3 === 1, scalarTerm: i % 5 === 2 };
      const lengths =
        i % 4 === 3 ? Uint32Array.from({ length: batch }, () => 1 + Math.floor(next() * points)) : undefined;
      const all = lengths === undefined ? given : { ...given, lengths };
      const expected = signature(paths, all).data;
      const cotangent = numbers(expected.length, 200 + i);
      // Gradients of every other shape too; those of the largest would take most of the time.
      const gradients = i % 2 === 0 && i % 7 !== 6 ? signatureVjp(paths, cotangent, all).paths.data : undefined;
      return { paths, options: all, expected, cotangent, gradients };
    });

    // A worker dies for every few calls that end, soon after one did. By the clock, workers of a
    // loaded machine would die faster than they work.
    let ended = 0;
    let killAt = 1;
    const kills: Promise<void>[] = [];
    const kill = async (delay: number, which: number) => {
      await new Promise((resolve) => setTimeout(resolve, delay));
      await nursery.kill(which);
    };
    const end = () => {
      ended += 1;
      if (ended < killAt) return;
      killAt += 1 + Math.floor(next() * 15);
      kills.push(kill(next() * 20, next()));
    };

    const outcomes = { right: 0, aborted: 0, failed: 0 };
    const faults: unknown[] = [];
    async function one(i: number): Promise<void> {
      const { paths, options: given, expected, cotangent, gradients } = shapes[i % shapes.length]!;
      const wanted = i % 3 === 0 ? gradients : undefined;
      const right = wanted ?? expected;
      const controller = new AbortController();
      const reason = new Error(`call ${i} is not wanted any more`);
      const aborts = next() < (i % 7 === 6 ? 0.4 : 0.1);
      if (aborts) [queueMicrotask, setImmediate, setTimeout][i % 3]!(() => controller.abort(reason));
      try {
        const all = { ...given, signal: controller.signal };
        const { data } =
          wanted === undefined
            ? await here.signature(paths, all)
            : (await here.signatureVjp(paths, cotangent, all)).paths;
        if (same(data, right)) outcomes.right += 1;
        else faults.push(`call ${i} is wrong`);
      } catch (error) {
        if (aborts && error === reason) outcomes.aborted += 1;
        else if (isPathSignatureError(error) && error.code === "BLOCK_FAILED") outcomes.failed += 1;
        else faults.push(error);
      }
      end();
    }
    // Like a server: a few calls in flight, each followed by another when it is done.
    let begun = 0;
    const client = async () => {
      while (begun < mixed) await one(begun++);
    };
    await Promise.all(Array.from({ length: 25 }, client));
    await Promise.all(kills);
    expect(faults).toEqual([]);
    expect(outcomes.right + outcomes.aborted + outcomes.failed).toBe(mixed);
    expect(outcomes.aborted).toBeGreaterThan(mixed / 100);
    expect(outcomes.right).toBeGreaterThan(mixed / 2);
    expect(here.info().replaced).toBeGreaterThan(3);
    expect(here.info()).toMatchObject({ calls: 0, tasks: 0, warnings: [] });
    // The engine continues.
    expect(same((await here.signature(large.paths, large.options)).data, expected.large)).toBe(true);
  });
});

describe("a kernel that traps", () => {
  // Traps at depth 3, returns zeros otherwise.
  const trapping = () =>
    fakeModule({
      run: "(if (i32.eq (i32.load offset=28 (local.get 0)) (i32.const 3)) (then unreachable)) (i32.const 0)",
    });

  test.each([{ sharedMemory: true }, { sharedMemory: false }])(
    "costs three tries, then the call that it happens to ($sharedMemory)",
    async ({ sharedMemory }) => {
      // A binary that does not identify itself, so that its counterpart is not used instead.
      await init({ source: await trapping() });
      try {
        engine = await createEngine({ threads: 2, workerFactory: nursery.start, sharedMemory });
        const doomed = engine.signature(small.paths, { depth: 3 });
        const others = Array.from({ length: 30 }, () => (engine as Engine).signature(small.paths, { depth: 2 }));
        await expect(doomed).rejects.toMatchObject({
          code: "BLOCK_FAILED",
          argument: "paths 0…4",
        });
        for (const other of others) expect([...(await other).data].every((x) => x === 0)).toBe(true);
        // The next call works, and coalesced calls fail independently.
        const mixed = await Promise.allSettled(
          [3, 2, 3, 2].map((depth) => (engine as Engine).signature(small.paths, { depth })),
        );
        expect(mixed.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
        expect(engine.info().replaced).toBe(0);
      } finally {
        await init({ variant: "relaxed" });
      }
    },
  );
});

describe("a worker that cannot start", () => {
  const missing = () => new Worker(new URL("./no-such-file.ts", import.meta.url)) as unknown as WorkerLike;

  test.each([
    { name: "its file is missing", workerFactory: missing, why: /no-such-file/ },
    {
      name: "the factory throws",
      workerFactory: (): WorkerLike => {
        throw new Error("forbidden by policy");
      },
      why: /forbidden by policy/,
    },
    {
      name: "the factory rejects",
      workerFactory: () => Promise.reject<WorkerLike>(new Error("not today")),
      why: /not today/,
    },
    {
      name: "it ends at once",
      workerFactory: () => new Worker("process.exit(3)", { eval: true }) as unknown as WorkerLike,
      why: /exit code 3/,
    },
  ])("$name: the calling thread computes, with one warning", async ({ workerFactory, why }) => {
    for (const sharedMemory of [true, false]) {
      engine = await createEngine({ threads: 3, workerFactory, sharedMemory });
      const results = await Promise.all([
        engine.signature(large.paths, large.options),
        engine.signature(small.paths, small.options),
      ]);
      expect(same(results[0].data, signature(large.paths, large.options).data)).toBe(true);
      expect(same(results[1].data, signature(small.paths, small.options).data)).toBe(true);
      await engine.signature(small.paths, small.options);
      const { mode, warnings, workers } = engine.info();
      expect(mode).toBe("calling thread");
      expect(workers).toBe(0);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(why);
      await engine.close();
    }
  });

  test("it never answers", { timeout: 60_000 }, async () => {
    const silent: Worker[] = [];
    const workerFactory = () => {
      silent.push(new Worker("setInterval(() => {}, 1000)", { eval: true }));
      return silent.at(-1) as unknown as WorkerLike;
    };
    engine = await createEngine({ threads: 1, workerFactory });
    const { data } = await engine.signature(small.paths, small.options);
    expect(same(data, signature(small.paths, small.options).data)).toBe(true);
    expect(engine.info().warnings[0]).toMatch(/did not answer/);
  });

  test("replacements that cannot start: the others go on, then the calling thread", async () => {
    for (const sharedMemory of [true, false]) {
      let allowed = 2;
      const workerFactory = (): WorkerLike => {
        if (allowed-- > 0) return nursery.start();
        throw new Error("no more workers");
      };
      engine = await createEngine({ threads: 2, workerFactory, sharedMemory });
      const right = signature(large.paths, large.options).data;
      expect(same((await engine.signature(large.paths, large.options)).data, right)).toBe(true);
      await nursery.kill(0);
      expect(same((await engine.signature(large.paths, large.options)).data, right)).toBe(true);
      expect(engine.info()).toMatchObject({ workers: 1, warnings: [] });
      await nursery.kill(0);
      expect(same((await engine.signature(large.paths, large.options)).data, right)).toBe(true);
      expect(engine.info().mode).toBe("calling thread");
      expect(engine.info().warnings).toHaveLength(1);
      await engine.close();
    }
  });
});
