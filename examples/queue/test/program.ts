// The program under test as processes, files for it, and what it should give.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { init, signature } from "path-signature";
import { nodes } from "../../../test/packaging/consumer.ts";
import { type Started, startProgram } from "../../../test/runtimes/browsers/driven.ts";
import { literal, openDatabase, rowsOf } from "../src/table.ts";

const node = nodes["Node 24"];
const main = join(import.meta.dirname, "..", "main.mjs");
const run = promisify(execFile);

/** Runs a command to its end. @returns what it prints as JSON, or the error that it prints */
export async function command(...args: readonly string[]): Promise<{ result?: Record<string, never>; error?: string }> {
  try {
    const { stdout } = await run(node, [main, ...args]);
    return { result: JSON.parse(stdout.trim().split("\n").at(-1) as string) };
  } catch (error) {
    return { error: String((error as { stderr?: unknown }).stderr) };
  }
}

export const worker = (redis: string, ...args: readonly string[]): Promise<Started> =>
  startProgram(node, [main, "work", "--redis", redis, ...args], /working with/);

/** The series of a file: the same for the same first id. */
const pathOf = (id: number, points: number): number[][] =>
  Array.from({ length: points + (id % 7) }, (_, t) => [
    Math.sin(0.7 * id + 0.11 * t),
    Math.cos(1.3 * id + 0.07 * t),
    Math.fround(Math.sin(id + 0.01 * t * t)),
  ]);

export interface Table {
  readonly files: number;
  /** Series of a file. */
  readonly series: number;
  /** Points of a series, at least. */
  readonly points: number;
}

/** Writes Parquet files whose rows are in no order. @param first - the number of the first file */
export async function writeTable(folder: string, { files, series, points }: Table, first = 0): Promise<void> {
  await mkdir(folder, { recursive: true });
  const database = await openDatabase(1);
  const connection = await database.connect();
  for (let f = first; f < first + files; f++) {
    const rows = Array.from({ length: series }, (_, s) => f * series + s).flatMap((id) =>
      pathOf(id, points).map((point, t) => `${id},${t},${point.join()}`),
    );
    const csv = join(folder, "table.tmp");
    await writeFile(csv, `id,time,x,y,z\n${rows.join("\n")}\n`);
    await connection.run(
      `COPY (SELECT * FROM read_csv(${literal(csv)}) ORDER BY hash(id, time))
       TO ${literal(join(folder, `f${String(f).padStart(5, "0")}.parquet`))} (FORMAT parquet)`,
    );
  }
  database.closeSync();
}

/** Runs SQL. */
export async function query(sql: string): Promise<unknown[][]> {
  const database = await openDatabase(1);
  try {
    return await rowsOf(await database.connect(), sql);
  } finally {
    database.closeSync();
  }
}

/** Rows of features by their ids, as the library gives them in this process. */
export async function expected(ids: readonly number[], points: number, depth = 3): Promise<Map<number, number[]>> {
  await init({ variant: "simd" });
  const options = { depth, dtype: "float32" } as const;
  return new Map(ids.map((id) => [id, Array.from(signature(pathOf(id, points), options).data)]));
}

/** Rows of a file of results. */
export async function rowsIn(file: string): Promise<Map<number, number[]>> {
  const rows = await query(`SELECT * FROM read_parquet(${literal(file)})`);
  const found = new Map<number, number[]>();
  for (const [id, ...numbers] of rows) {
    if (found.has(Number(id))) throw new Error(`id ${id} is there twice`);
    found.set(Number(id), numbers as number[]);
  }
  return found;
}
