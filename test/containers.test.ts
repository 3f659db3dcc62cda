// The containers that paths come in and results go out to, besides row-major tensors and nested
// arrays: each gives the bits that the same numbers give as a tensor or as nested arrays.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createEngine,
  PathSignatureError,
  type Paths,
  signature,
  signatureVjp,
  signatureWithVjp,
  words,
} from "../ts/index.ts";
import { makePath, random } from "./paths.ts";

const next = random(15);
const walk = (points: number, channels: number) => makePath("walk", points, channels, next);
const one = walk(7, 3);
const batch = Array.from({ length: 4 }, () => walk(7, 3));
const ragged = [walk(5, 3), walk(2, 3), walk(9, 3), walk(1, 3)];
const flat = (nested: readonly unknown[]) => (nested as number[][]).flat(3) as number[];
const columnsOf = (path: readonly number[][]) => path[0]!.map((_, c) => path.map((point) => point[c]!));
const tensor = { data: Float64Array.from(flat(batch)), shape: [4, 7, 3] };
const offsets = [0, 5, 7, 16, 17];

/** Row-major numbers stored in another order, with the strides of that order. */
function stored(order: readonly number[], shape: readonly number[], data: readonly number[], offset: number) {
  const strides: number[] = new Array(shape.length);
  let step = 1;
  for (const axis of order) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  const placed = new Float64Array(offset + step + 5).fill(Number.NaN);
  data.forEach((x, index) => {
    let [at, rest] = [offset, index];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    placed[at] = x;
  });
  return { data: placed, shape, strides, offset };
}

const raggedData = Float64Array.from(flat(ragged));
const asColumns = (path: number[][]) => {
  const [x, y, z] = columnsOf(path).map((column) => Float64Array.from(column));
  return { x: x!, y: y!, z: z! };
};
const asTensor = (path: number[][]) => ({ data: Float64Array.from(flat(path)), shape: [path.length, 3] });

/** The library's own kinds, the container, and the nested arrays that hold the same. */
const containers: readonly (readonly [string, unknown, unknown])[] = [
  ["strides of a Fortran array", stored([0, 1, 2], [4, 7, 3], flat(batch), 0), batch],
  ["strides and an offset", stored([1, 2, 0], [4, 7, 3], flat(batch), 11), batch],
  ["an offset alone", { data: [9, 9, ...flat(batch)], shape: [4, 7, 3], offset: 2 }, batch],
  [
    "negative strides, as a flipped ndarray has them",
    { data: tensor.data, shape: [4, 7, 3], stride: [21, -3, 1], offset: 18 },
    batch.map((path) => [...path].reverse()),
  ],
  [
    "a stride of zero",
    { data: [1, 2, 3], shape: [2, 3], strides: [0, 1] },
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
  ],
  ["row-major strides", { ...tensor, strides: [21, 3, 1], offset: 0 }, batch],
  [
    "64-bit integers with strides",
    { data: BigInt64Array.of(1n, 4n, 2n, 5n), dims: [2, 2], strides: [1, 2] },
    [
      [1, 2],
      [4, 5],
    ],
  ],
  ["shape and dims that agree", { ...tensor, dims: Int32Array.of(4, 7, 3) }, batch],
  [
    "a tfjs tensor",
    { shape: [2, 2], strides: [2], data: async () => [], dataSync: () => Float64Array.of(1, 2, 3, 5) },
    [
      [1, 2],
      [3, 5],
    ],
  ],
  ["a list of tensors", ragged.map(asTensor), ragged],
  ["a list of columns", ragged.map(asColumns), ragged],
  ["a list of tensors and nested arrays", [asTensor(one), one], [one, one]],
  ["typed arrays with channels", { data: ragged.map((path) => Float64Array.from(flat(path))), channels: 3 }, ragged],
  ["one typed array with channels", { data: Float64Array.from(flat(one)), channels: 3 }, one],
  ["offsets", { data: raggedData, offsets, channels: 3 }, ragged],
  ["offsets of 64 bits", { data: raggedData, offsets: BigInt64Array.from(offsets.map(BigInt)), channels: 3 }, ragged],
  ["offsets that begin later", { data: raggedData, offsets: offsets.slice(1), channels: 3 }, ragged.slice(1)],
  ["offsets of equal lengths", { data: flat(batch), offsets: [0, 7, 14, 21, 28], channels: 3 }, batch],
  [
    "offsets of equal lengths that begin later",
    { data: flat(batch), offsets: [7, 14, 21, 28], channels: 3 },
    batch.slice(1),
  ],
  ["columns", asColumns(one), one],
  [
    "columns of numbers",
    { x: columnsOf(one)[0], y: new Float32Array(7), z: new BigInt64Array(7) },
    one.map(([x]) => [x, 0, 0]),
  ],
];

describe("containers of paths", () => {
  test.each(containers)("%s", (_, container, nested) => {
    for (const options of [{ depth: 3 }, { depth: 2, stream: true, basepoint: true }]) {
      const given = signature(container as Paths, options);
      const expected = signature(nested as Paths, options);
      expect(given.shape).toEqual(expected.shape);
      expect(given.dtype).toBe("float64");
      expect(given.data).toEqual(expected.data);
    }
  });

  test("of float32 give float32", () => {
    const data = Float32Array.from(flat(one));
    const [x, y, z] = columnsOf(one).map((column) => Float32Array.from(column)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const expected = signature({ data, shape: [7, 3] }, { depth: 3 });
    for (const container of [
      { data: Float32Array.from(columnsOf(one).flat()), shape: [7, 3], strides: [1, 7] },
      { data, offsets: [0, 7], channels: 3 },
      { data: [data], channels: 3 },
      [{ data, shape: [7, 3] }],
      { x, y, z },
    ]) {
      const s = signature(container as Paths, { depth: 3 });
      expect(s.dtype).toBe("float32");
      expect(s.data).toEqual(expected.data);
    }
  });

  test("on an engine as on this thread", async () => {
    await using engine = await createEngine({ threads: 1, device: "cpu" });
    for (const [name, container] of containers) {
      const here = signature(container as Paths, { depth: 3 });
      const there = await engine.signature(container as Paths, { depth: 3 });
      expect(there.data, name).toEqual(here.data);
      expect(there.shape, name).toEqual(here.shape);
    }
    const s = await engine.signature(asColumns(one), { depth: 2 });
    expect(s.labels().slice(0, 4)).toEqual(["x", "y", "z", "x.x"]);
    const vjp = await engine.signatureVjp(
      { data: columnsOf(one).flat(), shape: [3, 7] },
      new Float64Array(12).fill(1),
      { depth: 2, layout: "channels-first" },
    );
    expect(vjp.paths.shape).toEqual([3, 7]);
  });

  test("other arguments take strides too", () => {
    const rows = signature(batch, { depth: 2 });
    const transposed = stored([0, 1], rows.shape, [...rows.data], 3);
    const expected = signature(batch, { depth: 2, initial: rows });
    expect(signature(batch, { depth: 2, initial: transposed }).data).toEqual(expected.data);
    const vjp = signatureVjp(batch, rows, { depth: 2 });
    expect(signatureVjp(batch, transposed, { depth: 2 }).paths.data).toEqual(vjp.paths.data);
    expect(signature(rows.level(2), { depth: 2 }).data).toEqual(
      signature({ data: rows.level(2).toArray(), shape: [4, 3, 3] }, { depth: 2 }).data,
    );
  });

  test("an empty batch of offsets", () => {
    expect(signature({ data: new Float32Array(0), offsets: [0], channels: 2 }, { depth: 2 }).shape).toEqual([0, 6]);
  });
});

const call = signature as unknown as (paths: unknown, options: unknown) => unknown;
const bad: readonly (readonly [string, unknown, string, string])[] = [
  [
    "shape and dims that differ",
    { data: new Float64Array(6), shape: [3, 2], dims: [2, 3] },
    "SHAPE_MISMATCH",
    "paths.dims",
  ],
  [
    "strides of the wrong count",
    { data: new Float64Array(6), shape: [3, 2], strides: [2] },
    "STRIDED",
    "paths.strides",
  ],
  [
    "a stride that is no whole number",
    { data: new Float64Array(6), shape: [3, 2], strides: [2, 0.5] },
    "STRIDED",
    "paths.strides",
  ],
  [
    "an offset that is no whole number",
    { data: new Float64Array(6), shape: [3, 2], offset: "2" },
    "STRIDED",
    "paths.offset",
  ],
  [
    "strides beyond the numbers",
    { data: new Float64Array(6), shape: [3, 2], strides: [3, 1] },
    "SHAPE_MISMATCH",
    "paths.data",
  ],
  [
    "strides before the numbers",
    { data: new Float64Array(6), shape: [3, 2], strides: [-2, 1] },
    "SHAPE_MISMATCH",
    "paths.data",
  ],
  ["tensors of different channels", [asTensor(one), { data: [1, 2], shape: [1, 2] }], "RAGGED_ROW", "paths[1]"],
  ["a tensor of rank 3 in a list", [tensor], "PATHS_RANK", "paths[0]"],
  ["columns of other names in a list", [asColumns(one), { x: [1], z: [1], y: [1] }], "RAGGED_ROW", "paths[1]"],
  ["columns whose names differ by a comma", [{ "a,b": [1, 2] }, { a: [1, 2], b: [1, 2] }], "RAGGED_ROW", "paths[1]"],
  [
    "dims that differ from shape far behind",
    { data: [], shape: [0, ...new Array(62).fill(1), 2], dims: [0, ...new Array(62).fill(1), 3] },
    "SHAPE_MISMATCH",
    "paths.dims",
  ],
  [
    "offsets of a length that nothing has",
    { data: [], offsets: new Array(2 ** 32 - 1), channels: 2 },
    "SHAPE_INVALID|SIZE_TOO_LARGE",
    "paths.offsets",
  ],
  ["columns of different lengths", { x: [1, 2], y: [1, 2, 3] }, "RAGGED_ROW", "paths.y"],
  ["empty columns", { x: [], y: [] }, "EMPTY_PATH", "paths.x"],
  ["text among columns", { x: [1, 2], y: ["a", "b"] }, "ELEMENT_TYPE", "paths.y[0]"],
  ["columns and something else", { x: [1, 2], name: "gesture" }, "PATHS_TYPE", "paths.name"],
  ["numbers without a shape", { data: new Float64Array(6) }, "PATHS_TYPE", "paths"],
  ["numbers that do not fill a point", { data: [new Float64Array(5)], channels: 2 }, "SHAPE_MISMATCH", "paths.data[0]"],
  ["no channels", { data: raggedData, offsets, channels: 0 }, "CHANNELS_INVALID", "paths.channels"],
  ["channels as text", { data: raggedData, offsets, channels: "xyz" }, "CHANNELS_INVALID", "paths.channels"],
  [
    "names that are not text",
    { data: raggedData, offsets, channels: ["x", 1, "y"] },
    "CHANNELS_INVALID",
    "paths.channels",
  ],
  ["offsets without channels", { data: raggedData, offsets }, "CHANNELS_INVALID", "paths.channels"],
  ["offsets that decrease", { data: raggedData, offsets: [0, 5, 3], channels: 3 }, "SHAPE_INVALID", "paths.offsets[2]"],
  ["offsets of an empty path", { data: raggedData, offsets: [0, 5, 5], channels: 3 }, "EMPTY_PATH", "paths.offsets[2]"],
  [
    "offsets beyond the numbers",
    { data: raggedData, offsets: [0, 5, 18], channels: 3 },
    "SHAPE_MISMATCH",
    "paths.data",
  ],
  ["no offsets", { data: raggedData, offsets: [], channels: 3 }, "SHAPE_INVALID", "paths.offsets"],
  ["offsets that are no list", { data: raggedData, offsets: 3, channels: 3 }, "PATHS_TYPE", "paths.offsets"],
];

test.each(bad)("refuses %s", (_, paths, code, argument) => {
  const out = new Float64Array(3).fill(7);
  let caught: unknown;
  try {
    call(paths, { depth: 1, out });
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(PathSignatureError);
  const { code: found, argument: where } = caught as PathSignatureError;
  expect(code.split("|")).toContain(found);
  expect(code.includes("|") ? where.replace("[0]", "") : where).toBe(argument);
  expect([...out]).toEqual([7, 7, 7]);
  expect([...signature([[0], [2]], { depth: 2 }).data]).toEqual([2, 2]);
});

test("a tfjs tensor that is only on a GPU is an error that names the entry for it", () => {
  const dataSync = () => {
    throw new Error("WebGPU readSync is only available in certain contexts");
  };
  expect(() => call({ shape: [2, 2], data: async () => [], dataSync }, { depth: 1 })).toThrow(
    expect.objectContaining({
      code: "TENSOR_ON_GPU",
      argument: "paths",
      message: expect.stringMatching(/path-signature\/tfjs/),
    }),
  );
});

describe("layout", () => {
  const first = { layout: "channels-first" } as const;
  const transposed = { data: batch.flatMap((path) => columnsOf(path).flat()), shape: [4, 3, 7] };
  test.each([
    ["a tensor", transposed, batch],
    ["a tensor with strides", stored([2, 0, 1], [4, 3, 7], transposed.data, 4), batch],
    ["nested arrays", columnsOf(one), one],
    ["a batch of nested arrays", ragged.map(columnsOf), ragged],
    ["a list of tensors", ragged.map((path) => ({ data: columnsOf(path).flat(), shape: [3, path.length] })), ragged],
    [
      "typed arrays with channels",
      { data: ragged.map((path) => Float64Array.from(columnsOf(path).flat())), channels: 3 },
      ragged,
    ],
    ["columns, which say it already", asColumns(one), one],
  ])("channels-first: %s", (_, paths, nested) => {
    const s = signature(paths as Paths, { depth: 3, ...first });
    const expected = signature(nested as Paths, { depth: 3 });
    expect(s.shape).toEqual(expected.shape);
    expect(s.data).toEqual(expected.data);
  });

  test("lengths and basepoints are of points", () => {
    const options = { depth: 2, lengths: [3, 7, 1, 5], basepoint: [1, 2, 3] };
    expect(signature(transposed, { ...options, ...first }).data).toEqual(signature(batch, options).data);
  });

  test("gradients have the layout of the paths", () => {
    const [s, pullback] = signatureWithVjp(transposed, { depth: 3, ...first });
    const { paths } = signatureVjp(batch, s, { depth: 3 });
    const given = signatureVjp(transposed, s, { depth: 3, ...first }).paths;
    expect(given.shape).toEqual([4, 3, 7]);
    expect(pullback(s).paths.shape).toEqual([4, 3, 7]);
    for (let b = 0; b < 4; b++)
      for (let c = 0; c < 3; c++)
        for (let p = 0; p < 7; p++) expect(given.data[(b * 3 + c) * 7 + p]).toBe(paths.data[(b * 7 + p) * 3 + c]);
  });

  test("is one of two words, and does not apply to offsets", () => {
    expect(() => call(one, { depth: 1, layout: "first" })).toThrow(
      expect.objectContaining({ code: "LAYOUT_INVALID", argument: "options.layout" }),
    );
    expect(() => call({ data: raggedData, offsets, channels: 3 }, { depth: 1, ...first })).toThrow(
      expect.objectContaining({ code: "LAYOUT_INVALID", argument: "options.layout" }),
    );
  });
});

describe("a call that looks like channels first", () => {
  let warn: ReturnType<typeof vi.spyOn>;
  let fresh: typeof signature;
  beforeEach(async () => {
    vi.resetModules();
    warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    ({ signature: fresh } = await import("../ts/index.ts"));
  });
  afterEach(() => warn.mockRestore());
  const data = new Float32Array(600);

  test("warns once, with the shape as read", () => {
    fresh({ data, shape: [200, 3] }, { depth: 3 });
    fresh({ data, shape: [3, 200] }, { depth: 2 });
    expect(warn).not.toHaveBeenCalled();
    fresh({ data, shape: [3, 200] }, { depth: 3 });
    fresh({ data, shape: [3, 200] }, { depth: 3 });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toMatch(/3 points of 200 channels.*8040200 numbers.*layout: "channels-first"/s);
  });

  test("is silent where the layout is said", () => {
    fresh({ data, shape: [3, 200] }, { depth: 3, layout: "channels-last" });
    expect(fresh({ data, shape: [3, 200] }, { depth: 3, layout: "channels-first" }).shape).toEqual([39]);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("results", () => {
  const s = signature(batch, { depth: 2 });
  test("rows are views", () => {
    const rows = [...s.rows()];
    expect(rows.map((row) => row.length)).toEqual([12, 12, 12, 12]);
    expect(rows[2]!.buffer).toBe(s.data.buffer);
    expect([...rows[2]!]).toEqual([...s.data.subarray(24, 36)]);
    expect([...signature(one, { depth: 2 }).rows()]).toEqual([signature(one, { depth: 2 }).data]);
    expect([...signature(one, { depth: 2, stream: true }).rows()]).toHaveLength(6);
    expect([...signature({ data: [], shape: [0, 2, 2] }, { depth: 2 }).rows()]).toEqual([]);
  });

  test("nested arrays of the shape", () => {
    expect(signature(one, { depth: 1 }).toNested()).toEqual([...signature(one, { depth: 1 }).data]);
    expect(s.toNested()).toEqual([...s.rows()].map((row) => [...row]));
    const stream = signature({ data: tensor.data, shape: [2, 2, 7, 3] }, { depth: 1, stream: true });
    const nested = stream.toNested() as number[][][][];
    expect([nested.length, nested[0]!.length, nested[0]![0]!.length, nested[0]![0]![0]!.length]).toEqual([2, 2, 6, 3]);
    expect(nested.flat(3)).toEqual([...stream.data]);
    expect(signature({ data: [], shape: [0, 2, 2] }, { depth: 2 }).toNested()).toEqual([]);
  });

  test("labels in the order of the coefficients", () => {
    const named = signature(asColumns(one), { depth: 3, scalarTerm: true });
    const expected = words(3, 3, { scalarTerm: true }).map((word) => word.map((i) => "xyz"[i]).join(".") || "()");
    expect(named.labels()).toEqual(expected);
    expect(named.labels()[named.labels().indexOf("y.x")]).toBe("y.x");
    expect(s.labels().slice(2, 5)).toEqual(["2", "0.0", "0.1"]);
    expect(s.labels(["a", "b", "c"]).slice(2, 5)).toEqual(["c", "a.a", "a.b"]);
    expect(signature({ data: raggedData, offsets, channels: ["u", "v", "w"] }, { depth: 1 }).labels()).toEqual([
      "u",
      "v",
      "w",
    ]);
    expect(signature(ragged.map(asColumns), { depth: 1 }).labels()).toEqual(["x", "y", "z"]);
    expect(() => s.labels(["a"])).toThrow(expect.objectContaining({ code: "CHANNELS_INVALID", argument: "names" }));
  });

  test("print as one line in Node", async () => {
    const { inspect } = await import("node:util");
    const text = inspect(s);
    expect(text).toMatch(/^Signature float64 \(4, 12\), depth 2 of 3 channels \[.*…\]$/);
    expect(text.length).toBeLessThan(200);
    expect(inspect({ s })).toContain("Signature float64");
    expect(inspect(signature([[0], [2]], { depth: 1 }))).toBe("Signature float64 (1), depth 1 of 1 channel [2]");
  });
});
