// Sliding windows that share work: against the definition in float64, each alone as in a batch, on
// this thread as on an engine, and what does not share.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createEngine,
  type Engine,
  isPathSignatureError,
  type SignatureOptions,
  signature,
  words,
} from "../ts/index.ts";
import { codeOf } from "./code-of.ts";
import { makePath, type PathKind, random, toFloat32 } from "./paths.ts";
import { referenceSignature } from "./reference.ts";
import { tolerance } from "./tolerances.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
});
afterAll(() => engine.close());

type Case = [channels: number, depth: number, points: number, length: number, step: number, kind: PathKind];

const cases: Case[] = [
  [2, 2, 300, 40, 1, "walk"],
  [3, 3, 150, 64, 1, "drift"],
  [3, 3, 500, 101, 2, "scales"],
  [4, 3, 400, 130, 5, "time"],
  [4, 4, 200, 90, 9, "walk"],
  [2, 6, 130, 64, 3, "closed"],
  [7, 3, 90, 60, 1, "walk"],
];

const pathOf = ([channels, , points, , , kind]: Case, seed: number, length = points) =>
  toFloat32(makePath(kind, length, channels, random(seed)));

describe.each(cases)("%i channels, depth %i, %i points, length %i, step %i, %s", (...one) => {
  const [channels, depth, points, length, step] = one;
  const windows = { type: "sliding", length, step } as const;

  test.each(["float32", "float64"] as const)("%s", async (dtype) => {
    const lengths = [points, length + 3 * step, length - 1, points - 7];
    const paths = lengths.map((own, i) => pathOf(one, i, own));
    const options: SignatureOptions = { depth, dtype, windows };
    const whole = signature(paths, options);
    const { counts, data, shape } = whole;
    const [, perPath, size] = shape as [number, number, number];
    expect([...counts!]).toEqual(lengths.map((n) => Math.max(0, Math.floor((n - length) / step) + 1)));

    // Windows share work: else they would have the bits of the signature of their points. (Sums of
    // products of two float32 numbers may be exact in float64.)
    const alike = signature(paths[0]!, { ...options, algorithm: "horner" });
    if (depth > 2) expect(alike.data).not.toEqual(data.subarray(0, alike.data.length));

    for (const [path, points] of paths.entries()) {
      const first = path * perPath * size;
      if (counts![path]! > 0)
        expect(signature(points, options).data).toEqual(data.slice(first, first + counts![path]! * size));
      for (let k = 0; k < perPath; k++) {
        const row = data.subarray((path * perPath + k) * size, (path * perPath + k + 1) * size);
        if (k >= counts![path]!) {
          expect(row.every((x) => x === 0)).toBe(true);
          continue;
        }
        const held = points.slice(k * step, k * step + length);
        const { rows, natural, reached, steps } = referenceSignature(held, { depth });
        for (let level = 1, at = 0; level <= depth; level++) {
          // One product more than one signature of the window.
          const allowed = 2 * tolerance(dtype, level, steps, natural[level]!, reached[level]!);
          for (let i = 0; i < channels ** level; i++, at++)
            if (!(Math.abs(row[at]! - rows[0]![at]!) <= allowed))
              expect.fail(
                `path ${path}, window ${k}, number ${at}: ${row[at]} for ${rows[0]![at]}, ${allowed} allowed`,
              );
        }
      }
    }

    const onThreads = await engine.signature(paths, options);
    expect(onThreads.data).toEqual(data);
    expect([...onThreads.counts!]).toEqual([...counts!]);

    const scalar = signature(paths, { ...options, scalarTerm: true });
    expect([...scalar.rows()].map((row) => [...row])).toEqual([...whole.rows()].map((row) => [1, ...row]));

    const out = dtype === "float32" ? new Float32Array(data.length) : new Float64Array(data.length);
    expect(signature(paths, { ...options, out }).data).toBe(out);
    expect(out).toEqual(data);
  });
});

test("a long path of many blocks, on this thread and on an engine", async () => {
  const points = 40_000;
  const data = Float32Array.from(makePath("walk", points, 3, random(5)).flat());
  const options = { depth: 3, windows: { type: "sliding", length: 200, step: 4 } } as const;
  const all = signature({ data, shape: [points, 3] }, options);
  expect(all.shape).toEqual([9951, 39]);
  const done: number[] = [];
  const onProgress = (progress: { done: number; total: number }) => void done.push(progress.done / progress.total);
  const onThreads = await engine.signature({ data, shape: [points, 3] }, { ...options, onProgress });
  expect(onThreads.data).toEqual(all.data);
  expect(done.at(-1)).toBe(1);
  // Where a path begins decides which windows make a block: the same numbers, up to rounding.
  const later = signature({ data: data.subarray(3 * 4000), shape: [points - 4000, 3] }, options);
  const wanted = all.data.subarray(1000 * 39);
  expect(later.data.reduce((most, x, i) => Math.max(most, Math.abs(x - wanted[i]!)), 0)).toBeLessThan(1e-6);
  // Memory that threads share is read where it is.
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
  shared.set(data);
  expect((await engine.signature({ data: shared, shape: [points, 3] }, options)).data).toEqual(all.data);
});

test("what a window has of its own is computed for each", () => {
  const path = makePath("walk", 200, 3, random(6));
  const windows = { type: "sliding", length: 100 } as const;
  for (const options of [
    { depth: 3, basepoint: true },
    { depth: 3, inverse: true },
    { depth: 3, algorithm: "horner" },
    { depth: 1 },
    { depth: 2, stream: true },
  ] as const) {
    const { data } = signature(path, { ...options, windows });
    const own = signature(path.slice(40, 140), options).data;
    expect(data.subarray(40 * own.length, 41 * own.length)).toEqual(own);
  }
  // Intervals are computed one by one.
  const [interval] = signature(path, { depth: 3, windows: [[40, 140]] }).rows();
  expect(interval).toEqual(signature(path.slice(40, 140), { depth: 3 }).data);
});

test("a number that is not finite is named, nothing is written, and the next call works", () => {
  const path = makePath("walk", 300, 2, random(4));
  const options = { depth: 3, windows: { type: "sliding", length: 80 } } as const;
  const good = signature(path, options);
  const bad = path.map((point) => [...point]);
  bad[207]![1] = Number.NaN;
  const out = new Float64Array(2 * good.data.length).fill(7);
  let caught: unknown;
  try {
    signature([path, bad], { ...options, out });
  } catch (error) {
    caught = error;
  }
  const position = { path: 1, point: 207, channel: 1 };
  expect(isPathSignatureError(caught) && [caught.code, caught.position]).toEqual(["NOT_FINITE", position]);
  expect(out.every((x) => x === 7)).toBe(true);
  expect(codeOf(() => signature(path, { ...options, out }))).toBe("OUT_LENGTH");
  expect(signature(path, options).data).toEqual(good.data);

  // Unchecked, only windows that hold the point have it, in words with its letter.
  const unchecked = signature(bad, { ...options, checkFinite: false });
  const names = words(2, 3);
  for (const [k, row] of [...unchecked.rows()].entries()) {
    const holds = k <= 207 && 207 < k + 80;
    for (const [i, x] of row.entries()) expect(Number.isFinite(x)).toBe(!(holds && names[i]!.includes(1)));
  }
});
