// `path-signature/features`: expectations written out by hand, and for every form of windows
// signatures by their definition (reference.ts) of points that are prepared here; columns and their
// names; JSON; engines; batches, progress and signals; errors.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FeatureOptions, type FeatureRunOptions, signatureFeatures } from "../ts/entry/features.ts";
import { createEngine, type Engine, isPathSignatureError, logSignature, type Paths } from "../ts/index.ts";
import { makePath, random } from "./paths.ts";
import { exponential, flatten, identity, product } from "./reference.ts";
import { roundoff } from "./tolerances.ts";

/** Time from 0 to 1. */
const time = { time: { normalized: true } } as const;

/** Nothing but signatures of the paths as they are. */
const bare = { augment: [], windows: null, rescale: "none", scale: "none" } as const;

const rows = async (paths: Paths, options: FeatureOptions, run?: FeatureRunOptions) => {
  const { data, shape } = await signatureFeatures(options).fitTransform(paths, run);
  const [count, width] = shape;
  return Array.from({ length: count }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
};

const codeOf = async (work: () => unknown): Promise<string | undefined> => {
  try {
    await work();
  } catch (error) {
    return isPathSignatureError(error) ? error.code : String(error);
  }
  return undefined;
};

const near = (expected: number) => expect.closeTo(expected, 12);

describe("by hand", () => {
  const line = [[[0], [2]]];

  test("a line has the levels x^k/k!", async () => {
    expect(await rows(line, { ...bare, depth: 3 })).toEqual([[2, 2, near(8 / 6)]]);
  });

  test("rescaled afterwards level k is multiplied by k!, so that a line has x^k", async () => {
    expect(await rows(line, { ...bare, depth: 3, rescale: "post" })).toEqual([[2, 4, near(8)]]);
  });

  test("rescaled before, the path is multiplied by (N!)^(1/N)", async () => {
    const scaled = 2 * 6 ** (1 / 3);
    const expected = [near(scaled), near(scaled ** 2 / 2), near(scaled ** 3 / 6)];
    expect(await rows(line, { ...bare, depth: 3, rescale: "pre" })).toEqual([expected]);
    expect(await rows([[[0], [scaled]]], { ...bare, depth: 3 })).toEqual([expected]);
  });

  test("channels get mean 0 and variance 1 over all points", async () => {
    // The mean of 0, 2, 4, 6 is 3, the variance 5. From the origin to the last points −1 and 3.
    const paths = [
      [[0], [2]],
      [[4], [6]],
    ];
    const options = { ...bare, depth: 1, scale: "standard" } as const;
    expect(await rows(paths, options)).toEqual([[near(2 / 5 ** 0.5)], [near(2 / 5 ** 0.5)]]);
    const based = await rows(paths, { ...options, augment: ["basepoint"] });
    expect(based).toEqual([[near(-1 / 5 ** 0.5)], [near(3 / 5 ** 0.5)]]);
    expect(await rows(paths, { ...options, scale: "max" })).toEqual([[near(1 / 3)], [near(1 / 3)]]);
  });

  test("a channel that does not vary stays, and numbers near the largest do not overflow", async () => {
    const paths = [
      [
        [0.1, 1e300],
        [0.1, -1e300],
        [0.1, 1e300],
      ],
    ];
    const [row] = await rows(paths, { ...bare, depth: 1, scale: "standard", augment: ["basepoint"] });
    expect(row).toEqual([near(0), near(0.5 ** 0.5)]);
  });

  test("time grows from 0 to 1, or with the times that are given", async () => {
    // x moves from 0 to 1, then waits. ∫x dt = 1/4 + 1/2, ∫t dx = 1/4.
    const path = [[0], [1], [1]];
    const options = { ...bare, depth: 2, augment: [time] } as const;
    expect(await rows([path], options)).toEqual([[1, 1, 0.5, 0.75, 0.25, 0.5]]);
    // Of the times 3, 4, 7 a quarter passes while x moves.
    expect(await rows([path], options, { times: [3, 4, 7] })).toEqual([[1, 1, 0.5, 0.875, 0.125, 0.5]]);
    const each = await rows([path, path], options, { times: [[3, 4, 7], Float64Array.of(0, 1, 2)] });
    expect(each.map((row) => row[3])).toEqual([0.875, 0.75]);
    expect(await rows([[[5]]], options)).toEqual([[0, 0, 0, 0, 0, 0]]);
  });

  test("other augmentations, in their order, with names of channels", async () => {
    // The lead moves first: ∫ lead d(lag) − ∫ lag d(lead) is the quadratic variation, 1 + 4.
    const features = signatureFeatures({ ...bare, depth: 2, augment: [{ scale: 2 }, "leadLag"] });
    const { data } = await features.fitTransform({ x: [0, 0.5, -0.5] });
    expect(features.names().slice(0, 4)).toEqual([
      ...["series__x·lead__sig", "series__x·lag__sig", "series__x·lead·x·lead__sig", "series__x·lead·x·lag__sig"],
    ]);
    expect(data[3]! - data[4]!).toBe(5);
    expect(await rows([[[1], [3]]], { ...bare, depth: 1, augment: ["time", "cumulativeSum"] })).toEqual([[3, 1]]);
  });

  test("the defaults have time, a basepoint, fifteen windows, depth 3 and scales", async () => {
    const features = signatureFeatures();
    const { shape } = await features.fitTransform([[[0], [1], [3]]]);
    expect(shape).toEqual([1, 15 * (2 + 4 + 8)]);
    expect(features.toJSON().options).toEqual({
      ...{ augment: [time, "basepoint"], depth: 3, windows: { type: "dyadic", depth: 3 }, logSignature: null },
      ...{ select: null, rescale: "pre", scale: "standard", dtype: null, name: "series" },
    });
  });
});

/** Forms of windows; the points of window k of a path of n points; its name. */
const times = [0, 0.1, 0.9, 1, 1.5, 2.7, 2.8, 6, 6.1, 6.2];
type Interval = readonly [from: number, to: number];
const forms: [string, FeatureOptions["windows"], (n: number) => Interval[], string[]][] = [
  ["none", null, (n) => [[0, n]], [""]],
  [
    "sliding",
    { type: "sliding", length: 4, step: 3 },
    (n) => [0, 3, 6].filter((from) => from + 4 <= n).map((from) => [from, from + 4]),
    ["__w=0:4", "__w=3:7", "__w=6:10"],
  ],
  [
    "expanding",
    { type: "expanding", start: 2, step: 4 },
    (n) => [2, 6, 10].filter((to) => to <= n).map((to) => [0, to]),
    ["__w=0:2", "__w=0:6", "__w=0:10"],
  ],
  [
    "dyadic",
    { type: "dyadic", depth: 1 },
    (n) => [
      [0, n],
      [0, Math.floor((n - 1) / 2) + 1],
      [Math.floor((n - 1) / 2), n],
    ],
    ["__w=1/1", "__w=1/2", "__w=2/2"],
  ],
  [
    "intervals",
    [
      [0, 3],
      [2, 9],
    ],
    (n) => [
      [0, 3],
      [2, Math.min(9, n)],
    ],
    ["__w=0:3", "__w=2:9"],
  ],
  [
    "times",
    { type: "times", length: 2, step: 2 },
    (n) => [0, 2, 4, 6].slice(0, n === 10 ? 4 : n === 7 ? 2 : 1).map((t) => intervalOfTimes(n, t, t + 2)),
    ["__w=t+0:2", "__w=t+2:4", "__w=t+4:6", "__w=t+6:8"],
  ],
];

function intervalOfTimes(n: number, from: number, to: number): Interval {
  const own = times.slice(0, n);
  const begin = own.findIndex((t) => t >= from);
  return [begin, Math.max(begin + 1, own.filter((t) => t < to).length)];
}

/** Signatures by their definition. */
const definition = (points: readonly number[][], depth: number): number[] =>
  flatten(
    points
      .slice(1)
      .map((point, i) =>
        exponential(
          point.map((x, c) => x - points[i]![c]!),
          depth,
        ),
      )
      .reduce(product, identity(points[0]!.length, depth)),
    false,
  );

const next = random(18);
/** Lengths 10, 7 and 5; the first path has most windows. */
const ragged = [10, 7, 5].map((length) => makePath("walk", length, 2, next));

describe.each(forms)("windows: %s", (_, windows, intervalsOf, ends) => {
  const options = { ...bare, windows, depth: 3, augment: [time, "basepoint"], rescale: "post" } as const;
  const run = { times };

  test("each is the signature of its points, rescaled; columns that a path has not are 0", async () => {
    const features = signatureFeatures(options);
    const { data, shape, counts } = await features.fitTransform(ragged, run);
    const factorial = [1, 1, 2, 6];
    const words = [3, 9, 27].flatMap((size, i) => new Array<number>(size).fill(factorial[i + 1]!));
    expect(shape).toEqual([3, 39 * ends.length]);
    ragged.forEach((path, i) => {
      const expected = intervalsOf(path.length).flatMap(([from, to]) => {
        // Each window has a time of its own.
        const [first, last] = [times[from]!, times[to - 1]!];
        const points = path.slice(from, to).map((x, j) => [...x, (times[from + j]! - first) / (last - first || 1)]);
        return definition([[0, 0, 0], ...points], 3).map((x, k) => x * words[k]!);
      });
      if (counts) expect(counts[i]).toBe(expected.length / 39);
      const row = data.subarray(i * shape[1], (i + 1) * shape[1]);
      expected.forEach((x, k) => {
        expect(Math.abs(row[k]! - x), `path ${i}, column ${k}`).toBeLessThan(2 ** 8 * roundoff.float64);
      });
      expect([...row.subarray(expected.length)].every((x) => x === 0)).toBe(true);
    });
  });

  test("names are those of the columns, in their order", async () => {
    const features = await signatureFeatures(options).fit(ragged, run);
    const channels = ["0", "1", "time"];
    const words = channels.flatMap((a) => channels.flatMap((b) => channels.map((c) => [a, b, c])));
    const all = [channels.map((c) => [c]), channels.flatMap((a) => channels.map((b) => [a, b])), words].flat();
    expect(features.names()).toEqual(ends.flatMap((end) => all.map((word) => `series__${word.join("·")}__sig${end}`)));
  });

  test("a row depends on its path alone", async () => {
    const features = await signatureFeatures(options).fit(ragged, run);
    const { data, shape } = await features.transform(ragged, run);
    for (const [i, path] of ragged.entries()) {
      const alone = await features.transform([path], run);
      expect([...alone.data]).toEqual([...data.subarray(i * shape[1], (i + 1) * shape[1])]);
    }
  });

  test("JSON brings it back, to the bit", async () => {
    const features = await signatureFeatures({ ...options, scale: "standard", name: "pen" }).fit(ragged, run);
    const text = JSON.stringify(features);
    const again = signatureFeatures.fromJSON(text);
    expect(again.names()).toEqual(features.names());
    expect(JSON.stringify(again)).toBe(text);
    const paths = [makePath("drift", 9, 2, next), makePath("walk", 2, 2, next)];
    expect(await again.transform(paths, run)).toEqual(await features.transform(paths, run));
    const object = JSON.parse(text) as ReturnType<typeof features.toJSON>;
    expect(signatureFeatures.fromJSON(object).names()).toEqual(features.names());
  });
});

test("log-signatures have the labels of their basis", async () => {
  const paths = { x: [0, 1, 1], y: [0, 0, 2] };
  const options = { ...bare, depth: 3, rescale: "post" } as const;
  const features = signatureFeatures({ ...options, logSignature: "lyndon" });
  const { data } = await features.fitTransform(paths);
  const names = ["x", "y", "[x,y]", "[x,[x,y]]", "[[x,y],y]"];
  expect(features.names()).toEqual(names.map((label) => `series__${label}__logsig`));
  const own = logSignature(paths, { depth: 3, basis: "lyndon" }).data;
  expect([...data]).toEqual([own[0], own[1], 2 * own[2]!, 6 * own[3]!, 6 * own[4]!]);
  const words = signatureFeatures({ ...options, logSignature: true });
  await words.fit(paths);
  expect(words.names().at(-1)).toBe("series__x·y·y__logsig");
});

describe("chosen words", () => {
  const path = { x: [0, 1, 1], y: [0, 0, 2] };
  const all = { ...bare, depth: 3, rescale: "post" } as const;
  const triples = (a: string) => ["x", "y"].flatMap((b) => ["x", "y"].map((c) => `${a}·${b}·${c}`));

  test.each([
    [{ words: [[0, 1], [1]] }, ["x·y", "y"]],
    [{ levels: Uint8Array.of(1, 3) }, ["x", "y", ...["x", "y"].flatMap((a) => triples(a))]],
    [{ weights: [1, 2], bound: 3 }, ["x", "y", "x·x", "x·y", "y·x", "x·x·x"]],
  ] as const)("%j", async (select, labels) => {
    const features = signatureFeatures({ ...all, select });
    const { data, shape } = await features.fitTransform(path);
    expect(features.names()).toEqual(labels.map((label) => `series__${label}__sig`));
    expect(shape).toEqual([1, labels.length]);
    const whole = signatureFeatures(all);
    const expected = (await whole.fitTransform(path)).data;
    expect([...data]).toEqual(features.names().map((name) => near(expected[whole.names().indexOf(name)]!)));
    const again = signatureFeatures.fromJSON(JSON.stringify(features));
    expect(await again.transform(path)).toEqual(await features.transform(path));
  });

  test.each([
    [{ select: 3 }, "SELECT_TYPE"],
    // The path's two channels and time.
    [{ select: { words: [[3]] } }, "SELECT_RANGE"],
    [{ select: { word: [[0]] } }, "SELECT_TYPE"],
    [{ select: { levels: [1] }, logSignature: true }, "FEATURES_OPTION"],
  ])("%j: %s", async (options, code) => {
    expect(await codeOf(() => signatureFeatures(options as never).fit(path))).toBe(code);
  });
});

test("scales are learned from one set and applied to another", async () => {
  const features = await signatureFeatures({ ...bare, depth: 1, scale: "max" }).fit([
    [
      [0, 0],
      [4, -8],
    ],
  ]);
  expect([
    ...(
      await features.transform([
        [
          [1, 1],
          [5, 5],
        ],
      ])
    ).data,
  ]).toEqual([1, 0.5]);
});

describe("containers", () => {
  test("tensors, padded or channels first, float32, of several dimensions", async () => {
    const data = Float32Array.of(0, 0, 1, 2, 9, 9, 0, 0, 2, 2, 3, 1);
    const features = signatureFeatures({ ...bare, depth: 1 });
    const padded = await features.fitTransform({ data, shape: [2, 1, 3, 2] }, { lengths: [2, 3] });
    expect(padded).toMatchObject({ data: Float32Array.of(1, 2, 3, 1), shape: [2, 2], dtype: "float32" });
    const turned = { data: [0, 1, 0, 2], shape: [2, 2] };
    const first = await features.transform(turned, { layout: "channels-first" });
    expect(first).toMatchObject({ data: Float64Array.of(1, 2), shape: [1, 2], dtype: "float64", counts: undefined });
  });

  test("no paths have no rows", async () => {
    const features = await signatureFeatures(bare).fit([[[0], [1]]]);
    expect((await features.transform({ data: [], shape: [0, 3, 1] })).shape).toEqual([0, 3]);
  });
});

describe("on an engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ threads: 2, device: "cpu" });
  });
  afterAll(() => engine.close());

  test.each([false, "hall"] as const)("the same bits as on one thread (log-signature: %s)", async (log) => {
    const paths = Array.from({ length: 300 }, (_, i) => makePath("walk", 3 + (i % 40), 3, next));
    const features = await signatureFeatures({ engine, logSignature: log }).fit(paths);
    const here = signatureFeatures.fromJSON(features.toJSON());
    expect(await features.transform(paths)).toEqual(await here.transform(paths));
    const there = signatureFeatures.fromJSON(features.toJSON(), { engine });
    expect(await there.transform(paths)).toEqual(await here.transform(paths));
  });
});

describe("batches", () => {
  // Two batches of at most 2^20 numbers.
  const long = { data: new Float32Array(5 * 2 ** 18).map((_, i) => i % 7), shape: [5, 2 ** 17, 2] };
  const options = { ...bare, depth: 2, augment: ["basepoint"] } as const;

  test("report progress, and give what one batch gives", async () => {
    const done: number[] = [];
    const { data } = await signatureFeatures(options).fitTransform(long, {
      onProgress: ({ done: paths, total }) => done.push(paths / total),
    });
    expect(done).toEqual([0.8, 1]);
    const rest = { data: long.data.subarray(2 ** 20), shape: [1, 2 ** 17, 2] };
    expect([...data.subarray(24)]).toEqual((await rows(rest, options))[0]);
  });

  test("stop at a signal, and the next call works", async () => {
    const features = await signatureFeatures(options).fit(long);
    const stop = new AbortController();
    const reason = new Error("enough");
    const run = { signal: stop.signal, onProgress: () => stop.abort(reason) };
    await expect(features.transform(long, run)).rejects.toBe(reason);
    await expect(features.fit(long, run)).rejects.toBe(reason);
    expect((await features.transform(long)).shape).toEqual([5, 6]);
  });

  test("a listener that throws rejects the call", async () => {
    const fail = () => {
      throw new Error("mine");
    };
    await expect(signatureFeatures(options).fitTransform(long, { onProgress: fail })).rejects.toThrow("mine");
  });
});

describe("wrong input", () => {
  const loose = signatureFeatures as unknown as (options: unknown) => ReturnType<typeof signatureFeatures>;

  test.each([
    [{ depth: 0 }, "DEPTH_INVALID"],
    [{ dtype: "int8" }, "DTYPE_INVALID"],
    [{ rescale: "log" }, "FEATURES_OPTION"],
    [{ scale: "robust" }, "FEATURES_OPTION"],
    [{ logSignature: "lie" }, "FEATURES_OPTION"],
    [{ augment: "time" }, "AUGMENT_TYPE"],
    [{ augment: [{ time: { times: [0, 1] } }] }, "AUGMENT_TYPE"],
    [{ augment: ["penOnOff"] }, "AUGMENT_TYPE"],
    [{ name: 3 }, "FEATURES_OPTION"],
    [{ engine: {} }, "FEATURES_OPTION"],
    [{ windows: 3 }, "WINDOWS_TYPE"],
    [{ windows: { type: "times", length: 1, step: 1, times: [0, 1] } }, "WINDOWS_TYPE"],
    [{ widows: null }, "OPTION_UNKNOWN"],
    [3, "OPTION_TYPE"],
  ])("option %j: %s", async (options, code) => {
    expect(await codeOf(() => loose(options))).toBe(code);
  });

  test("names the option that was probably meant", () => {
    expect(() => loose({ widows: null })).toThrow('did you mean "windows"?');
  });

  test.each([
    ["an unknown augmentation", [[[0], [1]]], {}, { augment: ["tim"] }, "AUGMENT_TYPE"],
    ["an augmentation of other channels", [[[0], [1]]], {}, { augment: [{ scale: [1, 2] }] }, "AUGMENT_RANGE"],
    ["windows that are no form", [[[0], [1]]], {}, { windows: { type: "slide" } }, "WINDOWS_TYPE"],
    ["a window longer than all paths", [[[0], [1]]], {}, { windows: { type: "sliding", length: 3 } }, "WINDOWS_RANGE"],
    ["windows of times without times", [[[0], [1]]], {}, { windows: forms[5]![1] }, "WINDOWS_RANGE"],
    ["times that do not increase", [[[0], [1]]], { times: [1, 1] }, {}, "WINDOWS_RANGE"],
    ["too few times", [[[0], [1]]], { times: [[1]] }, {}, "WINDOWS_RANGE"],
    ["times that are no list", [[[0], [1]]], { times: 3 }, {}, "WINDOWS_TYPE"],
    ["a number that is not finite", [[[0], [Number.NaN]]], {}, {}, "NOT_FINITE"],
    ["no path", { data: [], shape: [0, 2, 1] }, {}, {}, "EMPTY_PATH"],
    ["no paths at all", "paths", {}, {}, "PATHS_TYPE"],
    ["lengths of other paths", [[[0], [1]]], { lengths: [1, 2] }, {}, "LENGTHS_COUNT"],
    ["an unknown option", [[[0], [1]]], { length: [1] }, {}, "OPTION_UNKNOWN"],
    ["a signal that is none", [[[0], [1]]], { signal: true }, {}, "ENGINE_OPTION_TYPE"],
    ["a listener that is none", [[[0], [1]]], { onProgress: 3 }, {}, "ENGINE_OPTION_TYPE"],
  ])("%s", async (_, paths, run, options, code) => {
    const features = loose(options);
    expect(await codeOf(() => features.fitTransform(paths as never, run as never))).toBe(code);
    expect(await codeOf(() => features.names())).toBe("NOT_FITTED");
  });

  test("a position counts paths of the call, not of a batch", async () => {
    const data = new Float64Array(3 * 2 ** 20);
    data[2 ** 21 + 5] = Number.POSITIVE_INFINITY;
    const features = await signatureFeatures(bare).fit([[[0, 0]]]);
    const error = await features.transform({ data, shape: [3, 2 ** 19, 2] }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "NOT_FINITE", position: { path: 2, point: 2, channel: 1 } });
  });

  test("transform before fit, other channels, more windows than in fit; what was learned stays", async () => {
    const sliding = { type: "sliding", length: 2 } as const;
    const features = signatureFeatures({ ...bare, depth: 1, windows: sliding });
    const pen = { x: [0, 1, 3], y: [0, 0, 2] };
    for (const work of [() => features.transform(pen), () => features.names(), () => features.toJSON()])
      expect(await codeOf(work)).toBe("NOT_FITTED");
    await features.fit(pen);
    expect(await codeOf(() => features.transform([[0], [1]]))).toBe("CHANNELS_INVALID");
    expect(await codeOf(() => features.transform({ y: [0, 1], x: [1, 2] }))).toBe("CHANNELS_INVALID");
    expect(await codeOf(() => features.transform({ x: [0, 1, 2, 3], y: [0, 1, 2, 3] }))).toBe("WINDOWS_RANGE");
    expect(await codeOf(() => features.fit({ x: [Number.NaN, 0], y: [0, 1] }))).toBe("NOT_FINITE");
    expect([...(await features.transform(pen)).data]).toEqual([1, 0, 2, 2]);
  });

  test("JSON of something else, or damaged", async () => {
    const features = await signatureFeatures(bare).fit([[[0], [1]]]);
    const json = features.toJSON();
    const { fromJSON } = signatureFeatures as unknown as { fromJSON(json: unknown): unknown };
    const fitted = (change: object) => ({ ...json, fitted: { ...json.fitted, ...change } });
    for (const wrong of [
      ...["{", "3", null, {}, [], { ...json, format: "x" }, { ...json, version: 2 }, { ...json, fitted: null }],
      ...[fitted({ channels: [] }), fitted({ centers: [1, 2] }), fitted({ sizes: [0] }), fitted({ windows: 0 })],
      ...[fitted({ windows: 1.5 }), { ...json, options: { ...json.options, rescale: "x" } }],
    ])
      expect(await codeOf(() => fromJSON(wrong)), JSON.stringify(wrong)).toBe("SNAPSHOT_INVALID");
  });
});
