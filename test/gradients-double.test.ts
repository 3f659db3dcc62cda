// Gradients of float32 paths that go back and forth, or are rough and long, for which float32
// arithmetic is not accurate enough. They are as accurate as those of other paths, the decision
// depends on the path alone, and threads agree. Compared with the reverse-mode reference in
// float64, on the numbers that float32 represents.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createEngine,
  type Engine,
  init,
  type SignatureGradients,
  signatureVjp,
  signatureWithVjp,
} from "../ts/index.ts";
import { gradient } from "./gradient-reference.ts";
import { digest } from "./judge.ts";
import { random } from "./paths.ts";
import { maxAbs } from "./reference.ts";

const depth = 3;
const channels = 2;
const points = 300;
const size = 14;

/** Back and forth in large steps that nearly cancel. */
function zigzag(seed: number, length = points): Float32Array {
  const next = random(seed);
  const path = new Float32Array(length * channels);
  for (let i = channels; i < path.length; i++) {
    const t = Math.floor(i / channels);
    path[i] =
      path[i - channels]! + (t % 2 ? 0.5 + 0.1 * (i % channels) : -0.5 - 0.1 * (i % channels)) + (next() - 0.5) / 1000;
  }
  return path;
}

function walk(seed: number, length = points): Float32Array {
  const next = random(seed);
  const path = new Float32Array(length * channels);
  for (let i = channels; i < path.length; i++) path[i] = path[i - channels]! + (next() - 0.5) / 10;
  return path;
}

const cotangentOf = (seed: number, count = size): Float32Array => {
  const next = random(seed);
  return Float32Array.from({ length: count }, () => next() - 0.5);
};

const joined = (parts: readonly Float32Array[]): Float32Array => Float32Array.from(parts.flatMap((part) => [...part]));

const rowsOf = (path: Float32Array): number[][] =>
  Array.from({ length: path.length / channels }, (_, t) => [...path.subarray(t * channels, (t + 1) * channels)]);

/**
 * The largest error: at interior points relative to the root mean square there, at end points
 * relative to the largest gradient.
 */
function errors(actual: Float32Array, path: Float32Array, cotangent: Float32Array, options = {}) {
  const wanted = gradient(rowsOf(path), { depth, ...options }, [[...cotangent]]).path.flat();
  let [inside, ends, squares] = [0, 0, 0];
  for (const [i, value] of wanted.entries()) {
    const off = Math.abs(actual[i]! - value);
    if (i < channels || i >= wanted.length - channels) ends = Math.max(ends, off);
    else {
      inside = Math.max(inside, off);
      squares += value ** 2;
    }
  }
  return { inside: inside / Math.sqrt(squares / (wanted.length - 2 * channels)), ends: ends / maxAbs(wanted) };
}

function expectExact(actual: Float32Array, path: Float32Array, cotangent: Float32Array, options = {}): void {
  const { inside, ends } = errors(actual, path, cotangent, options);
  expect(inside).toBeLessThan(1e-6);
  expect(ends).toBeLessThan(1e-6);
}

const told = ({ paths, basepoint, initial }: SignatureGradients) =>
  [paths, basepoint, initial].map((one) => one && digest(one.data));

describe.each(["simd", "relaxed"] as const)("%s", (variant) => {
  beforeAll(async () => {
    expect((await init({ variant })).variant).toBe(variant);
  });

  test.each([{}, { inverse: true }, { basepoint: [0.25, -0.5] }])("a path by itself, %o", (options) => {
    const path = zigzag(1);
    const cotangent = cotangentOf(2);
    const { paths } = signatureVjp({ data: path, shape: [points, channels] }, cotangent, { depth, ...options });
    expect(paths.data).toBeInstanceOf(Float32Array);
    expectExact(paths.data, path, cotangent, options);
    // The signatures kept are float32, so the pullback computes its own.
    const [, pullback] = signatureWithVjp({ data: path, shape: [points, channels] }, { depth, ...options });
    expectExact(pullback(cotangent).paths.data, path, cotangent, options);
  });

  test("float64 numbers computed in float32 are no other than what float32 holds of them", () => {
    const path = zigzag(3);
    const cotangent = cotangentOf(4);
    const given = { data: Float64Array.from(path), shape: [points, channels] };
    const { paths } = signatureVjp(given, cotangent, { depth, dtype: "float32" });
    expectExact(paths.data as Float32Array, path, cotangent);
  });

  test("among others: each path is computed as if it were alone in its batch", () => {
    const all = [walk(5), zigzag(6), zigzag(7), walk(8), walk(9), zigzag(10)];
    const cotangent = cotangentOf(11, size * all.length);
    const { paths } = signatureVjp({ data: joined(all), shape: [all.length, points, channels] }, cotangent, { depth });
    for (const [i, path] of all.entries()) {
      const own = paths.data.subarray(i * path.length, (i + 1) * path.length);
      const row = cotangent.subarray(i * size, (i + 1) * size);
      // The same path twice: a single path takes another code path.
      const twice = { data: joined([path, path]), shape: [2, points, channels] };
      const alone = signatureVjp(twice, joined([row, row]), { depth }).paths.data;
      expect(digest(own)).toBe(digest(alone.subarray(0, path.length)));
      if (i === 1 || i === 2 || i === 5) expectExact(own, path, row);
    }
  });

  test("what paths share is summed over all of them, tails stay zero, and lengths count", () => {
    const lengths = [300, 120, 300, 250];
    const all = [zigzag(12), zigzag(13), walk(14), walk(15)];
    const data = joined(all);
    const cotangent = cotangentOf(16, size * 4);
    const basepoint = [0.125, 0.25];
    const initial = cotangentOf(17);
    const options = { depth, lengths, basepoint, initial };
    const { paths, ...shared } = signatureVjp({ data, shape: [4, points, channels] }, cotangent, options);
    const wanted = all.map((path, i) => {
      const own = rowsOf(path.subarray(0, lengths[i]! * channels));
      const row = [[...cotangent.subarray(i * size, (i + 1) * size)]];
      return gradient(own, { depth, basepoint, initial: [...initial] }, row);
    });
    for (const name of ["basepoint", "initial"] as const) {
      const sum = wanted[0]![name]!.map((_, j) => wanted.reduce((total, one) => total + one[name]![j]!, 0));
      const scale = wanted.reduce((total, one) => total + maxAbs(one[name]!), 0);
      for (const [j, value] of sum.entries())
        expect(Math.abs(shared[name]!.data[j]! - value)).toBeLessThan(1e-5 * scale);
    }
    for (const [i, length] of lengths.entries()) {
      expect(maxAbs(paths.data.subarray((i * points + length) * channels, (i + 1) * points * channels))).toBe(0);
    }
    const cut = all[1]!.subarray(0, 120 * channels);
    const own = paths.data.subarray(points * channels, (points + 120) * channels);
    expectExact(own, cut, cotangent.subarray(size, 2 * size), { basepoint, initial: [...initial] });
  });

  // Or with a rest at one step of eight, wherever it is: the length is estimated from as many.
  test.each([undefined, 0, 1, 2, 3, 4, 5, 6, 7])("rough and long at depth 5, rests: %s", (rests) => {
    const next = random(18);
    const path = Float32Array.from({ length: 2402 * channels }, () => next());
    for (let i = channels; i < path.length; i++)
      if (Math.floor(i / channels) % 8 === rests) path[i] = path[i - channels]!;
    const cotangent = cotangentOf(19, 62);
    const given = { data: path, shape: [2402, channels] };
    const { paths } = signatureVjp(given, cotangent, { depth: 5 });
    const exact = signatureVjp({ ...given, data: Float64Array.from(path) }, cotangent, { depth: 5 }).paths.data;
    // float64, rounded once.
    expect(digest(paths.data)).toBe(digest(Float32Array.from(exact)));
  });

  test.each([0.5, 0.9])("back and forth for %f of the time", (share) => {
    // Large steps that nearly cancel, then a line of small ones.
    const next = random(34);
    const path = new Float32Array(200 * channels);
    for (let i = channels; i < path.length; i++) {
      const t = Math.floor(i / channels);
      const turn = (t % 2 ? 20 : -20) * (1 + 0.2 * (i % channels)) + (next() - 0.5) / 50;
      path[i] = path[i - channels]! + (t < share * 200 ? turn : 0.05 * (1 + (i % channels)));
    }
    const cotangent = cotangentOf(35, 126);
    const given = { data: path, shape: [200, channels] };
    const { paths } = signatureVjp(given, cotangent, { depth: 6 });
    const exact = signatureVjp({ ...given, data: Float64Array.from(path) }, cotangent, { depth: 6 }).paths.data;
    expect(digest(paths.data)).toBe(digest(Float32Array.from(exact)));
  });

  test("the number that is not finite is named by its place in the call", () => {
    const all = joined([walk(20), zigzag(21)]);
    all[(points + 7) * channels + 1] = Number.NaN;
    const given = { data: all, shape: [2, points, channels] };
    expect(() => signatureVjp(given, cotangentOf(22, 2 * size), { depth })).toThrow(
      expect.objectContaining({ code: "NOT_FINITE", position: { path: 1, point: 7, channel: 1 } }),
    );
    const cotangent = cotangentOf(23, 2 * size);
    cotangent[size + 3] = Number.POSITIVE_INFINITY;
    const sound = { data: joined([walk(20), zigzag(21)]), shape: [2, points, channels] };
    expect(() => signatureVjp(sound, cotangent, { depth })).toThrow(
      expect.objectContaining({ code: "NOT_FINITE", argument: "cotangent" }),
    );
  });
});

describe.each([{ threads: 2 }, { threads: 1, sharedMemory: false }])("an engine of %o", (options) => {
  let engine: Engine;
  beforeAll(async () => {
    await init({ variant: "relaxed" });
    engine = await createEngine(options);
  });
  afterAll(() => engine.close());

  test("gives the same bits", async () => {
    const paths = { data: joined([walk(24), zigzag(25), zigzag(26), walk(27)]), shape: [4, points, channels] };
    const cotangent = cotangentOf(28, 4 * size);
    for (const given of [{}, { basepoint: [0.5, 0.25] }, { lengths: [300, 200, 100, 1] }, { inverse: true }]) {
      const here = signatureVjp(paths, cotangent, { depth, ...given });
      expect(told(await engine.signatureVjp(paths, cotangent, { depth, ...given }))).toEqual(told(here));
    }
  });

  test("reads shared memory, and cuts long paths, likewise", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 2 * points * channels));
    shared.set(joined([zigzag(29), walk(30)]));
    const cotangent = cotangentOf(31, 2 * size);
    const given = { data: shared, shape: [2, points, channels] };
    expect(told(await engine.signatureVjp(given, cotangent, { depth }))).toEqual(
      told(signatureVjp(given, cotangent, { depth })),
    );
    const long = { data: zigzag(32, 70_000), shape: [70_000, channels] };
    const row = cotangentOf(33);
    expect(told(await engine.signatureVjp(long, row, { depth }))).toEqual(told(signatureVjp(long, row, { depth })));
  });
});
