// `npx path-signature` from the packed tarball: what it computes is what the library does, in every
// format; errors name file, row and column; a run that is killed leaves nothing half.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLong, readNpy } from "../../ts/entry/io.ts";
import { logSignature, type PointsInput, signature } from "../../ts/index.ts";
import { signatureKernelGram } from "../../ts/kernels.ts";
import { random } from "../paths.ts";
import { Consumer, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
const data = join(root, "examples/japanese-vowels/data/train.csv");
const channels = Array.from({ length: 12 }, (_, i) => `lpc${i + 1}`);
const table = ["--id", "utterance", "--sort", "frame", "--channels", channels.join()];

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const program = () => join(consumer.folder, "node_modules/path-signature/dist/cli.js");
const clean = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^NODE_|^VITEST/.test(name)));

function path(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: consumer.folder, env: clean(), maxBuffer: 2 ** 27 };
    execFile(nodes["Node 24"], [program(), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** The path of a file in the project. */
const at = (name: string) => join(consumer.folder, name);
const json = async (...args: string[]): Promise<Record<string, never>> => {
  const { code, stdout, stderr } = await path(...args, "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, never>;
};

/** The rows of a table, the id first, in their order. */
async function rowsOf(file: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(`SELECT * FROM '${file}'`)).getRows() as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function link(name: string): void {
  const place = at(`node_modules/${name}`);
  mkdirSync(dirname(place), { recursive: true });
  if (!existsSync(place)) symlinkSync(join(root, "node_modules", name), place);
}

/** An .npy file of float64 numbers, written by the format's definition. */
function npy(name: string, shape: readonly number[], numbers: readonly number[]): string {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${text}\n`, "latin1");
  const file = Buffer.concat([head, Buffer.from(Float64Array.from(numbers).buffer)]);
  return consumer.write(name, file as never);
}

beforeAll(() => consumer.install());
afterAll(() => consumer.close());

describe("without optional packages", () => {
  it("is a program that npm links, and prints help and version", async () => {
    expect(existsSync(at("node_modules/.bin/path-signature"))).toBe(true);
    const { stdout } = await path("--help");
    for (const name of ["features", "kernel", "inspect", "bench", "info"]) {
      expect(stdout).toContain(name);
      const help = await path(name, "--help");
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(`Usage: path-signature ${name}`);
    }
    expect((await path("features", "-h")).stdout).toContain("Examples:");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect((await path("--version")).stdout).toBe(`${version}\n`);
  });

  it("runs on the oldest Node, where .npy needs no package", async () => {
    npy("line.npy", [3, 2], [0, 0, 1, 2, 3, 1]);
    const oldest = Object.values(nodes)[0]!;
    const output = await consumer.run(oldest, program(), "features", "line.npy", "--depth", "1", "--threads", "1");
    expect(output).toBe("id,series__0__sig,series__1__sig\n0,3,1\n");
  });

  it.each([
    [["features", "x.csv", "--detph", "3"], "did you mean --depth?"],
    [["feature"], "did you mean features?"],
    [["features"], "takes one file or more"],
    [["features", "line.npy", "--depth", "0"], "--depth takes a whole number from 1 on, not 0"],
    [["features", "line.npy", "--depth"], "--depth takes a value"],
    [["features", "line.npy", "--log=yes"], "--log takes no value"],
    [["features", "line.npy", "--log", "--log"], "--log is given twice"],
    [["features", "line.npy", "--device", "gpu"], "--device takes auto, cpu, webgpu"],
    [["features", "line.npy", "--missing", "zero"], "--missing takes error, ffill, interpolate, drop-row"],
    [["features", "line.npy", "--augment", "tim"], "--augment"],
    [["features", "line.npy", "--step", "2"], "--step is for --window"],
    [["features", "line.npy", "--window", "4"], "the longest series has 3 points"],
    [["features", "line.npy", "--id", "x"], "has no columns"],
    [["features", "line.npy", "--out", "x.txt"], "neither .parquet"],
    [["features", "line.npy", "--json"], "--json needs --out"],
    [["features", "package.json"], "neither .parquet"],
    [["kernel", "line.npy"], "--out"],
    [["inspect"], "takes one file"],
  ])("%j is refused with exit code 2", async (args, message) => {
    const { code, stderr, stdout } = await path(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stdout === "" || args.includes("--json")).toBe(true);
  });

  it("a missing package and a missing file have exit codes of their own", async () => {
    const missing = await path("features", data, "--json", "--out", "x.csv");
    expect(missing.stderr).toContain("npm install @duckdb/node-api");
    expect(missing.code).toBe(3);
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { exitCode: 3 } });
    const nothing = await path("features", "nothing.csv");
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining("nothing.csv: there is no such file") });
  });

  it("arrays: channels first must be said, names may be, numbers may be cut off", async () => {
    const numbers = [0, 1, 3, 0, 2, 1, 5, 5, 6, 1, 1, 2];
    npy("turned.npy", [2, 2, 3], numbers);
    const refused = await path("features", "turned.npy");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--layout channels-first") });
    const { stdout } = await path(..."features turned.npy --layout channels-first --depth 1 --channels x,y".split(" "));
    expect(stdout).toBe("id,series__x__sig,series__y__sig\n0,3,1\n1,1,1\n");
    const last = await path(..."features turned.npy --layout channels-last --depth 1".split(" "));
    expect(last.stdout.split("\n")[1]).toBe("0,0,1,-2");
    npy("short.npy", [3, 9, 1], numbers);
    expect(await path("features", "short.npy")).toMatchObject({ code: 1, stderr: expect.stringContaining("cut off") });
    npy("nan.npy", [2, 3, 2], [...numbers.slice(0, 9), Number.NaN, 1, 2]);
    const nan = await path("features", "nan.npy");
    expect(nan.stderr).toContain("nan.npy, series 1, point 1, channel 1: a missing value");
    expect((await path("features", "nan.npy", "--missing", "ffill", "--depth", "1")).stdout).toContain("\n1,-4,-3\n");
  });

  it("windows are columns of one row", async () => {
    npy("long.npy", [5, 1], [0, 1, 3, 6, 10]);
    const { stdout } = await path(..."features long.npy --depth 1 --window 2 --step 3 --augment time".split(" "));
    const [head, row] = stdout.split("\n");
    expect(head).toBe(
      "id,series__0__sig__w=0:2,series__time__sig__w=0:2,series__0__sig__w=3:5,series__time__sig__w=3:5",
    );
    expect(row).toBe("0,1,1,4,1");
  });

  it("words and levels may be chosen", async () => {
    const run = (select: string) => path("features", "turned.npy", "--layout", "channels-first", "--select", select);
    const words = await path(..."features turned.npy --layout channels-first --channels x,y --select y,x.y".split(" "));
    expect(words.stdout.split("\n")[0]).toBe("id,series__y__sig,series__x·y__sig");
    expect((await run("levels:1")).stdout).toBe("id,series__0__sig,series__1__sig\n0,3,1\n1,1,1\n");
    expect(await run("0.2")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no channel 2. Channels: 0, 1"),
    });
    expect((await run("levels:x")).code).toBe(2);
  });

  it("info and bench answer", async () => {
    expect(await json("info")).toMatchObject({ packages: { "@duckdb/node-api": false } });
    const { rows } = (await json("bench", "--threads", "1")) as unknown as { rows: { signature: number }[] };
    expect(rows.every((row) => row.signature > 0)).toBe(true);
  });
});

describe("on tables", () => {
  let paths: PointsInput & { readonly ids: readonly unknown[] };
  let expected: number[][];

  beforeAll(async () => {
    link("@duckdb/node-api");
    link("apache-arrow");
    paths = await readLong(data, { id: "utterance", time: "frame", channels });
    expected = Array.from(signature(paths, { depth: 2 }).rows(), (row) => [...row]);
  });

  it.each(["parquet", "csv", "arrow", "npy"])("%s holds what the library computes", async (kind) => {
    const out = at(`features.${kind}`);
    const summary = await json("features", data, ...table, "--depth", "2", "--out", out);
    expect(summary).toMatchObject({ series: 270, points: 4274, columns: 156 });
    expect((summary.names as unknown as string[])[12]).toBe("series__lpc1·lpc1__sig");
    if (kind === "npy") {
      const array = await readNpy(out);
      expect(array.shape).toEqual([270, 156]);
      expect([...(array.data as Float64Array)]).toEqual(expected.flat());
      return;
    }
    const rows =
      kind === "arrow"
        ? [...tableFromIPC(readFileSync(out))].map((row) => Object.values(row.toJSON()))
        : await rowsOf(out);
    expect(rows.map(([id]) => Number(id))).toEqual(paths.ids.map(Number));
    expect(rows.map(([, ...numbers]) => numbers)).toEqual(expected);
    expect(readdirSync(consumer.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("log-signatures, several files by a pattern, float32, one thread", async () => {
    const lines = readFileSync(data, "utf8").trimEnd().split(/\r?\n/);
    const half = lines.findIndex((line) => line.startsWith("100,"));
    consumer.write("parts/a.csv", lines.slice(0, half).join("\n"));
    consumer.write("parts/b.csv", [lines[0], ...lines.slice(half)].join("\n"));
    const options = ["--log", "--dtype", "float32", "--threads", "1", "--out", "log.npy"];
    await json("features", "parts/*.csv", ...table, ...options);
    const own = logSignature(paths, { depth: 3, dtype: "float32" }).data;
    expect((await readNpy(at("log.npy"))).data).toEqual(own);
  });

  it("rows in any order give the same bytes", async () => {
    const [head, ...lines] = readFileSync(data, "utf8").trimEnd().split(/\r?\n/);
    const next = random(20);
    for (let i = lines.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    }
    consumer.write("shuffled.csv", [head, ...lines].join("\n"));
    await json("features", data, ...table, "--out", "a.parquet");
    await json("features", "shuffled.csv", ...table, "--out", "b.parquet");
    expect(readFileSync(at("b.parquet")).equals(readFileSync(at("a.parquet")))).toBe(true);
  });

  it.each([
    ["--missing", "ffill"],
    ["--missing", "interpolate", "--augment", "time"],
    ["--missing", "drop-row"],
  ])("rows in order give what sorted rows give, however they are stored: %s %s %s %s", async (...options) => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    // A series longer than row groups, values that are missing, and all types of numbers.
    const rows = `SELECT CASE WHEN i < 300000 THEN 0 ELSE i // 1000 END AS id, i AS t, sin(i * 0.37) AS x,
                    CASE WHEN i % 9973 = 5000 THEN NULL ELSE cos(i * 0.11) END AS y, (i % 77)::INTEGER - 7 AS k,
                    (hash(i) // 2)::BIGINT - 2::BIGINT ** 61 AS b,
                    CASE WHEN i % 1000 % 3 < 2 THEN (i % 10)::FLOAT / 7 END AS f
                  FROM range(400000) r(i)`;
    const stored = {
      snappy: "ORDER BY i) TO '{}' (COMPRESSION snappy)",
      plain: "ORDER BY i) TO '{}' (COMPRESSION uncompressed, ROW_GROUP_SIZE 10000)",
      zstd: "ORDER BY i) TO '{}' (COMPRESSION zstd)",
      mixed: "ORDER BY hash(i)) TO '{}'",
    };
    const written: Buffer[] = [];
    for (const [name, how] of Object.entries(stored)) {
      await connection.run(`COPY (${rows} ${how.replace("{}", at(`${name}.parquet`))}`);
      const args = [`${name}.parquet`, "--id", "id", "--sort", "t", "--depth", "2", ...options];
      expect(await json("features", ...args, "--out", "stored.parquet")).toMatchObject({ series: 101 });
      written.push(readFileSync(at("stored.parquet")));
    }
    connection.closeSync();
    instance.closeSync();
    expect(written.map((bytes) => bytes.equals(written.at(-1) as Buffer))).toEqual([true, true, true, true]);
  });

  describe("what is wrong or missing", () => {
    beforeAll(() => {
      consumer.write("gaps.csv", "id,t,x,y\nb,0,1,1\na,2,5,1\na,0,0,0\nb,1,2,\na,1,,4\nb,2,4,3\n");
      consumer.write("times.csv", "id,t,x\na,0,1\na,,2\n");
      consumer.write("infinite.csv", "id,t,x\na,0,1\na,1,inf\n");
      consumer.write("equal.csv", "id,t,x\na,0,1\na,0,2\n");
      consumer.write("wide.csv", "name,x_0,x_1,x_2,y_0,y_1,y_2\na,0,1,3,0,0,1\nb,1,5,,2,2,\n");
    });
    const gaps = ["features", "gaps.csv", "--id", "id", "--sort", "t", "--depth", "1"];

    it("a missing value is named by file, row and column", async () => {
      const { code, stderr, stdout } = await path(...gaps, "--out", "gaps-out.csv");
      expect(stderr).toContain("gaps.csv, row 5, column x: a missing value, of series a.");
      expect(stderr).toContain("--missing one of ffill");
      expect([code, stdout, existsSync(at("gaps-out.csv"))]).toEqual([1, "", false]);
    });

    it.each([
      ["ffill", "a,5,1\nb,3,2\n"],
      ["interpolate", "a,5,1\nb,3,2\n"],
      ["drop-row", "a,5,1\nb,3,2\n"],
    ])("--missing %s", async (missing, rows) => {
      const { stdout } = await path(...gaps, "--missing", missing);
      expect(stdout).toBe(`id,series__x__sig,series__y__sig\n${rows}`);
      const level2 = (await path(...gaps.slice(0, -1), "2", "--missing", missing)).stdout.split("\n");
      // ∫x dy of a, whose y is 0, 4, 1 and x 0, 0, 5, or 0, 2.5, 5; or of the chord.
      const area = { ffill: -7.5, interpolate: -6.25, "drop-row": 2.5 }[missing];
      expect(Number(level2[1]!.split(",")[4])).toBe(area);
    });

    it("times that are missing, numbers that are infinite, times that stand still", async () => {
      const of = (file: string, ...more: string[]) => path("features", file, "--id", "id", "--sort", "t", ...more);
      expect(await of("times.csv")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("times.csv, row 2, column t"),
      });
      expect(await of("infinite.csv")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("infinite.csv, row 2, column x: Infinity"),
      });
      expect((await of("equal.csv", "--depth", "1")).stdout).toContain("\na,1\n");
      expect((await of("equal.csv", "--augment", "time")).stderr).toContain("equal.csv, row 2: a time of series a");
      expect((await of("nothing*.csv")).stderr).toContain("no file matches");
      expect((await of("gaps.csv", "--channels", "x,z")).stderr).toContain(
        "--channels z: no such column. Columns: id, t, x, y",
      );
    });

    it("wide tables", async () => {
      const { stdout } = await path("features", "wide.csv", "--wide", "--id", "name", "--depth", "1");
      expect(stdout).toBe("name,series__x__sig,series__y__sig\na,3,1\nb,4,0\n");
      const some = await path("features", "wide.csv", "--wide", "--channels", "y", "--depth", "1");
      expect(some.stdout).toBe("id,series__y__sig\n0,1\n1,0\n");
      expect(await path("features", "gaps.csv", "--wide")).toMatchObject({ code: 2 });
    });
  });

  it(".ts files keep their labels", async () => {
    consumer.write("two.ts", "@problemName two\n@classLabel true up down\n@data\n0,1,3:up\n2,1:down\n");
    expect((await path("features", "two.ts", "--depth", "1")).stdout).toBe(
      "id,label,series__0__sig\n0,up,3\n1,down,-1\n",
    );
  });

  it("kernel writes the Gram matrix", async () => {
    npy("x.npy", [2, 3, 2], [0, 0, 1, 0, 1, 1, 0, 0, 0, 2, 1, 1]);
    await json("kernel", "x.npy", "--out", "gram.npy", "--normalize", "--dyadic-order", "2");
    const x = { data: [0, 0, 1, 0, 1, 1, 0, 0, 0, 2, 1, 1], shape: [2, 3, 2] };
    const own = signatureKernelGram(x, { normalize: true, dyadicOrder: 2 });
    expect(await readNpy(at("gram.npy"))).toEqual({ data: own.data, shape: [2, 2] });
    await json("kernel", "x.npy", "--out", "logs.npy", "--log");
    expect(await readNpy(at("logs.npy"))).toEqual({
      data: signatureKernelGram(x, { dyadicOrder: 0, log: true }).data,
      shape: [2, 2],
    });
  });

  it("inspect says what is there, and the command that it suggests runs", async () => {
    const found = await json("inspect", "gaps.csv");
    expect(found).toMatchObject({ series: 2, points: { all: 6, shortest: 3, longest: 3 }, missing: { x: 1, y: 1 } });
    const [, ...words] = (found.suggestion as unknown as string).split(" ");
    expect(words).toContain("--missing");
    expect((await path(...words)).code).toBe(0);
    expect(await rowsOf(at("features.parquet"))).toHaveLength(2);
  });

  describe("where DuckDB cannot be had", () => {
    const place = () => at("node_modules/@duckdb");
    const names = ["sorted", "turned", "gap", "times"];

    /** By both readers: the bytes that each writes. */
    async function both(args: readonly string[], out = "both.parquet"): Promise<Buffer[]> {
      const files: Buffer[] = [];
      for (const isHidden of [false, true]) {
        if (isHidden) rmSync(place(), { recursive: true });
        try {
          await json("features", ...args, "--out", out);
        } finally {
          link("@duckdb/node-api");
        }
        files.push(readFileSync(at(out)));
      }
      return files;
    }

    beforeAll(async () => {
      const instance = await DuckDBInstance.create(":memory:");
      const connection = await instance.connect();
      await connection.run("SET threads = 1");
      const sorted = `SELECT utterance, frame, ${channels.join()} FROM '${data}' ORDER BY utterance, frame`;
      const tables: Record<string, string> = {
        sorted,
        turned: `SELECT * FROM (${sorted}) ORDER BY utterance, frame DESC`,
        gap: `SELECT * REPLACE (CASE WHEN frame = 3 AND utterance = 2 THEN NULL ELSE lpc2 END AS lpc2)
              FROM (${sorted})`,
        times: `SELECT 'é' || utterance // 100 AS name,
                  TIMESTAMP '2026-01-01' + to_milliseconds(utterance * 100 + frame) AS at,
                  lpc1::FLOAT AS x, frame % 3 = 0 AS y
                FROM (${sorted})`,
      };
      // Several row groups, so that series cross from one into the next.
      for (const name of names)
        await connection.run(`COPY (${tables[name]}) TO '${at(`${name}.parquet`)}' (ROW_GROUP_SIZE 2048)`);
      connection.closeSync();
      instance.closeSync();
      link("hyparquet");
    });

    it.each([
      ["sorted.parquet", ...table],
      ["sorted.parquet", ...table, "--augment", "time", "--depth", "2"],
      ["gap.parquet", ...table, "--missing", "drop-row", "--depth", "2"],
      ["gap.parquet", ...table, "--missing", "interpolate", "--depth", "2"],
      ["times.parquet", "--id", "name", "--sort", "at", "--channels", "x,y,at"],
      ["times.parquet", "--channels", "x,y"],
    ])("hyparquet gives the same bytes: %s %s %s %s %s %s %s %s", async (...args) => {
      const [byDuckdb, byHyparquet] = (await both(args)) as [Buffer, Buffer];
      expect(byHyparquet.equals(byDuckdb)).toBe(true);
    });

    it("hyparquet gives the same bytes: .npy", async () => {
      const [byDuckdb, byHyparquet] = (await both(["sorted.parquet", ...table], "both.npy")) as [Buffer, Buffer];
      expect(byHyparquet.equals(byDuckdb)).toBe(true);
    });

    it("says what it cannot do, and where", async () => {
      rmSync(place(), { recursive: true });
      try {
        const of = (file: string, ...more: string[]) => path("features", file, ...table, ...more);
        expect(await of("turned.parquet")).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/turned.parquet, row 2: rows must stand by utterance and frame, .*@duckdb/),
        });
        const lines = readFileSync(data, "utf8").split(/\r?\n/);
        const row = lines.findIndex((line) => /^2,\d+,3,/.test(line));
        expect((await of("gap.parquet")).stderr).toContain(`gap.parquet, row ${row}, column lpc2: a missing value`);
        expect((await of(data)).stderr).toContain("npm install @duckdb/node-api");
        const found = await json("inspect", "sorted.parquet");
        expect(found).toMatchObject({ series: 270, points: { all: 4274 } });
      } finally {
        link("@duckdb/node-api");
      }
    });
  });

  describe("when it is stopped", () => {
    /** `npm run scale -- cli` kills more. */
    const kills = process.env.SCALE === "long" ? 10 : 3;
    /** What a process takes to start, about. */
    const startSeconds = 0.3;
    const long = () => at("stopped.parquet");
    /** Many more rows than are read in a moment. */
    beforeAll(async () => {
      const instance = await DuckDBInstance.create(":memory:");
      const connection = await instance.connect();
      await connection.run(
        `COPY (SELECT i // 50 AS id, i % 50 AS t, sin(i * 0.37) AS x, cos(i * i * 0.11) AS y
         FROM range(1000000) r(i)) TO '${at("many.parquet")}'`,
      );
      connection.closeSync();
      instance.closeSync();
    });
    const start = (...more: string[]): ChildProcess => {
      const args = ["features", "many.parquet", "--id", "id", "--sort", "t", "--out", long(), ...more];
      const options = { cwd: consumer.folder, env: clean() };
      return spawn(nodes["Node 24"], [program(), ...args], { ...options, stdio: ["ignore", "ignore", "pipe"] });
    };
    const ended = (child: ChildProcess): Promise<[number | null, string]> => {
      let said = "";
      child.stderr!.on("data", (text) => {
        said += text;
      });
      return new Promise((resolve) => child.on("close", (code) => resolve([code, said])));
    };
    const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

    const parts = () => readdirSync(consumer.folder).filter((name) => name.endsWith(".part"));

    it("killed at random it leaves no half file, and the next run gives the same bytes", {
      timeout: 60_000 * kills,
    }, async () => {
      const whole = ["features", "many.parquet", "--id", "id", "--sort", "t", "--out", "whole.parquet"];
      const { seconds } = (await json(...whole)) as unknown as { seconds: number };
      const isWhole = () => readFileSync(long()).equals(readFileSync(at("whole.parquet")));
      const next = random(33);
      for (let run = 0; run < kills; run++) {
        const child = start();
        const end = ended(child);
        await pause(1000 * (startSeconds + seconds) * next());
        child.kill("SIGKILL");
        await end;
        // It may have been done before.
        if (existsSync(long())) expect(isWhole()).toBe(true);
        for (const name of [...parts(), "stopped.parquet"]) rmSync(at(name), { force: true });
      }
      expect(await ended(start())).toMatchObject([0, expect.stringContaining("20,000 series")]);
      expect(isWhole()).toBe(true);
      rmSync(long());
    });

    it.skipIf(process.platform !== "linux")("memory stays below 300 MB", { timeout: 120_000 }, async () => {
      const child = start("--depth", "3");
      const end = ended(child);
      let most = 0;
      const watch = setInterval(() => {
        try {
          const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
          most = Math.max(most, Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000);
        } catch {
          // It has ended.
        }
      }, 20);
      try {
        expect((await end)[0]).toBe(0);
      } finally {
        clearInterval(watch);
        rmSync(long(), { force: true });
      }
      expect(most).toBeGreaterThan(50);
      expect(most).toBeLessThan(300);
    });

    it("by Ctrl-C it says what was written, removes the rest and ends with 130", async () => {
      // A thousand columns take some seconds.
      const child = start("--depth", "9");
      const end = ended(child);
      while (parts().length === 0) await pause(5);
      child.kill("SIGINT");
      const [code, said] = await end;
      expect(code).toBe(130);
      expect(said).toMatch(/Interrupted( after \d+ of \d+ series; nothing|; no file) was written/);
      expect([existsSync(long()), parts()]).toEqual([false, []]);
    });
  });
});
