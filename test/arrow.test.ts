// `path-signature/arrow` with the real apache-arrow: columns and tables give what nested arrays of
// the same numbers give, without copies where there is nothing to convert, and DuckDB agrees on how
// the rows of a long table are grouped.

import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  Bool,
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int32,
  List,
  makeVector,
  Struct,
  Table,
  TimestampMillisecond,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import { describe, expect, test } from "vitest";
import { chunksFromArrow, pathsFromArrow, toArrow, toArrowTable } from "../ts/entry/arrow.ts";
import { createEngine, type Paths, signature } from "../ts/index.ts";
import { makePath, random } from "./paths.ts";

const next = random(151);
const ragged = [5, 2, 9, 3].map((points) => makePath("walk", points, 2, next));
const equal = [4, 4, 4].map((points) => makePath("walk", points, 2, next));
const item = <T extends DataType>(type: T) => new Field("item", type, true);
const point = (float: DataType) => new FixedSizeList(2, item(float));
const xy = new Struct([new Field("x", new Float64(), true), new Field("y", new Float64(), true)]);
const column = (values: unknown, type: DataType) => vectorFromArray(values as never[], type as never) as Vector;

const columns: readonly (readonly [string, Vector, object | undefined, number[][][]])[] = [
  ["List<FixedSizeList<double>>", column(ragged, new List(item(point(new Float64())))), undefined, ragged],
  ["List<List<double>>", column(ragged, new List(item(new List(item(new Float64()))))), undefined, ragged],
  [
    "FixedSizeList<FixedSizeList<double>>",
    column(equal, new FixedSizeList(4, item(point(new Float64())))),
    undefined,
    equal,
  ],
  [
    "List<Struct>",
    column(
      ragged.map((path) => path.map(([x, y]) => ({ x, y }))),
      new List(item(xy)),
    ),
    undefined,
    ragged,
  ],
  [
    "List<double> with channels",
    column(
      ragged.map((path) => path.flat()),
      new List(item(new Float64())),
    ),
    { channels: 2 },
    ragged,
  ],
  [
    "FixedSizeList<double> with channels",
    column(
      equal.map((path) => path.flat()),
      new FixedSizeList(8, item(new Float64())),
    ),
    { channels: ["x", "y"] },
    equal,
  ],
];

describe("columns", () => {
  const expected = (paths: number[][][]) => signature(paths, { depth: 3 }).data;
  test.each(columns)("%s", (_, vector, options, paths) => {
    expect(signature(pathsFromArrow(vector, options), { depth: 3 }).data).toEqual(expected(paths));
    const sliced = vector.slice(1, 3);
    expect(signature(pathsFromArrow(sliced, options), { depth: 3 }).data).toEqual(expected(paths.slice(1, 3)));
    const read = tableFromIPC(tableToIPC(new Table({ path: vector }))).getChild("path")!;
    expect(signature(pathsFromArrow(read, options), { depth: 3 }).data).toEqual(expected(paths));
    // Two chunks.
    const twice = vector.concat(vector);
    const chunks = [...chunksFromArrow(twice, options)].map((chunk) => signature(chunk, { depth: 3 }).data);
    expect(chunks).toEqual([expected(paths), expected(paths)]);
    expect(signature(pathsFromArrow(twice, options), { depth: 3 }).data).toEqual(expected([...paths, ...paths]));
  });

  test.each([
    ["float", new Float32(), Float32Array],
    ["double", new Float64(), Float64Array],
  ])("of %s are not copied", (_, float, kind) => {
    const points = column(ragged, new List(item(point(float))));
    const { data } = pathsFromArrow(points);
    expect(data).toBeInstanceOf(kind);
    const isPartOf = (part: unknown, { values }: Data) => {
      const { buffer, byteOffset } = part as Float64Array;
      expect([buffer === values.buffer, byteOffset]).toEqual([true, values.byteOffset]);
    };
    isPartOf(data, points.data[0]!.children[0]!.children[0]!);
    const flat = column(
      ragged.map((path) => path.flat()),
      new List(item(float)),
    );
    isPartOf(pathsFromArrow(flat, { channels: 2 }).data, flat.data[0]!.children[0]!);
    const two = points.concat(points);
    let i = 0;
    for (const { data } of chunksFromArrow(two)) isPartOf(data, two.data[i++]!.children[0]!.children[0]!);
  });

  test("of other numbers are read", () => {
    const halves = [
      [
        [0, 1],
        [0.5, -2.25],
        [2 ** -20, 65504],
      ],
    ];
    expect(signature(pathsFromArrow(column(halves, new List(item(point(new Float16()))))), { depth: 2 }).data).toEqual(
      signature(halves, { depth: 2 }).data,
    );
    const whole = [
      [
        [0, 1],
        [5, -2],
      ],
    ];
    expect(signature(pathsFromArrow(column(whole, new List(item(point(new Int32()))))), { depth: 2 }).data).toEqual(
      signature(whole, { depth: 2 }).data,
    );
  });

  test("names of channels are kept", () => {
    const structs = columns[3]![1];
    expect(signature(pathsFromArrow(structs), { depth: 1 }).labels()).toEqual(["x", "y"]);
    expect(signature(pathsFromArrow(columns[0]![1], { channels: ["u", "v"] }), { depth: 1 }).labels()).toEqual([
      "u",
      "v",
    ]);
  });

  test("on an engine as on this thread", async () => {
    await using engine = await createEngine({ threads: 1, device: "cpu" });
    for (const [name, vector, options, paths] of columns)
      expect((await engine.signature(pathsFromArrow(vector, options), { depth: 3 })).data, name).toEqual(
        expected(paths),
      );
  });

  test("with missing values", () => {
    const holes = column(
      [
        [
          [0, 1],
          [null, 2],
          [4, 5],
        ],
      ],
      new List(item(point(new Float64()))),
    );
    expect(() => pathsFromArrow(holes)).toThrow(
      expect.objectContaining({ code: "MISSING_VALUE", message: expect.stringMatching(/id 0, row 1/) }),
    );
    expect([...(pathsFromArrow(holes, { missing: "interpolate" }).data as Float64Array)]).toEqual([0, 1, 2, 2, 4, 5]);
    const sliced = column(
      [
        [[9, 9]],
        [
          [0, 1],
          [null, 2],
          [4, 5],
        ],
      ],
      new List(item(point(new Float64()))),
    ).slice(1);
    for (const missing of ["drop-row", "mask-channel", "ffill"] as const) {
      const filled = {
        "drop-row": [
          [0, 1],
          [4, 5],
        ],
        ffill: [
          [0, 1],
          [0, 2],
          [4, 5],
        ],
        "mask-channel": [
          [0, 1, 0, 0],
          [0, 2, 1, 0],
          [4, 5, 0, 0],
        ],
      };
      expect(signature(pathsFromArrow(sliced, { missing }), { depth: 2 }).data, missing).toEqual(
        signature([filled[missing]], { depth: 2 }).data,
      );
    }
  });

  const broken: readonly (readonly [string, unknown, unknown, string])[] = [
    ["text", column(["a"], new Utf8()), undefined, "TABLE_TYPE"],
    ["lists of text", column([["a"]], new List(item(new Utf8()))), undefined, "TABLE_TYPE"],
    ["lists of truths", column([[true]], new List(item(new Bool()))), { channels: 1 }, "TABLE_TYPE"],
    ["an array", [[1, 2]], undefined, "TABLE_TYPE"],
    ["a null path", column([null, ragged[0]], new List(item(point(new Float64())))), undefined, "MISSING_VALUE"],
    ["a null point", column([[null, [1, 2]]], new List(item(point(new Float64())))), undefined, "MISSING_VALUE"],
    [
      "points of different sizes",
      column([[[1, 2], [3]]], new List(item(new List(item(new Float64()))))),
      undefined,
      "RAGGED_ROW",
    ],
    ["numbers without channels", columns[4]![1], undefined, "CHANNELS_INVALID"],
    ["other channels than there are", columns[0]![1], { channels: 3 }, "CHANNELS_INVALID"],
    [
      "lists that end within a point",
      column([[1, 2, 3]], new List(item(new Float64()))),
      { channels: 2 },
      "SHAPE_MISMATCH",
    ],
    ["a word for missing that is none", columns[0]![1], { missing: "zero" }, "MISSING_INVALID"],
  ];
  test.each(broken)("refuses %s", (_, vector, options, code) => {
    expect(() => pathsFromArrow(vector as Vector, options as object)).toThrow(expect.objectContaining({ code }));
  });
});

describe("long tables", () => {
  // Rows of paths mixed, times shuffled within each.
  const rows = ragged
    .flatMap((path, id) => path.map(([x, y], t) => ({ id: `g${id}`, t: t * 10 + (t % 3), x: x!, y: y! })))
    .map((row) => ({ row, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ row }) => row);
  const table = tableFromArrays({
    id: rows.map(({ id }) => id),
    t: Float64Array.from(rows, ({ t }) => t),
    x: Float64Array.from(rows, ({ x }) => x),
    y: Float64Array.from(rows, ({ y }) => y),
  });
  const options = { id: "id", time: "t", channels: ["x", "y"] };

  test("are grouped by id in the order of appearance, and ordered by time", () => {
    const series = pathsFromArrow(table, options);
    const order = [...new Set(rows.map(({ id }) => id))];
    expect(series.ids).toEqual(order);
    const s = signature(series, { depth: 3 });
    expect(s.data).toEqual(
      signature(
        order.map((id) => ragged[Number(id.slice(1))]!),
        { depth: 3 },
      ).data,
    );
    expect(s.labels().slice(0, 3)).toEqual(["x", "y", "x.x"]);
    const half = Math.floor(rows.length / 2);
    const chunks = table.slice(0, half).concat(table.slice(half));
    expect(chunks.batches).toHaveLength(2);
    expect(pathsFromArrow(chunks, options)).toEqual(series);
  });

  test("give what DuckDB groups", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const duckdb = await instance.connect();
    try {
      await duckdb.run("CREATE TABLE points (row INTEGER, id VARCHAR, t DOUBLE, x DOUBLE, y DOUBLE)");
      const appender = await duckdb.createAppender("points");
      rows.forEach(({ id, t, x, y }, row) => {
        appender.appendInteger(row);
        appender.appendVarchar(id);
        for (const value of [t, x, y]) appender.appendDouble(value);
        appender.endRow();
      });
      appender.closeSync();
      const reader = await duckdb.runAndReadAll(
        "SELECT id, list([x, y] ORDER BY t) AS path FROM points GROUP BY id ORDER BY min(row)",
      );
      const groups = reader.getRowObjectsJS() as { id: string; path: number[][] }[];
      const series = pathsFromArrow(table, options);
      expect(series.ids).toEqual(groups.map(({ id }) => id));
      const expected = signature(
        groups.map(({ path }) => path),
        { depth: 3 },
      );
      expect(signature(series, { depth: 3 }).data).toEqual(expected.data);
      // The lists themselves, as a column.
      const lists = column(
        groups.map(({ path }) => path),
        new List(item(new List(item(new Float64())))),
      );
      expect(signature(pathsFromArrow(lists), { depth: 3 }).data).toEqual(expected.data);
    } finally {
      duckdb.closeSync();
      instance.closeSync();
    }
  });

  test("take timestamps, 64-bit and dictionary ids", () => {
    const t = vectorFromArray(
      [3, 1, 2].map((ms) => new Date(ms)),
      new TimestampMillisecond(),
    );
    const long = new Table({
      id: makeVector(BigInt64Array.of(7n, 7n, 7n)),
      t,
      x: makeVector(Float32Array.of(3, 1, 2)),
    });
    const series = pathsFromArrow(long, { id: "id", time: "t", channels: ["x"] });
    expect([series.ids, [...series.data]]).toEqual([[7n], [1, 2, 3]]);
  });

  test("refuse what is missing, with id and row", () => {
    const holes = new Table({
      id: vectorFromArray(["a", "a", "b", "b"], new Utf8()),
      x: vectorFromArray([1, 2, 3, null], new Float64()),
    });
    const read = (more: object) => pathsFromArrow(holes, { id: "id", channels: ["x"], ...more } as never);
    expect(() => read({})).toThrow(
      expect.objectContaining({ code: "MISSING_VALUE", message: expect.stringMatching(/channel x.*"b", row 1/) }),
    );
    expect([...read({ missing: "drop-row" }).offsets]).toEqual([0, 2, 3]);
    expect(() => read({ id: "name" })).toThrow(expect.objectContaining({ code: "TABLE_TYPE", argument: "options.id" }));
    expect(() => read({ channels: ["x", "y"] })).toThrow(
      expect.objectContaining({ code: "TABLE_TYPE", argument: "options.channels[1]" }),
    );
    expect(() => read({ channels: ["id"] })).toThrow(expect.objectContaining({ code: "TABLE_TYPE" }));
    expect(() => pathsFromArrow(holes, undefined as never)).toThrow(expect.objectContaining({ code: "TABLE_TYPE" }));
    const noId = new Table({ id: vectorFromArray(["a", null], new Utf8()), x: makeVector(Float64Array.of(1, 2)) });
    expect(() => pathsFromArrow(noId, { id: "id", channels: ["x"] })).toThrow(
      expect.objectContaining({
        code: "MISSING_VALUE",
        argument: "options.id",
        message: expect.stringMatching(/row 1/),
      }),
    );
  });
});

// The IPC streams of oracles/duckdb_arrow.json: the Arrow of DuckDB itself.
describe("Arrow from DuckDB", () => {
  const { streams, paths: rows } = JSON.parse(
    readFileSync(new URL("oracles/duckdb_arrow.json", import.meta.url), "utf8"),
  ) as { streams: Record<string, string>; paths: [number, number[][]][] };
  const tableOf = (name: string) => tableFromIPC(Buffer.from(streams[name]!, "base64"));
  const paths = rows.map(([, path]) => path);
  const expected = signature(paths, { depth: 3 }).data;

  test.each([
    ["list of arrays", {}],
    ["list of lists", {}],
    ["list of structs", {}],
    ["flat list", { channels: 2 }],
  ])("a column that is a %s", (name, options) => {
    const vector = tableOf(name).getChild("path")!;
    expect(vector.data).toHaveLength(2); // three paths in the first batch, two in the second
    expect(signature(pathsFromArrow(vector, options), { depth: 3 }).data).toEqual(expected);
    const chunks = [...chunksFromArrow(vector, options)].flatMap((chunk) => [...signature(chunk, { depth: 3 }).data]);
    expect(chunks).toEqual([...expected]);
  });

  test("float arrays are read in place", () => {
    const vector = tableOf("list of float arrays").getChild("path")!;
    for (const [i, { data }] of [...chunksFromArrow(vector)].entries())
      expect((data as Float32Array).buffer).toBe(vector.data[i]!.children[0]!.children[0]!.values.buffer);
    const rounded = paths.map((path) => path.map((point) => Float32Array.from(point)));
    expect(signature(pathsFromArrow(vector), { depth: 3 }).data).toEqual(signature(rounded, { depth: 3 }).data);
  });

  test("a null among the paths is refused", () => {
    const vector = tableOf("list with a null").getChild("path")!;
    expect(() => pathsFromArrow(vector)).toThrow(expect.objectContaining({ code: "MISSING_VALUE" }));
  });

  test("a long table", () => {
    const series = pathsFromArrow(tableOf("long table"), { id: "id", time: "t", channels: ["x", "y"] });
    const inOrder = (series.ids as string[]).map((id) =>
      paths[Number(id.slice(1))]!.map(([x, y]) => [x!, Math.fround(y!)]),
    );
    expect(signature(series, { depth: 3 }).data).toEqual(signature(inOrder, { depth: 3 }).data);
  });

  // It has no Arrow of its own: columns of JavaScript values, as in docs/containers.md.
  test("columns of @duckdb/node-api", async () => {
    const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
    const reader = await duckdb.runAndReadAll(
      "SELECT i % 5 AS id, list([sin(i), cos(i)] ORDER BY i) AS path FROM range(37) rows(i) GROUP BY id ORDER BY id",
    );
    const { path } = reader.getColumnsObjectJS() as { path: number[][][] };
    const vector = vectorFromArray(path, new List(item(point(new Float64()))));
    expect(signature(pathsFromArrow(vector), { depth: 3 }).data).toEqual(expected);
    duckdb.closeSync();
  });
});

describe("results", () => {
  test.each(["float32", "float64"] as const)("as a column of %s, sharing memory", (dtype) => {
    const s = signature(ragged as Paths, { depth: 2, dtype });
    const vector = toArrow(s);
    expect(String(vector.type)).toBe(`FixedSizeList[6]<${dtype === "float32" ? "Float32" : "Float64"}>`);
    expect(vector.data[0]!.children[0]!.values).toBe(s.data);
    const read = tableFromIPC(tableToIPC(new Table({ s: vector }))).getChild("s")!;
    expect(Array.from(read, (row) => [...(row as Iterable<number>)])).toEqual(s.toNested());
  });

  test("streams and single signatures", () => {
    const stream = signature(equal, { depth: 1, stream: true });
    const nested = Array.from(toArrow(stream), (row) => Array.from(row as never, (one: Iterable<number>) => [...one]));
    expect(nested).toEqual(stream.toNested());
    expect(toArrow(signature(equal[0]!, { depth: 2 })).length).toBe(1);
    expect(toArrow(signature({ data: [], shape: [0, 2, 2] }, { depth: 2 })).length).toBe(0);
  });

  test("a named column for each word", () => {
    const s = signature(pathsFromArrow(columns[3]![1]), { depth: 2 });
    const table = toArrowTable(s, { id: vectorFromArray([..."abcd"], new Utf8()) });
    expect(table.schema.fields.map(({ name }) => name)).toEqual(["id", "x", "y", "x.x", "x.y", "y.x", "y.y"]);
    expect([...table.getChild("x.y")!]).toEqual([...(s.at([0, 1]) as Float64Array)]);
    const numbered = toArrowTable(signature(equal, { depth: 1 }), { id: vectorFromArray([..."abc"], new Utf8()) });
    expect(numbered.schema.fields.map(({ name }) => name)).toEqual(["id", "0", "1"]);
    expect(toArrowTable(signature(equal, { depth: 1 }), {}, ["u", "v"]).schema.fields[1]!.name).toBe("v");
  });
});
