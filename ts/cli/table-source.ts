// Long tables in Parquet and CSV files, sorted and streamed by DuckDB: memory is bounded by a
// batch, not by the files.

import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import type { Id } from "../tables/series.ts";
import { freeChunks } from "./collect.ts";
import { Database, databaseFault, literal, quoted } from "./duckdb.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { ReadingOptions } from "./open.ts";
import { type Batch, numbersOfBatch, type Source } from "./source.ts";
import { type Column, channelsOf, columnNamed, isNumeric, isTime } from "./table-columns.ts";

/** Bytes of a CSV file that a thread reads at once; a line is shorter. */
const csvBuffer = 8 * 2 ** 20;

export const isParquet = (file: string): boolean => /\.(parquet|pq)$/i.test(file);

/** Tables with the name of each row's file in the column `filename`. */
export function fromFiles(files: readonly string[]): string {
  const list = `[${files.map(literal).join(", ")}]`;
  const areParquet = files.every(isParquet);
  if (!areParquet && files.some(isParquet)) throw wrongArguments("Parquet and CSV files cannot be read together.");
  return areParquet
    ? `read_parquet(${list}, filename = true)`
    : `read_csv(${list}, filename = true, buffer_size = ${csvBuffer})`;
}

export async function columnsOf(connection: DuckDBConnection, files: readonly string[]): Promise<Column[]> {
  try {
    const head = await connection.runAndReadAll(`SELECT * EXCLUDE filename FROM ${fromFiles(files)} LIMIT 0`);
    const types = head.columnTypes().map(String);
    return head.columnNames().map((name, i) => ({ name, type: types[i] as string }));
  } catch (error) {
    throw error instanceof Fault ? error : databaseFault(files, error);
  }
}

/** A column as float64. */
const asDouble = (column: Column): string =>
  isTime(column) ? `epoch_us(${quoted(column.name)}::TIMESTAMP)::DOUBLE` : `${quoted(column.name)}::DOUBLE`;

export async function openTable(
  files: readonly string[],
  options: ReadingOptions,
  signal: AbortSignal,
): Promise<Source> {
  const database = await Database.open(signal);
  try {
    return await TableSource.open(database, files, options);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error instanceof Fault ? error : databaseFault(files, error);
  }
}

class TableSource implements Source {
  readonly id: Source["id"];
  readonly channels: readonly string[];
  readonly count: number;
  readonly longest: number;
  readonly hasLabels = false;
  readonly #database: Database;
  readonly #files: readonly string[];
  /** Rows with their id `id_`, their time `sort_`, their number `row_`, and the channels. */
  readonly #rows: string;
  /** The same before some are left out. */
  readonly #all: string;

  private constructor(
    database: Database,
    files: readonly string[],
    [rows, all]: readonly [string, string],
    id: Source["id"],
    channels: readonly string[],
    [count, longest]: readonly [number, number],
  ) {
    this.#database = database;
    this.#files = files;
    this.#rows = rows;
    this.#all = all;
    this.id = id;
    this.channels = channels;
    this.count = count;
    this.longest = longest;
  }

  static async open(database: Database, files: readonly string[], options: ReadingOptions): Promise<TableSource> {
    const connection = await database.connect();
    const columns = await columnsOf(connection, files);
    const channels = channelsOf(columns, options);
    const id = options.id === undefined ? undefined : columnNamed(columns, options.id, "id");
    const sort = options.sort === undefined ? undefined : columnNamed(columns, options.sort, "sort");
    if (sort !== undefined && !isNumeric(sort) && !isTime(sort))
      throw wrongArguments(`--sort ${sort.name}: a column of ${sort.type}, not of numbers or times.`);
    const parts = [
      `${id === undefined ? "filename" : quoted(id.name)} AS id_`,
      `${sort === undefined ? "0" : quoted(sort.name)} AS sort_`,
      ...channels.map((channel, i) => `${asDouble(channel)} AS c${i}_`),
    ];
    const all = `SELECT ${parts.join(", ")}, filename, row_number() OVER () AS row_ FROM ${fromFiles(files)}`;
    const there = channels.map((_, i) => `c${i}_ IS NOT NULL AND NOT isnan(c${i}_)`).join(" AND ");
    const rows = options.missing === "drop-row" ? `SELECT * FROM (${all}) WHERE ${there}` : all;
    const noSort = /FLOAT|DOUBLE/.test(sort?.type ?? "") ? "(sort_ IS NULL OR isnan(sort_))" : "sort_ IS NULL";
    await connection.run(
      `CREATE TEMP TABLE series AS
       SELECT id_, count(*) AS n, count(*) FILTER (WHERE ${noSort}) AS wrong FROM (${rows}) GROUP BY id_`,
    );
    const [first = []] = await rowsOf(
      connection,
      `SELECT count(*)::DOUBLE, coalesce(max(n), 0)::DOUBLE,
              coalesce(sum(wrong), 0)::DOUBLE + count(*) FILTER (WHERE id_ IS NULL)
       FROM series`,
    );
    if (Number(first[2]) > 0) throw await missingKey(connection, rows, noSort, options);
    const isSorted = await rowsAreSorted(connection, rows);
    // Rows in their order arrive several times as fast from one thread, which has none to wait for.
    if (isSorted) await connection.run("SET threads = 1");
    const names = channels.map(({ name }) => name);
    const idColumn = { name: id?.name ?? "file", type: id?.type ?? "VARCHAR" };
    const stream = new TableSource(database, files, [rows, all], idColumn, names, [Number(first[0]), Number(first[1])]);
    stream.#timeColumn = sort && asDouble({ name: "sort_", type: sort.type });
    stream.#isSorted = isSorted;
    stream.#sizes = await connection.stream("SELECT id_, n::DOUBLE FROM series ORDER BY id_");
    return stream;
  }

  /** Ids and numbers of points of the series, in their order. */
  #sizes: DuckDBResult | undefined;
  /** Whether the files have the rows in the order wanted. */
  #isSorted = false;
  /** What rows are sorted by, as float64. */
  #timeColumn: string | undefined;

  async *batches({ times: needsTimes = false } = {}): AsyncGenerator<Batch> {
    const { channels } = this;
    const columns = channels.map((_, i) => `c${i}_`);
    const timeColumn = needsTimes ? this.#timeColumn : undefined;
    if (timeColumn !== undefined) columns.push(timeColumn);
    const connection = await this.#database.connect();
    try {
      const order = this.#isSorted ? "" : " ORDER BY id_, sort_, row_";
      const rows = `SELECT ${columns.join(", ")} FROM (${this.#rows})${order}`;
      const points = new Points(await connection.stream(rows), channels.length, timeColumn !== undefined);
      let ids: Id[] = [];
      let offsets = [0];
      const batch = async (): Promise<Batch> => {
        const { data, times } = await points.take(offsets.at(-1) as number);
        freeChunks();
        const series = { data, offsets: Float64Array.from(offsets), channels, ids };
        [ids, offsets] = [[], [0]];
        return { series, times };
      };
      for await (const [id, n] of pairsOf(this.#sizes as DuckDBResult)) {
        ids.push(id);
        offsets.push((offsets.at(-1) as number) + n);
        if ((offsets.at(-1) as number) * channels.length >= numbersOfBatch) yield await batch();
      }
      if (ids.length > 0) yield await batch();
    } catch (error) {
      throw error instanceof Fault ? error : databaseFault(this.#files, error);
    }
  }

  /** By a query of its own, which only errors need. */
  readonly locate: Source["locate"] = async (id, point, channel) => {
    const connection = await this.#database.connect();
    const found = await rowsOf(
      connection,
      `WITH rows_ AS MATERIALIZED (${this.#all}), left_ AS (${this.#rows}),
       one_ AS (SELECT * FROM left_ WHERE id_::VARCHAR = ${literal(String(id))}
                ORDER BY sort_, row_ LIMIT 1 OFFSET ${point})
       SELECT filename, ${rowInFile} FROM one_`,
    );
    const [file, row] = (found[0] ?? [this.#files.join(", "), "?"]) as [string, number];
    return `${file}, row ${row}, column ${this.channels[channel]}`;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

const rowsOf = async (connection: DuckDBConnection, sql: string): Promise<unknown[][]> =>
  (await connection.runAndReadAll(sql)).getRows() as unknown[][];

/**
 * Whether rows stand by id and time already: looking takes a small part of the time of sorting
 * them.
 */
async function rowsAreSorted(connection: DuckDBConnection, rows: string): Promise<boolean> {
  const before = (column: string) => `lag(${column}) OVER ()`;
  const isBack = `id_ < ${before("id_")} OR (id_ = ${before("id_")} AND sort_ < ${before("sort_")})`;
  const found = await rowsOf(
    connection,
    `SELECT 1 FROM (SELECT ${isBack} AS is_back FROM (${rows})) WHERE is_back LIMIT 1`,
  );
  return found.length === 0;
}

/** The error for an id or a time that is missing, with its file and row. */
async function missingKey(
  connection: DuckDBConnection,
  rows: string,
  noSort: string,
  { id, sort }: ReadingOptions,
): Promise<Fault> {
  const [[file, row, noId] = []] = await rowsOf(
    connection,
    `WITH rows_ AS MATERIALIZED (${rows}),
     one_ AS (SELECT * FROM rows_ WHERE id_ IS NULL OR ${noSort} ORDER BY row_ LIMIT 1)
     SELECT filename, ${rowInFile}, id_ IS NULL FROM one_`,
  );
  return new Fault(`${file}, row ${row}, column ${noId ? id : sort}: a missing value.`);
}

/** The number of the row `one_` in its file, from 1 on. */
const rowInFile = "(row_ - (SELECT min(row_) FROM rows_ WHERE rows_.filename = one_.filename) + 1)::DOUBLE";

/** Rows of two columns of a result. */
async function* pairsOf(result: DuckDBResult): AsyncGenerator<[Id, number]> {
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const [ids = [], counts = []] = chunk.getColumns();
    for (let i = 0; i < ids.length; i++) yield [ids[i] as Id, counts[i] as number];
  }
}

/** The points of a result of float64 columns, as many at once as asked for. */
class Points {
  readonly #result: DuckDBResult;
  readonly #width: number;
  /** Whether a last column has the times. */
  readonly #hasTimes: boolean;
  /** Columns of the chunk at hand, and the next row of it. */
  #chunk: { readonly rowCount: number; readonly columns: { getItem(row: number): unknown }[] } | undefined;
  #at = 0;

  constructor(result: DuckDBResult, width: number, hasTimes: boolean) {
    this.#result = result;
    this.#width = width;
    this.#hasTimes = hasTimes;
  }

  /** The next `count` points; NaN for what is missing. */
  async take(count: number): Promise<{ readonly data: Float64Array; readonly times: Float64Array | undefined }> {
    const width = this.#width;
    const data = new Float64Array(count * width);
    const times = this.#hasTimes ? new Float64Array(count) : undefined;
    for (let done = 0; done < count; ) {
      if (this.#chunk === undefined || this.#at === this.#chunk.rowCount) {
        const chunk = await this.#result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) throw new Fault("The files changed while they were read.");
        const columns = Array.from({ length: chunk.columnCount }, (_, i) => chunk.getColumnVector(i));
        [this.#chunk, this.#at] = [{ rowCount: chunk.rowCount, columns }, 0];
      }
      const { rowCount, columns } = this.#chunk;
      const rows = Math.min(rowCount - this.#at, count - done);
      columns.forEach((column, c) => {
        const [to, step] = c < width ? [data, width] : [times as Float64Array, 1];
        for (let i = 0, at = done * step + (c < width ? c : 0), from = this.#at; i < rows; i++, at += step)
          to[at] = (column.getItem(from + i) ?? Number.NaN) as number;
      });
      this.#at += rows;
      done += rows;
    }
    return { data, times };
  }
}
