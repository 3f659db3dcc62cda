// Tables in Parquet files, read by DuckDB: the series of a job in the order of their ids, a batch
// at a time, and those that cannot be computed with a reason.

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Fault, reasonOf } from "./fault.ts";
import type { IdRange, InputFile, Job } from "./job.ts";

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Numbers of points of a batch, at least, if there are as many. */
const numbersOfBatch = 2 ** 19;

const limits = { float32: "3.4028234663852886e38", float64: "1.7976931348623157e308" };

export interface Series {
  /** Ids as they are in the file: bigint, number or string. */
  readonly ids: readonly unknown[];
  readonly data: Float32Array | Float64Array;
  /** Path i has points offsets[i] to offsets[i + 1] − 1. */
  readonly offsets: Float64Array;
}

export const openDatabase = (threads: number, memory = "1GB"): Promise<DuckDBInstance> =>
  DuckDBInstance.create(":memory:", { threads: String(threads), memory_limit: memory });

export const rowsOf = async (connection: DuckDBConnection, sql: string): Promise<unknown[][]> =>
  (await connection.runAndReadAll(sql)).getRows() as unknown[][];

export const fromFiles = (files: readonly InputFile[], more = ""): string =>
  `read_parquet([${files.map(({ path }) => literal(path)).join(", ")}]${more})`;

function within(id: string, range: IdRange | null): string {
  if (range === null) return "true";
  const parts = [];
  if (range.from !== null) parts.push(`${id} >= ${literal(range.from)}`);
  if (range.to !== null) parts.push(`${id} < ${literal(range.to)}`);
  const inside = parts.join(" AND ") || "true";
  return range.from === null ? `(${inside} OR ${id} IS NULL)` : inside;
}

/** The series of a job, in tables of a connection of their own. */
export class JobSeries {
  readonly #connection: DuckDBConnection;
  readonly #job: Job;
  /** Series that can be computed. */
  readonly count: number;
  /** The SQL type of ids. */
  readonly idType: string;

  private constructor(connection: DuckDBConnection, job: Job, count: number, idType: string) {
    this.#connection = connection;
    this.#job = job;
    this.count = count;
    this.idType = idType;
  }

  /** @throws Fault if a column is missing or has no numbers */
  static async open(connection: DuckDBConnection, job: Job): Promise<JobSeries> {
    const { columns, dtype } = job.settings;
    const [id, time] = [quoted(columns.id), quoted(columns.time)];
    const parts = [
      `${id} AS id_, ${time} AS time_`,
      ...columns.channels.map((name, i) => `${quoted(name)}::DOUBLE AS c${i}_`),
      "filename AS file_, file_row_number AS row_",
    ];
    const source = fromFiles(job.files, ", filename = true, file_row_number = true");
    const select = `SELECT ${parts.join(", ")} FROM ${source} WHERE ${within(id, job.range)}`;
    const limit = limits[dtype];
    const reasons = [
      `WHEN id_ IS NULL THEN ${literal(`${columns.id} is null`)}`,
      `WHEN count(time_) < count(*) THEN ${literal(`${columns.time} is null`)}`,
      ...columns.channels.flatMap((name, i) => [
        `WHEN count(c${i}_) < count(*) THEN ${literal(`${name} is null`)}`,
        `WHEN NOT bool_and(c${i}_ BETWEEN -${limit} AND ${limit}) THEN ${literal(`${name} is not a finite ${dtype}`)}`,
      ]),
    ];
    try {
      await connection.run(`CREATE OR REPLACE TEMP TABLE points_ AS ${select}`);
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE series_ AS
         SELECT id_, count(*) AS n_, any_value(file_) AS file_, CASE ${reasons.join(" ")} END AS reason_
         FROM points_ GROUP BY id_`,
      );
    } catch (error) {
      const reason = reasonOf(error);
      const files = job.files.map(({ path }) => path).join(", ");
      if (/^(Binder|Conversion|Invalid Input) Error/.test(reason)) throw new Fault(`${files}: ${reason}`);
      throw error;
    }
    const sql = "SELECT count(*) FILTER (WHERE reason_ IS NULL)::DOUBLE, any_value(typeof(id_)) FROM series_";
    const [[count, idType] = []] = await rowsOf(connection, sql);
    return new JobSeries(connection, job, count as number, String(idType ?? "VARCHAR"));
  }

  /** Series that cannot be computed: the first few with file and reason, and how many there are. */
  async bad(): Promise<{ readonly count: number; readonly first: readonly string[] }> {
    const rows = await rowsOf(
      this.#connection,
      `SELECT id_::VARCHAR, file_, reason_, (count(*) OVER ())::DOUBLE FROM series_
       WHERE reason_ IS NOT NULL ORDER BY id_ LIMIT 5`,
    );
    const first = rows.map(([id, file, reason]) => `series ${id} of ${file}: ${reason}`);
    return { count: (rows[0]?.[3] as number | undefined) ?? 0, first };
  }

  /** Writes all points of series that cannot be computed, with file, row and reason. */
  async writeBad(file: string): Promise<void> {
    const { columns } = this.#job.settings;
    const names = [
      `p.id_ AS ${quoted(columns.id)}, time_ AS ${quoted(columns.time)}`,
      ...columns.channels.map((name, i) => `c${i}_ AS ${quoted(name)}`),
    ];
    await this.#connection.run(
      `COPY (SELECT ${names.join(", ")}, p.file_ AS bad_file, row_ AS bad_row, reason_ AS bad_reason
             FROM points_ p JOIN series_ s ON p.id_ IS NOT DISTINCT FROM s.id_
             WHERE reason_ IS NOT NULL ORDER BY p.id_, p.file_, row_) TO ${literal(file)} (FORMAT parquet)`,
    );
  }

  /** The others, in the order of their ids; points of one time in the order of the file. */
  async *batches(): AsyncGenerator<Series> {
    const { columns, dtype } = this.#job.settings;
    const width = columns.channels.length;
    const floats = dtype === "float32" ? Float32Array : Float64Array;
    const sizes = (
      await this.#connection.runAndReadAll("SELECT id_, n_::DOUBLE FROM series_ WHERE reason_ IS NULL ORDER BY id_")
    ).getColumns() as [unknown[], number[]];
    const [allIds = [], counts = []] = sizes;
    const names = columns.channels.map((_, i) => `c${i}_`).join(", ");
    const points = await this.#connection.stream(
      `SELECT ${names} FROM points_
       WHERE id_ IN (SELECT id_ FROM series_ WHERE reason_ IS NULL)
       ORDER BY id_, time_, file_, row_`,
    );
    let chunk = await points.fetchChunk();
    let at = 0;
    for (let first = 0; first < counts.length; ) {
      const offsets = [0];
      let last = first;
      while (last < counts.length && (offsets.at(-1) as number) * width < numbersOfBatch)
        offsets.push((offsets.at(-1) as number) + (counts[last++] as number));
      const total = offsets.at(-1) as number;
      const data = new floats(total * width);
      for (let done = 0; done < total; ) {
        if (chunk === null || chunk.rowCount === 0) throw new Error("The table ended before its points.");
        const rows = Math.min(chunk.rowCount - at, total - done);
        for (let c = 0; c < width; c++) {
          const vector = chunk.getColumnVector(c);
          for (let i = 0; i < rows; i++) data[(done + i) * width + c] = vector.getItem(at + i) as number;
        }
        done += rows;
        at += rows;
        if (at === chunk.rowCount) [chunk, at] = [await points.fetchChunk(), 0];
      }
      yield { ids: allIds.slice(first, last), data, offsets: Float64Array.from(offsets) };
      first = last;
    }
  }
}
