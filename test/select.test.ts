// Chosen words: coefficients against exact rationals and the reference, gradients against the
// reference and finite differences, for few words (a kernel of their own) and many (all words);
// every option, equal bits on engines and in every batch; labels, sizes, errors.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  augmentedChannels,
  createEngine,
  type Engine,
  init,
  isPathSignatureError,
  type Select,
  selectionSize,
  signature,
  signatureSize,
  signatureVjp,
  signatureWithVjp,
  type VjpOptions,
  type Windows,
  words,
} from "../ts/index.ts";
import { codeOf } from "./code-of.ts";
import { describeOn, openDawn } from "./gpu/implementations.ts";
import { gradient } from "./gradient-reference.ts";
import { makePath, random } from "./paths.ts";
import { exactSignature, nameOf, Rational } from "./rational.ts";
import { referenceSignature } from "./reference.ts";
import { type DType, differenceTolerance, gradientTolerance, tolerance } from "./tolerances.ts";

/** Words that a selection has to have, by definition. */
function wordsOf(select: Select, channels: number, depth: number): number[][] {
  if ("words" in select) return select.words.map((word) => Array.from(word));
  const all = words(channels, depth);
  if ("levels" in select) return all.filter((word) => Array.from(select.levels).includes(word.length));
  const weight = (word: readonly number[]) => word.reduce((sum, letter) => sum + select.weights[letter]!, 0);
  return all.filter((word) => weight(word) <= select.bound + 1e-9);
}

/** `count` different words, drawn from a generator. */
function drawn(channels: number, depth: number, count: number, next: () => number): number[][] {
  const found = new Map<string, number[]>();
  while (found.size < count) {
    const word = Array.from({ length: 1 + Math.floor(next() * depth) }, () => Math.floor(next() * channels));
    found.set(word.join(), word);
  }
  return [...found.values()];
}

const indexOf = (word: readonly number[], channels: number): number =>
  word.reduce((index, letter) => index * channels + letter, 0) +
  (word.length === 1 ? 0 : signatureSize(channels, word.length - 1));

/** Few words of many, for which the kernel of chosen words is used, and most of few. */
const selections: [title: string, channels: number, depth: number, select: Select][] = [
  ["few words", 3, 6, { words: [[2, 0, 1, 1, 0, 2], [1], [2, 0, 1], [0, 0, 0, 0, 0], [2, 0, 1, 1, 2]] }],
  ["one word", 4, 5, { words: [[3, 1, 0, 2, 1]] }],
  ["words that share prefixes", 5, 4, { words: [[4], [4, 0], [4, 0, 1], [4, 0, 1, 2], [4, 0, 1, 3], [4, 0, 2]] }],
  ["most words", 2, 3, { words: words(2, 3).reverse().slice(2) }],
  ["weights", 3, 5, { weights: [1, 2, 2.5], bound: 5 }],
  ["weights of which one letter has most words", 3, 5, { weights: [0.5, 3, 2], bound: 3 }],
  ["levels", 3, 4, { levels: [4, 2] }],
  ["one channel", 1, 5, { words: [[0, 0, 0], [0]] }],
];

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
});
afterAll(() => engine.close());

describe.each(selections)("%s", (_, channels, depth, select) => {
  const chosen = wordsOf(select, channels, depth);
  const longest = Math.max(...chosen.map(({ length }) => length));

  test("coefficients of integer paths are exact up to rounding", () => {
    const next = random(depth);
    const points = Array.from({ length: 6 }, () => Array.from({ length: channels }, () => Math.floor(next() * 5) - 2));
    const exact = exactSignature(
      points.map((point) => point.map((x) => new Rational(BigInt(x)))),
      depth,
    );
    const { data, shape } = signature(points, { depth, select });
    expect(shape).toEqual([chosen.length]);
    chosen.forEach((word, i) => {
      const wanted = exact.get(nameOf(word))?.toNumber() ?? 0;
      expect(Math.abs(data[i]! - wanted), nameOf(word)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)));
    });
  });

  test("labels, words, levels and sizes", () => {
    const path = makePath("walk", 9, channels, random(3));
    for (const scalarTerm of [false, true]) {
      const s = signature([path, path], { depth, select, scalarTerm });
      const skip = scalarTerm ? 1 : 0;
      expect(selectionSize(channels, depth, select, { scalarTerm })).toBe(s.shape[1]);
      expect(s.labels()).toEqual([...(scalarTerm ? ["()"] : []), ...chosen.map((word) => word.join("."))]);
      expect(s.depth).toBe(longest);
      chosen.forEach((word, i) => {
        expect([...(s.at(word) as Float64Array)]).toEqual([s.data[i + skip], s.data[i + skip]]);
      });
      for (let k = 1; k <= longest; k++) {
        const own = chosen.flatMap((word, i) => (word.length === k ? [s.data[i + skip]!] : []));
        expect(s.level(k).shape).toEqual([2, own.length]);
        expect([...s.level(k).toArray()]).toEqual([...own, ...own]);
      }
      if (scalarTerm) expect([...s.level(0).toArray()]).toEqual([1, 1]);
    }
  });

  test.each([
    {},
    { dtype: "float32" },
    { stream: true, scalarTerm: true },
    { basepoint: true, inverse: true },
    { stream: true, basepoint: Array.from({ length: channels }, (_, i) => i / 2), inverse: true },
    { windows: { type: "sliding", length: 30, step: 17 } },
    { stream: true, windows: { type: "sliding", length: 25, step: 11 }, dtype: "float32" },
  ] as Partial<VjpOptions<DType, boolean, Windows>>[])("bits and gradients with %j", async (more) => {
    const options = { depth, select, ...more };
    const next = random(11);
    const paths = [70, 33, 70, 1, 8, 65].map((length) => makePath("walk", length, channels, next));
    const ofBatch = signature(paths, options);
    expect(ofBatch.shape.at(-1)).toBe(chosen.length + ("scalarTerm" in more ? 1 : 0));
    expect((await engine.signature(paths, options)).data).toEqual(ofBatch.data);
    const numbers = ofBatch.data.length / paths.length;
    paths.forEach((path, i) => {
      // The shortest paths alone have no window.
      if (more.windows && path.length < 30) return;
      const alone = signature(path, options);
      expect(ofBatch.data.slice(i * numbers, i * numbers + alone.data.length)).toEqual(alone.data);
    });
    const cotangent = ofBatch.data.map(() => next() - 0.5);
    const found = signatureVjp(paths, cotangent, options);
    const onThreads = await engine.signatureVjp(paths, cotangent, options);
    expect(onThreads.paths.data).toEqual(found.paths.data);
    const [again, pullback] = signatureWithVjp(paths, options);
    expect(again.data).toEqual(ofBatch.data);
    expect(pullback(cotangent)).toEqual(found);

    // The gradient of all words, from a cotangent that is zero for others.
    const all = { ...options, select: undefined, depth: longest };
    const whole = signature(paths, all);
    const [row, own] = [whole.shape.at(-1)!, ofBatch.shape.at(-1)!];
    const spread = new Float64Array(whole.data.length);
    const skip = row - signatureSize(channels, longest);
    for (let i = 0; i < ofBatch.data.length / own; i++)
      for (const [k, word] of chosen.entries())
        spread[i * row + skip + indexOf(word, channels)] = cotangent[i * own + skip + k]!;
    const wanted = signatureVjp(paths, spread, all);
    const dtype = more.dtype ?? "float64";
    const largest = Array.from(wanted.paths.data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const bound = gradientTolerance(dtype, longest, 70, largest);
    expect(found.paths.shape).toEqual(wanted.paths.shape);
    for (const [i, x] of found.paths.data.entries())
      expect(Math.abs(x - wanted.paths.data[i]!), `${i}`).toBeLessThan(bound);
    expect(found.basepoint?.shape).toEqual(wanted.basepoint?.shape);
    for (const [i, x] of found.basepoint?.data.entries() ?? [])
      expect(Math.abs(x - wanted.basepoint!.data[i]!)).toBeLessThan(bound);
  });

  test("long paths are cut, with the same bits on every engine", async () => {
    const length = 9001;
    const path = makePath("walk", length, channels, random(5)).map((point) => Float32Array.from(point));
    const short = path.slice(0, 4000);
    for (const stream of [false, true]) {
      const options = { depth, select, stream };
      const s = signature([path, short], options);
      expect((await engine.signature([path, short], options)).data).toEqual(s.data);
      const end = s.data.subarray(s.data.length / 2 - chosen.length, s.data.length / 2);
      const { rows, natural, reached } = referenceSignature(path, { depth: longest });
      chosen.forEach((word, i) => {
        const wanted = rows[0]![indexOf(word, channels)]!;
        const k = word.length;
        const most = tolerance("float32", k, length, natural[k]!, reached[k]!);
        expect(Math.abs(end[i]! - wanted), word.join()).toBeLessThan(most);
      });
    }
  });
});

test("random words, options and lengths agree with the reference", () => {
  const shape = fc.record({
    seed: fc.nat(),
    channels: fc.integer({ min: 1, max: 4 }),
    depth: fc.integer({ min: 1, max: 5 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    lengths: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
    stream: fc.boolean(),
    inverse: fc.boolean(),
    scalarTerm: fc.boolean(),
    hasBasepoint: fc.boolean(),
    dtype: fc.constantFrom<DType>("float32", "float64"),
  });
  fc.assert(
    fc.property(shape, ({ seed, channels, depth, share, lengths, hasBasepoint, dtype, ...flags }) => {
      const next = random(seed);
      const size = signatureSize(channels, depth);
      // Few words more often than many.
      const chosen = drawn(channels, depth, Math.max(1, Math.floor(size * share ** 6)), next);
      const paths = lengths.map((length) =>
        makePath("walk", length, channels, next).map((point) => point.map(Math.fround)),
      );
      const basepoint = hasBasepoint ? Array.from({ length: channels }, () => Math.fround(next())) : undefined;
      const options = { depth, select: { words: chosen }, basepoint, dtype, ...flags };
      const s = signature(paths, options);
      const cotangent = Float64Array.from(s.data, () => Math.fround(next() - 0.5));
      const { paths: dx } = signatureVjp(paths, cotangent, options);
      const skip = flags.scalarTerm ? 1 : 0;
      const row = chosen.length + skip;
      const perPath = s.data.length / row / paths.length;
      const most = Math.max(...lengths);
      paths.forEach((path, i) => {
        const plain = { depth, basepoint, stream: flags.stream, inverse: flags.inverse };
        const { rows, steps, natural, reached } = referenceSignature(path, plain);
        const cotangents = Array.from({ length: perPath }, () => new Float64Array(size));
        for (let r = 0; r < perPath; r++) {
          chosen.forEach((word, k) => {
            const at = (i * perPath + r) * row + skip + k;
            const wanted = rows[Math.min(r, rows.length - 1)]?.[indexOf(word, channels)] ?? 0;
            const bound = tolerance(dtype, word.length, steps, natural[word.length]!, reached[word.length]!);
            expect(Math.abs(s.data[at]! - wanted)).toBeLessThanOrEqual(bound);
            cotangents[r]![indexOf(word, channels)] = cotangent[at]!;
          });
          if (skip) expect(s.data[(i * perPath + r) * row]).toBe(1);
        }
        const wanted = perPath === 0 ? undefined : gradient(path, plain, cotangents).path;
        const largest = wanted?.flat().reduce((a, x) => Math.max(a, Math.abs(x)), 0) ?? 0;
        const bound = gradientTolerance(dtype, depth, steps, largest);
        for (let t = 0; t < most; t++)
          for (let c = 0; c < channels; c++) {
            const x = dx.data[(i * most + t) * channels + c]!;
            expect(Math.abs(x - (wanted?.[t]?.[c] ?? 0))).toBeLessThanOrEqual(bound);
          }
      });
    }),
    { numRuns: 60 },
  );
});

test("gradients are finite differences", () => {
  const path = makePath("walk", 12, 4, random(8));
  const options = {
    depth: 6,
    select: {
      words: [
        [3, 1, 0, 2, 1, 1],
        [0, 2],
        [3, 1, 1],
      ],
    },
  };
  const cotangent = [1, -2, 0.5];
  const f = (points: number[][]) => signature(points, options).data.reduce((sum, x, i) => sum + x * cotangent[i]!, 0);
  const { data } = signatureVjp(path, cotangent, options).paths;
  const h = 2 ** -11;
  for (let i = 0; i < data.length; i++) {
    const at = (move: number) => f(path.map((point, t) => point.map((x, c) => (t * 4 + c === i ? x + move : x))));
    const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    expect(Math.abs(data[i]! - difference)).toBeLessThan(differenceTolerance);
  }
});

test("gradients of long paths and of long streams, whose coefficients are computed again", () => {
  const select = { words: drawn(3, 5, 20, random(2)) };
  for (const [stream, length] of [
    [false, 20_000],
    [true, 700],
  ] as const) {
    const path = makePath("walk", length, 3, random(6));
    const options = { depth: 5, select, stream };
    const { data } = signature(path, options);
    const cotangent = data.map((_, i) => Math.sin(i));
    const found = signatureVjp(path, cotangent, options).paths.data;
    const all = { depth: 5, stream };
    const whole = signature(path, all);
    const spread = new Float64Array(whole.data.length);
    for (let r = 0; r < data.length / 20; r++)
      for (const [k, word] of select.words.entries()) spread[r * 363 + indexOf(word, 3)] = cotangent[r * 20 + k]!;
    const wanted = signatureVjp(path, spread, all).paths.data;
    const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const bound = gradientTolerance("float64", 5, length, largest);
    for (const [i, x] of found.entries()) expect(Math.abs(x - wanted[i]!)).toBeLessThan(bound);
  }
});

test("words of signatures that are too large to compute", () => {
  const channels = 1000;
  const path = makePath("walk", 20, channels, random(4));
  const select = { words: [[999, 0, 500, 0], [7], [7, 7, 7]] };
  const s = signature(path, { depth: 4, select });
  // The same letters as paths of their own.
  const letters = [999, 0, 500, 7];
  const small = path.map((point) => letters.map((c) => point[c]!));
  const own = signature(small, { depth: 4, select: { words: [[0, 1, 2, 1], [3], [3, 3, 3]] } });
  for (const [i, x] of s.data.entries()) expect(x).toBeCloseTo(own.data[i]!, 12);
  expect(s.at([7, 7, 7])).toBe(s.data[2]);
  expect(codeOf(() => s.at([7, 7]))).toBe("WORD_INVALID");
  expect(codeOf(() => signature(path, { depth: 4 }))).toBe("SIZE_TOO_LARGE");
});

test("words of augmented paths", async () => {
  const augment = ["time", { leadLag: { lag: 1 } }] as const;
  const channels = augmentedChannels(2, augment);
  const paths = [30, 17].map((length) => makePath("walk", length, 2, random(length)));
  for (const depth of [2, 4]) {
    const select = { words: drawn(channels, depth, 6, random(depth)) };
    const options = { depth, select, augment };
    const s = signature(paths, options);
    const whole = signature(paths, { depth, augment });
    for (const [i, word] of select.words.entries())
      for (const k of [0, 1]) expect(s.data[6 * k + i]).toBeCloseTo(whole.at(word)[k]!, 12);
    expect((await engine.signature(paths, options)).data).toEqual(s.data);
    const cotangent = s.data.map((_, i) => Math.sin(i));
    const spread = new Float64Array(whole.data.length);
    for (const k of [0, 1])
      for (const [i, word] of select.words.entries())
        spread[(k * spread.length) / 2 + indexOf(word, channels)] = cotangent[6 * k + i]!;
    const wanted = signatureVjp(paths, spread, { depth, augment }).paths;
    const found = signatureVjp(paths, cotangent, options).paths;
    expect(found.shape).toEqual(wanted.shape);
    for (const [i, x] of found.data.entries()) expect(x).toBeCloseTo(wanted.data[i]!, 11);
  }
});

test("weights are compared up to rounding", () => {
  const select = { weights: [0.1, 0.2, 0.3], bound: 0.6 };
  const labels = signature(
    [
      [0, 0, 0],
      [1, 2, 3],
    ],
    { depth: 3, select },
  ).labels();
  for (const word of ["0.1.2", "2.1.0", "1.0.2", "2.2"]) expect(labels).toContain(word);
});

test("numbers that are not finite", async () => {
  const path = makePath("walk", 40, 3, random(4));
  path[20]![1] = Number.NaN;
  for (const select of [{ words: [[0, 2, 0, 0, 2], [0, 1, 0, 0, 2], [2]] }, { levels: [2] }]) {
    const options = { depth: 5, select };
    let caught: unknown;
    try {
      signature([makePath("walk", 40, 3, random(1)), path], options);
    } catch (error) {
      caught = error;
    }
    expect(isPathSignatureError(caught) && [caught.code, caught.position]).toEqual([
      "NOT_FINITE",
      { path: 1, point: 20, channel: 1 },
    ]);
    await expect(engine.signature(path, options)).rejects.toMatchObject({ code: "NOT_FINITE" });
    const { data } = signature(path, { ...options, checkFinite: false });
    const all = signature(path, { depth: 5, checkFinite: false });
    for (const [i, word] of wordsOf(select, 3, 5).entries()) expect(Number.isNaN(data[i]!)).toBe(word.includes(1));
    for (const [i, word] of wordsOf(select, 3, 5).entries())
      expect(Number.isFinite(data[i]!)).toBe(Number.isFinite(all.at(word)));
    const cotangent = data.map((_, i) => (i === 1 ? Number.POSITIVE_INFINITY : 1));
    const good = makePath("walk", 40, 3, random(1));
    expect(codeOf(() => signatureVjp(good, cotangent, options))).toBe("NOT_FINITE");
  }
});

test("bad selections are typed errors, and nothing is written", async () => {
  const path = makePath("walk", 12, 2, random(4));
  const out = new Float64Array(2).fill(7);
  const bad: [unknown, string][] = [
    ["words", "SELECT_TYPE"],
    [null, "SELECT_TYPE"],
    [{}, "SELECT_TYPE"],
    [[[0, 1]], "SELECT_TYPE"],
    [{ word: [[0]] }, "SELECT_TYPE"],
    [{ words: [[0]], levels: [1] }, "SELECT_TYPE"],
    [{ words: [[0]], bound: 1 }, "SELECT_TYPE"],
    [{ words: 5 }, "SELECT_TYPE"],
    [{ words: [0, 1] }, "SELECT_TYPE"],
    [{ weights: 1, bound: 2 }, "SELECT_TYPE"],
    [{ levels: 2 }, "SELECT_TYPE"],
    [{ words: [] }, "SELECT_RANGE"],
    [{ words: [[]] }, "SELECT_RANGE"],
    [{ words: [[0, 2]] }, "SELECT_RANGE"],
    [{ words: [[0, -1]] }, "SELECT_RANGE"],
    [{ words: [[0, 0.5]] }, "SELECT_RANGE"],
    [{ words: [[0], [0, 1], [0]] }, "SELECT_RANGE"],
    [{ words: [[0, 0, 0, 0]] }, "SELECT_RANGE"],
    [{ weights: [1], bound: 2 }, "SELECT_RANGE"],
    [{ weights: [1, 0], bound: 2 }, "SELECT_RANGE"],
    [{ weights: [1, -1], bound: 2 }, "SELECT_RANGE"],
    [{ weights: [1, Number.NaN], bound: 2 }, "SELECT_RANGE"],
    [{ weights: [1, 1] }, "SELECT_RANGE"],
    [{ weights: [2, 3], bound: 1 }, "SELECT_RANGE"],
    [{ levels: [] }, "SELECT_RANGE"],
    [{ levels: [4] }, "SELECT_RANGE"],
    [{ levels: [1, 1] }, "SELECT_RANGE"],
    [{ levels: [0] }, "SELECT_RANGE"],
  ];
  for (const [select, code] of bad) {
    const options = { depth: 3, out, select: select as Select };
    expect(
      codeOf(() => signature(path, options)),
      JSON.stringify(select),
    ).toBe(code);
    expect(codeOf(() => selectionSize(2, 3, select as Select))).toBe(code);
    await expect(engine.signature(path, options)).rejects.toMatchObject({ code });
  }
  const select = { words: [[0], [1, 0]] };
  expect(codeOf(() => signature(path, { depth: 2, select, initial: new Float64Array(6) }))).toBe("SELECT_TYPE");
  expect(codeOf(() => signature(path, { depth: 2, select, out: new Float64Array(3) }))).toBe("OUT_LENGTH");
  expect(codeOf(() => signatureVjp(path, [1, 2, 3], { depth: 2, select }))).toBe("COTANGENT_SHAPE");
  expect([...out]).toEqual([7, 7]);
  expect(signature(path, { depth: 2, select, out }).data).toBe(out);
  expect([...out]).toEqual([signature(path, { depth: 2 }).at([0]), signature(path, { depth: 2 }).at([1, 0])]);
});

test("an engine explains its calls, on every device", async () => {
  const sizes = { shape: [100, 50, 3], depth: 6, select: { words: [[0, 1, 2, 2, 1, 0]] } };
  expect(engine.explain("signature", sizes).reasons.join()).toContain("words and prefixes");
  expect(engine.explain("signatureVjp", sizes).device).toBe("cpu");
  expect(engine.explain("signature", { ...sizes, select: { levels: [3] } }).reasons.join()).toContain("all words");
});

describeOn("dawn", "WebGPU", () => {
  test("words are chosen on the CPU", async () => {
    await using onGpu = await createEngine({ gpu: (await openDawn()) as GPU, device: "webgpu" });
    const paths = [makePath("walk", 12, 3, random(1))].map((path) => path.map((point) => Float32Array.from(point)));
    for (const select of [{ words: [[0, 1, 2, 2, 1, 0]] }, { levels: [2] }]) {
      const options = { depth: 6, select };
      expect((await onGpu.signature(paths, options)).data).toEqual(signature(paths, options).data);
      await expect(onGpu.signature(paths, { ...options, output: "gpu" })).rejects.toMatchObject({
        code: "ENGINE_OPTION_TYPE",
      });
      const row = await onGpu.signature(paths, { depth: 1, output: "gpu", stream: true });
      expect((await onGpu.signature(row, options)).shape).toEqual([1, selectionSize(3, 6, select)]);
    }
  });
});

test.each(["simd", "relaxed"] as const)("both binaries compute them: %s", async (variant) => {
  await init({ variant });
  const path = makePath("walk", 50, 3, random(12));
  const select = {
    words: [
      [0, 1, 2, 2, 1, 0],
      [2, 2],
    ],
  };
  const wanted = signature(path, { depth: 6 });
  for (const [i, word] of select.words.entries())
    expect(signature(path, { depth: 6, select }).data[i]).toBeCloseTo(wanted.at(word), 12);
});
