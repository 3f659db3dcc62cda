// `path-signature/io`: files of NumPy (written by NumPy, test/oracles/numpy.json), `.ts` files, and
// CSV and Parquet written by DuckDB, give what nested arrays of the same numbers give.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, describe, expect, test } from "vitest";
import { readLong, readNpy, readNpz, readTs } from "../ts/entry/io.ts";
import { createEngine, signature } from "../ts/index.ts";

interface Stored {
  readonly arrays: Readonly<Record<string, { file: string; shape: number[]; values: number[] }>>;
  readonly refused: Readonly<Record<string, string>>;
  readonly npz: { savez: string; savez_compressed: string; x: number[]; y: number[] };
}
const stored = JSON.parse(readFileSync(join(import.meta.dirname, "oracles/numpy.json"), "utf8")) as Stored;
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const text = (lines: readonly string[]) => new TextEncoder().encode(lines.join("\n"));

const folder = mkdtempSync(join(tmpdir(), "path-signature-io-"));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const fault = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) });

describe(".npy", () => {
  test.each(Object.entries(stored.arrays))("%s", async (_, { file, shape, values }) => {
    const array = await readNpy(bytes(file));
    expect(array.shape).toEqual(shape);
    if (shape.length < 2) expect(Array.from(array.data as never, Number)).toEqual(values);
    else {
      const options = { depth: 2, dtype: "float64" } as const;
      expect(signature(array, options).data).toEqual(signature({ data: values, shape }, options).data);
    }
  });

  test("from a path, a URL, and bytes that are not aligned", async () => {
    const { file, values } = stored.arrays.float64!;
    const path = place("a.npy", bytes(file));
    const shifted = new Uint8Array(bytes(file).length + 1);
    shifted.set(bytes(file), 1);
    for (const source of [path, pathToFileURL(path), shifted.subarray(1)])
      expect([...((await readNpy(source)).data as Float64Array)]).toEqual(values);
    const before = bytes(stored.arrays["big-endian float64"]!.file);
    const copy = before.slice();
    await readNpy(before);
    expect(before).toEqual(copy);
  });

  test("on an engine as on this thread", async () => {
    await using engine = await createEngine({ threads: 1, device: "cpu" });
    const array = await readNpy(bytes(stored.arrays["Fortran order"]!.file));
    expect((await engine.signature(array, { depth: 3 })).data).toEqual(signature(array, { depth: 3 }).data);
  });

  test.each(Object.entries(stored.refused))("refuses %s", async (_, file) => {
    await expect(readNpy(bytes(file))).rejects.toThrow(fault("FILE_FORMAT"));
  });

  test("refuses what is cut off, and what is no array", async () => {
    const whole = bytes(stored.arrays.float64!.file);
    for (const length of [0, 5, 8, 11, 60, whole.length - 1])
      await expect(readNpy(whole.subarray(0, length))).rejects.toThrow(fault("FILE_FORMAT"));
    await expect(readNpy(text(["a text of some length"]))).rejects.toThrow(fault("FILE_FORMAT"));
    await expect(readNpy(3 as never)).rejects.toThrow(fault("SOURCE_TYPE"));
    await expect(readNpy(join(folder, "none.npy"))).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
  });

  test.each(["savez", "savez_compressed"] as const)(".npz of %s", async (how) => {
    const { x, y } = await readNpz(bytes(stored.npz[how]));
    expect([...(x!.data as Float64Array)]).toEqual(stored.npz.x);
    expect(Array.from(y!.data as never, Number)).toEqual(stored.npz.y);
  });

  test(".npz that is no archive", async () => {
    await expect(readNpz(bytes(stored.arrays.float64!.file))).rejects.toThrow(fault("FILE_FORMAT"));
  });
});

const head = ["# a comment", "@problemName Gestures", "@timeStamps false", "@missing false", "@univariate false"];
describe(".ts", () => {
  const equal = [
    ...head,
    "@dimensions 2",
    "@equalLength true",
    "@seriesLength 3",
    "@classLabel true left right",
    "@data",
  ];
  test("has (case, channel, time) turned into points, and labels", async () => {
    const file = await readTs(text([...equal, "0,1,2:5,6,8:left", "1.5,-2,3e1:0,0,1:right", ""]));
    expect(file).toMatchObject({
      name: "Gestures",
      labels: ["left", "right"],
      classes: ["left", "right"],
      ids: [0, 1],
    });
    const nested = [
      [
        [0, 5],
        [1, 6],
        [2, 8],
      ],
      [
        [1.5, 0],
        [-2, 0],
        [30, 1],
      ],
    ];
    expect(signature(file, { depth: 3 }).data).toEqual(signature(nested, { depth: 3 }).data);
    expect(signature(file, { depth: 1 }).shape).toEqual([2, 2]);
  });

  test("of unequal lengths, without labels, with Windows line ends", async () => {
    const lines = [...head, "@dimension 1", "@equalLength false", "@classLabel false", "@data", "1,2,4", "3,5"];
    const file = await readTs(place("b.ts", lines.join("\r\n")));
    expect(file).toMatchObject({ labels: [], classes: [], channels: ["0"] });
    expect([...file.offsets]).toEqual([0, 3, 5]);
    expect(signature(file, { depth: 2 }).data).toEqual(
      signature(
        [
          [[1], [2], [4]],
          [[3], [5]],
        ],
        { depth: 2 },
      ).data,
    );
  });

  test("of targets", async () => {
    const file = await readTs(text(["@targetLabel true", "@data", "1,2:0.25"]));
    expect([file.labels, file.classes]).toEqual([["0.25"], []]);
  });

  const holes = text([
    ...head.slice(0, 3),
    "@missing true",
    "@dimensions 2",
    "@data",
    "1,2,3,4:1,1,1,1",
    "?,2,?,5:0,1,?,NaN",
  ]);
  test("with missing values", async () => {
    await expect(readTs(holes)).rejects.toThrow(fault("MISSING_VALUE", /channel 0.*id 1, row 0/));
    await expect(readTs(holes, { missing: "ffill" })).rejects.toThrow(fault("MISSING_VALUE", /id 1, row 0/));
    await expect(readTs(holes, { missing: "none" as never })).rejects.toThrow(fault("MISSING_INVALID"));
    const of = async (missing: "interpolate" | "drop-row" | "mask-channel") => {
      const { data, offsets, channels } = await readTs(holes, { missing });
      return { second: [...data.subarray(4 * channels.length)], offsets: [...offsets], channels };
    };
    expect(await of("interpolate")).toMatchObject({ second: [2, 0, 2, 1, 3.5, 1, 5, 1] });
    expect(await of("drop-row")).toMatchObject({ second: [2, 1], offsets: [0, 4, 5] });
    expect(await of("mask-channel")).toEqual({
      second: [2, 0, 1, 0, 2, 1, 0, 0, 2, 1, 1, 1, 5, 1, 0, 1],
      offsets: [0, 4, 8],
      channels: ["0", "1", "0_missing", "1_missing"],
    });
    const filled = await readTs(text(["@data", "1,?,?,4"]), { missing: "ffill" });
    expect([...filled.data]).toEqual([1, 1, 1, 4]);
    const none = text(["@data", "1,2:1,1", "?,?:1,1"]);
    await expect(readTs(none, { missing: "interpolate" })).rejects.toThrow(fault("MISSING_VALUE", /id 1, row 0/));
    await expect(readTs(none, { missing: "drop-row" })).rejects.toThrow(fault("MISSING_VALUE", /id 1/));
    expect([...(await readTs(none, { missing: "mask-channel" })).data.subarray(8)]).toEqual([0, 1, 1, 0, 0, 1, 1, 0]);
  });

  test("with a long gap", async () => {
    const gap = text(["@data", `0${",?".repeat(200_000)},200001`]);
    const { data } = await readTs(gap, { missing: "interpolate" });
    expect(data.every((x, i) => Math.abs(x - i) < 1e-6)).toBe(true);
  });

  test.each([
    ["no @data", ["@problemName x", "# end"], /without @data/],
    ["no cases", ["@data"], /without cases/],
    ["text among numbers", ["@data", "1,x,3"], /"x" in line 2/],
    ["an empty value", ["@data", "1,,3"], /"" in line 2/],
    ["other text before @data", ["1,2,3", "@data"], /line 1/],
    ["channels of different lengths", ["@data", "1,2:1"], /channels of 2, 1 values in line 2/],
    ["cases of different channels", ["@data", "1,2:1,2", "1,2"], /1 channels in line 3/],
    ["lengths that @equalLength denies", ["@equalLength true", "@data", "1,2", "1"], /1 values in line 4/],
    ["other dimensions than declared", ["@dimensions 3", "@data", "1,2"], /@dimensions 3/],
    ["time stamps", ["@timeStamps true", "@data", "(0,1)"], /timeStamps/],
  ])("refuses %s", async (_, lines, message) => {
    await expect(readTs(text(lines))).rejects.toThrow(fault("FILE_FORMAT", message));
  });
});

describe("long files", () => {
  const rows = "id,t,x,y\nb,2,3,1\na,1,0,0\nb,1,1,2\na,2,1,0\na,3,1,2\n";
  const options = { id: "id", time: "t", channels: ["x", "y"] };
  const expected = signature(
    [
      [
        [1, 2],
        [3, 1],
      ],
      [
        [0, 0],
        [1, 0],
        [1, 2],
      ],
    ],
    { depth: 3 },
  );

  test("CSV, from a path and a URL", async () => {
    const path = place("long.csv", rows);
    for (const file of [path, pathToFileURL(path)]) {
      const series = await readLong(file, options);
      expect(series.ids).toEqual(["b", "a"]);
      const s = signature(series, { depth: 3 });
      expect(s.data).toEqual(expected.data);
      expect(s.labels().slice(0, 3)).toEqual(["x", "y", "x.x"]);
    }
  });

  test("Parquet that DuckDB wrote, with dates and 64-bit ids", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const file = join(folder, "long.parquet");
    await connection.run(
      `COPY (SELECT CASE id WHEN 'a' THEN 1::BIGINT ELSE 2::BIGINT END AS id, DATE '2026-01-01' + t::INTEGER AS day,
       x::FLOAT AS "the x", y::DECIMAL(9, 2) AS y FROM read_csv('${place("source.csv", rows)}'))
       TO '${file}' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    const series = await readLong(file, { id: "id", time: "day", channels: ["the x", "y"] });
    expect(series.ids).toEqual([2n, 1n]);
    expect(signature(series, { depth: 3 }).data).toEqual(expected.data);
  });

  test("with missing values", async () => {
    const file = place("holes.csv", "id,t,x\na,0,0\na,1,\na,4,8\nb,0,1\n");
    const long = { id: "id", time: "t", channels: ["x"] };
    await expect(readLong(file, long)).rejects.toThrow(fault("MISSING_VALUE", /channel x.*"a", row 1/));
    // In time, not in rows.
    expect([...(await readLong(file, { ...long, missing: "interpolate" })).data]).toEqual([0, 2, 8, 1]);
    const noId = place("no-id.csv", "id,x\na,0\n,1\n");
    await expect(readLong(noId, { id: "id", channels: ["x"] })).rejects.toThrow(fault("MISSING_VALUE", /row 1/));
  });

  test("refuses columns that are not there or have no numbers, and other files", async () => {
    const file = place("c.csv", rows);
    const read = (more: object) => readLong(file, { ...options, ...more });
    await expect(read({ id: "name" })).rejects.toThrow(fault("TABLE_TYPE", /options.id.*id, t, x, y.*"name"/));
    await expect(read({ channels: ["x", "z"] })).rejects.toThrow(fault("TABLE_TYPE", /channels\[1\]/));
    await expect(read({ channels: ["id"] })).rejects.toThrow(fault("TABLE_TYPE", /VARCHAR/));
    await expect(read({ missing: "zero" })).rejects.toThrow(fault("MISSING_INVALID"));
    await expect(readLong(file, undefined as never)).rejects.toThrow(fault("TABLE_TYPE"));
    await expect(readLong(7 as never, options)).rejects.toThrow(fault("SOURCE_TYPE"));
    await expect(readLong(join(folder, "none.csv"), options)).rejects.toThrow(fault("FILE_FORMAT"));
    await expect(readLong(place("no.parquet", "x"), options)).rejects.toThrow(fault("FILE_FORMAT"));
  });
});
