// Windows of paths: each is, to the bit, the signature of the points it holds, for every form,
// container, option and number type, on this thread and on an engine; gradients are sums over the
// windows that have a point.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createEngine,
  type Engine,
  isPathSignatureError,
  signature,
  signatureVjp,
  signatureWithVjp,
  type Windows,
} from "../ts/index.ts";
import { codeOf } from "./code-of.ts";
import { describeOn, openDawn } from "./gpu/implementations.ts";
import { makePath, random } from "./paths.ts";

type Interval = [from: number, to: number];

const times = [0, 0.1, 0.9, 1, 1.5, 2.7, 2.8, 6, 6.1, 6.2, 7, 9];

/** Forms, and their windows for a path of n points, written out by hand or by definition. */
const forms: [title: string, windows: Windows, intervals: (n: number) => Interval[]][] = [
  ["sliding, every step", { type: "sliding", length: 4 }, (n) => range(n - 3).map((k) => [k, k + 4])],
  [
    "sliding by 3",
    { type: "sliding", length: 5, step: 3 },
    (n) => range(Math.floor((n - 5) / 3) + 1).map((k) => [3 * k, 3 * k + 5]),
  ],
  [
    "one point each",
    { type: "sliding", length: 1, step: 2 },
    (n) => range(Math.ceil(n / 2)).map((k) => [2 * k, 2 * k + 1]),
  ],
  [
    "expanding",
    { type: "expanding", start: 2, step: 4 },
    (n) => range(Math.floor((n - 2) / 4) + 1).map((k) => [0, 2 + 4 * k]),
  ],
  ["expanding by 1", { type: "expanding" }, (n) => range(n).map((k) => [0, k + 1])],
  [
    "dyadic",
    { type: "dyadic", depth: 2 },
    (n) => {
      const at = (part: number) => Math.floor(part * (n - 1));
      return [
        [0, n],
        [0, at(1 / 2) + 1],
        [at(1 / 2), n],
        ...[0, 1, 2, 3].map((i): Interval => [at(i / 4), at((i + 1) / 4) + 1]),
      ] as Interval[];
    },
  ],
  [
    "intervals",
    [
      [0, 3],
      [2, 9],
      [7, 8],
      [0, 12],
    ],
    (n) =>
      (
        [
          [0, 3],
          [2, 9],
          [7, 8],
          [0, 12],
        ] as Interval[]
      ).map(([a, b]) => (a < n ? [a, Math.min(b, n)] : [n - 1, n])),
  ],
];

const range = (n: number) => Array.from({ length: Math.max(0, n) }, (_, k) => k);

const pathsOf = (lengths: readonly number[], channels: number) =>
  lengths.map((length, i) => makePath("walk", length, channels, random(31 * i + channels)));

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 2 });
});
afterAll(() => engine.close());

describe.each(forms)("%s", (_, windows, intervals) => {
  test.each([
    [{ depth: 3 }],
    [{ depth: 3, dtype: "float32" }],
    [{ depth: 2, basepoint: true, scalarTerm: true }],
    [{ depth: 3, basepoint: [0.25, -1], inverse: true }],
    [{ depth: 1 }],
  ] as const)("%j", async (options) => {
    const paths = pathsOf([12, 12, 7, 9], 2);
    const rows = paths.map((path) =>
      intervals(path.length).map(([a, b]) => [...signature(path.slice(a, b), options).data]),
    );
    const size = signature(
      [
        [0, 0],
        [1, 1],
      ],
      options,
    ).data.length;
    const identity = Array.from({ length: size }, (_, i) => (i === 0 && "scalarTerm" in options ? 1 : 0));

    // One path, of plain arrays.
    const single = signature(paths[0]!, { ...options, windows });
    expect(single.shape).toEqual([rows[0]!.length, size]);
    expect([...single.rows()].map((row) => [...row])).toEqual(rows[0]);
    expect([...single.counts!]).toEqual([rows[0]!.length]);

    // A ragged batch, nested and padded: rows that a path does not have are the identity.
    const most = Math.max(...rows.map(({ length }) => length));
    const wanted = rows.flatMap((own) => range(most).map((k) => own[k] ?? identity));
    const padded = new Float64Array(4 * 12 * 2).fill(99);
    for (const [i, path] of paths.entries()) padded.set(path.flat(), i * 24);
    const batches = [
      [paths, {}],
      [{ data: padded, shape: [2, 2, 12, 2] }, { lengths: [12, 12, 7, 9] }],
    ] as const;
    for (const [batch, more] of batches) {
      const given = { ...options, ...more, windows };
      const s = signature(batch, given);
      expect(s.shape.slice(-2)).toEqual([most, size]);
      expect([...s.rows()].map((row) => [...row])).toEqual(wanted);
      expect([...s.counts!]).toEqual(rows.map(({ length }) => length));
      const onThreads = await engine.signature(batch, given);
      expect([...onThreads.data]).toEqual([...s.data]);
      expect([...onThreads.counts!]).toEqual([...s.counts!]);
    }
  });

  test("gradients are sums over windows", async () => {
    const paths = pathsOf([12, 8], 2);
    for (const basepoint of [
      undefined,
      [0.5, 1],
      [
        [0, 1],
        [2, 0],
      ],
    ]) {
      const options = { depth: 3, basepoint, windows };
      const s = signature(paths, options);
      const next = random(7);
      const cotangent = s.data.map(() => next() - 0.5);
      const found = signatureVjp(paths, cotangent, options);
      expect(found.paths.shape).toEqual([2, 12, 2]);
      const wanted = new Float64Array(48);
      const ofBasepoint = new Float64Array(4);
      const perPath = s.shape[1]!;
      for (const [i, path] of paths.entries()) {
        for (const [k, [a, b]] of intervals(path.length).entries()) {
          const row = i * perPath + k;
          const own = Array.isArray(basepoint?.[0])
            ? (basepoint as number[][])[i]
            : (basepoint as number[] | undefined);
          const part = signatureVjp(path.slice(a, b), cotangent.subarray(14 * row, 14 * row + 14), {
            depth: 3,
            basepoint: own,
          });
          for (const [j, x] of part.paths.data.entries()) wanted[24 * i + 2 * a + j]! += x;
          for (const [j, x] of part.basepoint?.data.entries() ?? []) ofBasepoint[2 * i + j]! += x;
        }
      }
      expect(
        [...found.paths.data].map((x, i) => Math.abs(x - wanted[i]!)).reduce((a, b) => Math.max(a, b)),
      ).toBeLessThan(1e-12);
      if (basepoint === undefined) expect(found.basepoint).toBeUndefined();
      else {
        const isShared = !Array.isArray(basepoint[0]);
        expect(found.basepoint!.shape).toEqual(isShared ? [2] : [2, 2]);
        const sums = isShared ? [ofBasepoint[0]! + ofBasepoint[2]!, ofBasepoint[1]! + ofBasepoint[3]!] : ofBasepoint;
        for (const [i, x] of found.basepoint!.data.entries()) expect(Math.abs(x - sums[i]!)).toBeLessThan(1e-12);
      }
      const [, pullback] = signatureWithVjp(paths, options);
      // From signatures that are known: equal up to rounding.
      for (const [i, x] of pullback(cotangent).paths.data.entries())
        expect(Math.abs(x - found.paths.data[i]!)).toBeLessThan(1e-12);
      expect([...(await engine.signatureVjp(paths, cotangent, options)).paths.data]).toEqual([...found.paths.data]);
    }
  });
});

describeOn("dawn", "WebGPU", () => {
  test("windows are uploaded as paths, overlaps included", async () => {
    await using onGpu = await createEngine({ gpu: (await openDawn()) as GPU, device: "webgpu", fallback: "error" });
    const paths = pathsOf([12, 9], 2).map((path) => path.map((point) => Float32Array.from(point)));
    const options = { depth: 3, windows: { type: "sliding", length: 4, step: 2 }, basepoint: true } as const;
    const { data, counts } = await onGpu.signature(paths, options);
    const wanted = signature(paths, options);
    expect([...counts!]).toEqual([5, 3]);
    for (const [i, x] of data.entries()) expect(Math.abs(x - wanted.data[i]!)).toBeLessThan(1e-4);
    const cotangent = data.map((_, i) => Math.sin(i));
    const { paths: dx } = await onGpu.signatureVjp(paths, cotangent, options);
    const exact = signatureVjp(paths, cotangent, options).paths;
    expect(dx.shape).toEqual(exact.shape);
    for (const [i, x] of dx.data.entries()) expect(Math.abs(x - exact.data[i]!)).toBeLessThan(1e-3);
    const resident = await onGpu.signature(paths[0]!, { depth: 1, stream: true, output: "gpu" });
    await expect(onGpu.signature(resident, { depth: 2, windows: [[0, 3]] })).rejects.toMatchObject({
      code: "WINDOWS_TYPE",
    });
  });
});

test("windows in time hold the points of their time", () => {
  const path = makePath("walk", times.length, 3, random(3));
  const windows = { type: "times", times, length: 2, step: 1.5 } as const;
  const s = signature(path, { depth: 2, windows });
  // From 0, 1.5, 3 (a gap), 4.5, 6 and 7.5; the last point closes the last window.
  const held = [
    [0, 5],
    [4, 7],
    [7, 8],
    [7, 10],
    [7, 11],
    [11, 12],
  ];
  expect([...s.rows()].map((row) => [...row])).toEqual(
    held.map(([a, b]) => [...signature(path.slice(a, b), { depth: 2 }).data]),
  );
  const own = signature([path, path], {
    depth: 2,
    windows: { ...windows, times: [...times, ...times.map((t) => 10 * t)] },
  });
  expect([...own.counts!]).toEqual([6, 60]);
});

test("streams of windows, channels first, float32 and long windows", () => {
  const path = makePath("walk", 40, 2, random(9));
  const s = signature(path, { depth: 2, stream: true, windows: { type: "sliding", length: 10, step: 15 } });
  expect(s.shape).toEqual([3, 9, 6]);
  expect([...s.data]).toEqual(
    [0, 15, 30].flatMap((a) => [...signature(path.slice(a, a + 10), { depth: 2, stream: true }).data]),
  );
  const columns = { data: Float32Array.from([...path.map(([x]) => x!), ...path.map(([, y]) => y!)]), shape: [2, 40] };
  const first = signature(columns, { depth: 2, layout: "channels-first", windows: [[3, 20]] });
  const rows = { data: Float32Array.from(path.flat()), shape: [40, 2] };
  expect([...first.data]).toEqual([...signature(rows, { depth: 2, windows: [[3, 20]] }).data]);
  // Cut into stretches and sent in many blocks.
  const long = { data: Float32Array.from(makePath("walk", 30_000, 2, random(1)).flat()), shape: [30_000, 2] };
  const many = signature(long, { depth: 2, windows: { type: "sliding", length: 9000, step: 7000 } });
  const alone = signature({ data: long.data.subarray(28_000, 46_000), shape: [9000, 2] }, { depth: 2 });
  expect([...many.data.subarray(12, 18)]).toEqual([...alone.data]);
});

test("a number that is not finite is named by its place in the path", () => {
  const path = makePath("walk", 12, 2, random(4));
  path[7]![1] = Number.NaN;
  const options = { depth: 2, windows: { type: "sliding", length: 3 } } as const;
  let caught: unknown;
  try {
    signature([path.slice(0, 5), path], options);
  } catch (error) {
    caught = error;
  }
  expect(isPathSignatureError(caught) && [caught.code, caught.position]).toEqual([
    "NOT_FINITE",
    { path: 1, point: 7, channel: 1 },
  ]);
});

test("windows that overlap, in any order: every point of a window is checked before `out` is written", () => {
  const [points, channels, depth, size] = [60, 3, 4, 120];
  for (let seed = 0; seed < 40; seed++) {
    const next = random(seed);
    const windows = range(3000).map((): Interval => {
      const from = Math.floor(next() * 50);
      return [from, from + 1 + Math.floor(next() * (points - from))];
    });
    // Long and short ones.
    const list = seed % 2 === 0 ? windows : windows.map(([from]): Interval => [from, from + 1 + (from % 4)]);
    const path = makePath("walk", points, channels, next);
    const bad = Math.floor(next() * points);
    path[bad]![1] = Number.NaN;
    // A large `out` has the points checked ahead of the kernel.
    const out = new Float64Array(list.length * size).fill(7);
    const isRead = list.some(([from, to]) => from <= bad && bad < to);
    let caught: unknown;
    try {
      signature(path, { depth, windows: list, out });
    } catch (error) {
      caught = error;
    }
    if (!isRead) expect(caught).toBeUndefined();
    else {
      expect(isPathSignatureError(caught) && [caught.code, caught.position]).toEqual([
        "NOT_FINITE",
        { path: 0, point: bad, channel: 1 },
      ]);
      expect(out.every((x) => x === 7)).toBe(true);
    }
  }
});

test("bad windows are typed errors, and nothing is written", () => {
  const path = makePath("walk", 12, 2, random(4));
  const out = new Float64Array(6).fill(7);
  const bad: [unknown, string][] = [
    ["sliding", "WINDOWS_TYPE"],
    [5, "WINDOWS_TYPE"],
    [null, "WINDOWS_TYPE"],
    [{}, "WINDOWS_TYPE"],
    [{ type: "rolling", length: 3 }, "WINDOWS_TYPE"],
    [{ type: "sliding", size: 3 }, "WINDOWS_TYPE"],
    [{ type: "sliding" }, "WINDOWS_RANGE"],
    [{ type: "sliding", length: 13 }, "WINDOWS_RANGE"],
    [{ type: "sliding", length: 0 }, "WINDOWS_RANGE"],
    [{ type: "sliding", length: 3, step: -1 }, "WINDOWS_RANGE"],
    [{ type: "sliding", length: 3, step: 1.5 }, "WINDOWS_RANGE"],
    [{ type: "expanding", start: 13 }, "WINDOWS_RANGE"],
    [{ type: "dyadic" }, "WINDOWS_RANGE"],
    [{ type: "dyadic", depth: 21 }, "WINDOWS_RANGE"],
    [{ type: "times", length: 1, step: 1 }, "WINDOWS_TYPE"],
    [{ type: "times", times: [1, 2], length: 1, step: 1 }, "WINDOWS_RANGE"],
    [{ type: "times", times: times.toReversed(), length: 1, step: 1 }, "WINDOWS_RANGE"],
    [{ type: "times", times: times.with(4, Number.NaN), length: 1, step: 1 }, "WINDOWS_RANGE"],
    [{ type: "times", times, length: 1, step: 0 }, "WINDOWS_RANGE"],
    [{ type: "times", times, length: Number.POSITIVE_INFINITY, step: 1 }, "WINDOWS_RANGE"],
    [{ type: "times", times, length: 1, step: 1e-9 }, "WINDOWS_RANGE"],
    [[], "WINDOWS_RANGE"],
    [[[3, 3]], "WINDOWS_RANGE"],
    [[[0, 13]], "WINDOWS_RANGE"],
    [[[-1, 3]], "WINDOWS_RANGE"],
    [[[0, 3, 4]], "WINDOWS_RANGE"],
    [[5], "WINDOWS_RANGE"],
  ];
  for (const [windows, code] of bad)
    expect(
      codeOf(() => signature(path, { depth: 2, out, windows: windows as Windows })),
      JSON.stringify(windows),
    ).toBe(code);
  const both = { depth: 2, windows: [[0, 3]], initial: new Float64Array(6) } as const;
  expect(codeOf(() => signature(path, both))).toBe("WINDOWS_TYPE");
  expect([...out]).toEqual([7, 7, 7, 7, 7, 7]);
  expect([...signature(path, { depth: 2, out, windows: [[0, 12]] }).data]).toEqual([
    ...signature(path, { depth: 2 }).data,
  ]);
});
