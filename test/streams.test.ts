// Streams against the slow reference of the points that they hold: random sequences of pushes and
// pops, windows, basepoints, snapshots, many streams at once, TransformStreams, and bad input.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  createSignatureStream,
  createSignatureStreams,
  init,
  restoreSignatureStream,
  type SignatureStream,
  signature,
  signatureTransform,
  words,
} from "../ts/index.ts";
import { codeOf } from "./code-of.ts";
import { makePath, random } from "./paths.ts";
import { flatten, identity, referenceSignature } from "./reference.ts";
import { identityTolerance } from "./tolerances.ts";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_240_229) });

/** Compares with the signature of points, within the rounding of one signature in float64. */
function expectSignature(actual: ArrayLike<number>, points: number[][], channels: number, depth: number) {
  const { rows, steps, natural, reached } = referenceSignature(points, { depth });
  const wanted = points.length > 1 ? (rows[0] as ArrayLike<number>) : flatten(identity(channels, depth), false);
  words(channels, depth).forEach((word, i) => {
    const k = word.length;
    const allowed = points.length > 1 ? identityTolerance("float64", k, steps, natural[k]!, reached[k]!) : 0;
    expect(Math.abs(actual[i]! - wanted[i]!), `word ${word}: ${actual[i]} and ${wanted[i]}`).toBeLessThanOrEqual(
      allowed,
    );
  });
}

const point = fc
  .tuple(fc.integer({ min: -64, max: 64 }), fc.integer({ min: -64, max: 64 }))
  .map(([x, y]) => [x / 16, y / 16]);

/** What a caller may do: append points, drop points, or look. */
const action = fc.oneof(
  fc.record({ push: fc.array(point, { minLength: 1, maxLength: 9 }) }),
  fc.record({ pop: fc.integer({ min: 0, max: 7 }) }),
  fc.constant({ snapshot: true } as const),
);

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(() => init({ variant }));

  test.each([undefined, 1, 2, 5, 17, Number.POSITIVE_INFINITY])("window %s: any sequence of calls", (window) => {
    const run = fc.property(
      fc.array(action, { minLength: 1, maxLength: 30 }),
      fc.option(point, { nil: undefined }),
      fc.integer({ min: 1, max: 4 }),
      (actions, basepoint, depth) => {
        let stream: SignatureStream = createSignatureStream({
          channels: 2,
          depth,
          basepoint,
          ...(window && { window }),
        });
        let held: number[][] = [];
        for (const one of actions) {
          if ("push" in one) {
            stream.push(one.push as number[][]);
            held = [...held, ...(one.push as number[][])].slice(-(window ?? Number.POSITIVE_INFINITY));
          } else if ("pop" in one) {
            if (window === undefined) continue;
            const count = Math.min(one.pop, held.length);
            stream.popFront(count);
            held = held.slice(count);
          } else {
            const before = [...stream.value().data];
            const bytes = stream.snapshot();
            stream[Symbol.dispose]();
            stream = restoreSignatureStream(bytes);
            expect([...stream.value().data]).toEqual(before);
          }
          expect(stream.length).toBe(held.length);
          const path = basepoint && held.length > 0 ? [basepoint as number[], ...held] : held;
          expectSignature(stream.value().data, path.length > 0 ? path : [[0, 0]], 2, depth);
        }
        stream[Symbol.dispose]();
      },
    );
    fc.assert(run, { numRuns: 60 });
  });

  test.each([
    [1, 5],
    [3, 4],
    [7, 2],
    [2, 9],
  ])("long chunks and windows of %i channels at depth %i", (channels, depth) => {
    const path = makePath("walk", 700, channels, random(channels));
    using all = createSignatureStream({ channels, depth });
    all.push(Float64Array.from(path.flat()));
    expectSignature(all.value().data, path, channels, depth);
    using last = createSignatureStream({ channels, depth, window: 300 });
    for (const one of path) last.push(one);
    expectSignature(last.value().data, path.slice(-300), channels, depth);
  });

  test("no drift: a window after many passes is as good as a signature of its points", () => {
    const next = random(5);
    using stream = createSignatureStream({ channels: 2, depth: 4, window: 64, dtype: "float32" });
    const held: number[][] = [];
    const position = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      position[0]! += next() - 0.5;
      position[1]! += next() - 0.5;
      stream.push(position);
      held.push([...position]);
      if (held.length > 64) held.shift();
    }
    const exact = signature(held, { depth: 4, dtype: "float64" });
    const { data, dtype } = stream.value();
    expect(dtype).toBe("float32");
    for (const [i, x] of data.entries()) expect(x).toBe(Math.fround(stream.copy().data[i]!));
    const worst = Math.max(...Array.from(data, (x, i) => Math.abs(x - exact.data[i]!)));
    expect(worst).toBeLessThanOrEqual(2 ** -24 * Math.max(...exact.data.map(Math.abs)));
  });

  test("many streams are each a stream, to the bit of one another's order", () => {
    const [count, channels, depth] = [37, 3, 3];
    const paths = Array.from({ length: count }, (_, i) => makePath("walk", 25, channels, random(i + 1)));
    for (const basepoint of [undefined, [0.5, 0, -1]]) {
      using streams = createSignatureStreams(count, { channels, depth, basepoint });
      for (let k = 0; k < 25; k++) streams.push(paths.map((path) => path[k]!));
      expect(streams.length).toBe(25);
      const { data, shape } = streams.copy();
      expect(shape).toEqual([count, 39]);
      for (const [i, path] of paths.entries()) {
        const whole = basepoint ? [basepoint, ...path] : path;
        expectSignature(data.subarray(i * 39, (i + 1) * 39), whole, channels, depth);
      }
    }
  });

  test.each([
    [1, 3],
    [2, 3],
    [2, 5],
    [3, 2],
    [9, 3],
  ])("many streams of %i channels, depth %i, of any number and number type", (channels, depth) => {
    for (const count of [1, 2, 3, 4, 7]) {
      for (const dtype of ["float32", "float64"] as const) {
        const paths = Array.from({ length: count }, (_, i) => makePath("walk", 12, channels, random(i + 1)));
        using streams = createSignatureStreams(count, { channels, depth, dtype });
        using alone = createSignatureStreams(1, { channels, depth });
        for (let k = 0; k < 12; k++) {
          const { data } = streams.push(Float64Array.from(paths.flatMap((path) => path[k]!))).value();
          const size = data.length / count;
          if (k % 5 < 3) continue;
          for (const [i, path] of paths.entries()) {
            if (dtype === "float64")
              expectSignature(data.subarray(i * size, (i + 1) * size), path.slice(0, k + 1), channels, depth);
          }
        }
        // To the bit as one by itself.
        for (const point of paths[count - 1]!) alone.push([point]);
        const { data } = streams.copy();
        const own = alone.value().data;
        expect([...data.subarray(data.length - own.length)]).toEqual(
          Array.from(own, (x) => (dtype === "float32" ? Math.fround(x) : x)),
        );
      }
    }
  });

  test("a TransformStream gives the signature after each chunk", async () => {
    const chunks = [
      [0, 0],
      [
        [1, 0],
        [1, 1],
      ],
      Float64Array.of(0, 1, 2, 2),
    ];
    const points = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
      [2, 2],
    ];
    const found: number[][] = [];
    const source = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    for await (const s of source.pipeThrough(signatureTransform({ channels: 2, depth: 3 }))) found.push([...s.data]);
    expect(found.length).toBe(3);
    for (const [i, count] of [1, 3, 5].entries()) expectSignature(found[i]!, points.slice(0, count), 2, 3);
  });

  test("bad points change nothing", () => {
    using stream = createSignatureStream({ channels: 2, depth: 2, window: 4 });
    stream.push([
      [0, 0],
      [1, 2],
    ]);
    const before = [...stream.value().data];
    const bad: [unknown, string][] = [
      [[1], "SHAPE_MISMATCH"],
      [[], "SHAPE_MISMATCH"],
      [[1, Number.NaN], "NOT_FINITE"],
      [
        [
          [1, 1],
          [2, Number.POSITIVE_INFINITY],
        ],
        "NOT_FINITE",
      ],
      [[[1, 1], [2]], "RAGGED_ROW"],
      [[[1, 1], 2], "PATHS_TYPE"],
      [["1", 2], "ELEMENT_TYPE"],
      ["12", "PATHS_TYPE"],
      [undefined, "PATHS_TYPE"],
      [{ length: 2 }, "PATHS_TYPE"],
      [new Float32Array(3), "SHAPE_MISMATCH"],
    ];
    for (const [points, code] of bad) {
      expect(codeOf(() => stream.push(points as number[]))).toBe(code);
      expect(stream.length).toBe(2);
      expect([...stream.value().data]).toEqual(before);
    }
    for (const count of [3, -1, 0.5, "1"]) expect(codeOf(() => stream.popFront(count as number))).toBe("POP_RANGE");
    expect([...stream.push([2, 1]).value().data]).toEqual([
      ...signature(
        [
          [0, 0],
          [1, 2],
          [2, 1],
        ],
        { depth: 2 },
      ).data,
    ]);
  });

  test("bad options, snapshots and uses after the end are typed errors", () => {
    const create = (options: unknown) => codeOf(() => createSignatureStream(options as { channels: 1; depth: 1 }));
    expect(create(undefined)).toBe("OPTION_TYPE");
    expect(create({ channels: 2 })).toBe("DEPTH_INVALID");
    expect(create({ channels: 0, depth: 2 })).toBe("CHANNELS_INVALID");
    expect(create({ channels: 2, depth: 2, windows: 5 })).toBe("OPTION_UNKNOWN");
    for (const window of [0, 1.5, -3, "5", null])
      expect(create({ channels: 2, depth: 2, window })).toBe("WINDOW_INVALID");
    expect(create({ channels: 2, depth: 2, basepoint: [1] })).toBe("BASEPOINT_SHAPE");
    expect(create({ channels: 2, depth: 2, basepoint: 3 })).toBe("BASEPOINT_TYPE");
    expect(create({ channels: 2, depth: 2, basepoint: [1, Number.NaN] })).toBe("NOT_FINITE");
    expect(create({ channels: 2, depth: 2, dtype: "float16" })).toBe("DTYPE_INVALID");
    expect(create({ channels: 100, depth: 10 })).toBe("SIZE_TOO_LARGE");
    expect(codeOf(() => createSignatureStreams(0, { channels: 1, depth: 1 }))).toBe("COUNT_INVALID");

    const stream = createSignatureStream({ channels: 2, depth: 2 });
    expect(codeOf(() => stream.popFront(1))).toBe("POP_RANGE");
    const bytes = stream
      .push([
        [0, 0],
        [1, 1],
      ])
      .snapshot();
    expect(codeOf(() => restoreSignatureStream([] as unknown as Uint8Array))).toBe("SNAPSHOT_TYPE");
    expect(codeOf(() => restoreSignatureStream(bytes.slice(0, -8)))).toBe("SNAPSHOT_INVALID");
    for (const at of [0, 4, 9, 12, 20, 24, 28, 35, 70]) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      expect(
        codeOf(() => restoreSignatureStream(changed)),
        `byte ${at}`,
      ).toBe("SNAPSHOT_INVALID");
    }
    stream[Symbol.dispose]();
    stream[Symbol.dispose]();
    for (const use of [() => stream.push([1, 1]), () => stream.value(), () => stream.copy(), () => stream.snapshot()])
      expect(codeOf(use)).toBe("STREAM_CLOSED");
  });
});

test("a stream's memory is given back", () => {
  const pushed = () => {
    using stream = createSignatureStream({ channels: 4, depth: 6, window: 50 });
    for (let i = 0; i < 60; i++) stream.push([i, i * i, 1, Math.sin(i)]);
    return stream.value().data[0];
  };
  pushed();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 300; i++) pushed();
  // Each has two MiB of WebAssembly memory.
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20);
});
