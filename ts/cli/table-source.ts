// Long tables in Parquet and CSV files, sorted and streamed by DuckDB: memory is bounded by a
// batch, not by the files.

import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import type { Id } from "../tables/series.ts";
import { freeChunks } from "./collect.ts";
import { Database, databaseFault, literal, quoted } from "./duckdb.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { ReadingOptions } from "./open.ts";
import { rowsOfParquet } from "./parquet-read.ts";
import { type Batch, numbersOfBatch, type Source } from "./source.ts";
import { type Column, channelsOf, columnNamed, isNumeric, isTime } from "./table-columns.ts";
import { type Sizes, seriesInOrder } from "./table-keys.ts";
import { Buffers, partsOfFiles, type RowReader, type Rows, rowsInTurn, streamedRows } from "./table-rows.ts";

/** Batches between two collections. */
const batchesAtOnce = 8;

/** Bytes of a CSV file that a thread reads at once; a line is shorter. */
const csvBuffer = 8 * 2 ** 20;

export const isParquet = (file: string): boolean => /\.(parquet|pq)$/i.test(file);

/**
 * Tables with the name of each row's file in the column `filename`.
 * @param more - further options of Parquet files
 */
export function fromFiles(files: readonly string[], more = ""): string {
  const list = `[${files.map(literal).join(", ")}]`;
  const areParquet = files.every(isParquet);
  if (!areParquet && files.some(isParquet)) throw wrongArguments("Parquet and CSV files cannot be read together.");
  return areParquet
    ? `read_parquet(${list}, filename = true${more})`
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
    return await TableSource.open(database, files, options, signal);
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

  static async open(
    database: Database,
    files: readonly string[],
    options: ReadingOptions,
    signal: AbortSignal,
  ): Promise<TableSource> {
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
    const list = parts.join(", ");
    const all = `SELECT ${list}, filename, row_number() OVER () AS row_ FROM ${fromFiles(files)}`;
    const there = channels.map((_, i) => `c${i}_ IS NOT NULL AND NOT isnan(c${i}_)`).join(" AND ");
    const kept = (rows: string) => (options.missing === "drop-row" ? `SELECT * FROM (${rows}) WHERE ${there}` : rows);
    const rows = kept(all);
    const noSort = /FLOAT|DOUBLE/.test(sort?.type ?? "") ? "(sort_ IS NULL OR isnan(sort_))" : "sort_ IS NULL";
    const isParquetOnly = files.every(isParquet);
    const mayBeDirect = isParquetOnly && options.missing !== "drop-row";
    const known = mayBeDirect && id && sort ? await seriesInOrder(files, [id, sort], signal) : undefined;
    let [count, longest, isSorted] = [0, 0, true];
    if (known !== undefined) {
      const [, counts] = known;
      count = counts.length;
      for (let i = 0; i < count; i++) longest = Math.max(longest, counts[i] as number);
    } else [count, longest, isSorted] = await lookAtRows(database, connection, rows, noSort, options);
    // Rows in their order arrive several times as fast from one thread, which has none to wait for.
    if (isSorted) await connection.run("SET threads = 1");
    const names = channels.map(({ name }) => name);
    const idColumn = { name: id?.name ?? "file", type: id?.type ?? "VARCHAR" };
    const stream = new TableSource(database, files, [rows, all], idColumn, names, [count, longest]);
    stream.#timeColumn = sort && asDouble({ name: "sort_", type: sort.type });
    stream.#isSorted = isSorted;
    if (mayBeDirect) stream.#columns = (count) => [...channels, ...(sort === undefined ? [] : [sort])].slice(0, count);
    const isDivisible = isParquetOnly && !columns.some(({ name }) => name === "file_row_number");
    if (isDivisible)
      stream.#rowsOfPart = (part) =>
        kept(`SELECT ${list} FROM ${fromFiles(files, ", file_row_number = true")} WHERE ${part}`);
    stream.#sizes = known ?? (await connection.stream("SELECT id_, n::DOUBLE FROM series ORDER BY id_"));
    return stream;
  }

  /** Ids and numbers of points of the series, in their order. */
  #sizes: DuckDBResult | Sizes = [[], []];
  /** Whether the files have the rows in the order wanted. */
  #isSorted = false;
  /** Columns that are read, of files that may be read without a query. */
  #columns: ((count: number) => readonly Column[]) | undefined;
  /** The rows of some row groups; `undefined` of files that have none. */
  #rowsOfPart: ((part: string) => string) | undefined;
  /** What rows are sorted by, as float64. */
  #timeColumn: string | undefined;

  async *batches({ times: needsTimes = false } = {}): AsyncGenerator<Batch> {
    const { channels } = this;
    const columns = channels.map((_, i) => `c${i}_`);
    const timeColumn = needsTimes ? this.#timeColumn : undefined;
    if (timeColumn !== undefined) columns.push(timeColumn);
    const connection = await this.#database.connect();
    let reader: RowReader | undefined;
    try {
      reader = await this.#read(connection, columns);
      const points = new Points(reader, channels.length, timeColumn !== undefined);
      let ids: Id[] = [];
      let offsets = [0];
      let count = 0;
      let batches = 0;
      const batch = async (): Promise<Batch> => {
        const { data, times } = await points.take(count);
        // Results and chunks of ids, which no longer matter.
        if (++batches % batchesAtOnce === 0) freeChunks();
        const series = { data, offsets: Float64Array.from(offsets), channels, ids };
        [ids, offsets, count] = [[], [0], 0];
        return { series, times };
      };
      for await (const [chunk, counts] of sizesOf(this.#sizes))
        for (let i = 0; i < chunk.length; i++) {
          ids.push(chunk[i] as Id);
          count += counts[i] as number;
          offsets.push(count);
          if (count * channels.length >= numbersOfBatch) yield await batch();
        }
      if (ids.length > 0) yield await batch();
    } catch (error) {
      throw error instanceof Fault ? error : databaseFault(this.#files, error);
    } finally {
      await reader?.end();
    }
  }

  /** Columns of the rows in their order. */
  async #read(connection: DuckDBConnection, columns: readonly string[]): Promise<RowReader> {
    const select = `SELECT ${columns.join(", ")} FROM`;
    if (!this.#isSorted)
      return streamedRows(connection, `${select} (${this.#rows}) ORDER BY id_, sort_, row_`, columns.length);
    const direct = this.#columns && (await rowsOfParquet(this.#files, this.#columns(columns.length)));
    if (direct) return direct;
    const rowsOf = this.#rowsOfPart;
    const parts = rowsOf && (await partsOfFiles(connection, this.#files, columns.length));
    if (parts === undefined) return streamedRows(connection, `${select} (${this.#rows})`, columns.length);
    return rowsInTurn(
      connection,
      parts.map((part) => `${select} (${rowsOf?.(part)})`),
      columns.length,
    );
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
 * Groups rows into a table `series`. @returns how many there are, the points of the longest, and
 * whether the rows stand by id and time already
 */
async function lookAtRows(
  database: Database,
  connection: DuckDBConnection,
  rows: string,
  noSort: string,
  options: ReadingOptions,
): Promise<[number, number, boolean]> {
  // Side by side: the first has one thread.
  const looking = rowsAreSorted(await database.connect(), rows);
  const grouping = connection.run(
    `CREATE TEMP TABLE series AS
     SELECT id_, count(*) AS n, count(*) FILTER (WHERE ${noSort}) AS wrong FROM (${rows}) GROUP BY id_`,
  );
  const [isSorted] = await Promise.all([looking, grouping]);
  const [first = []] = await rowsOf(
    connection,
    `SELECT count(*)::DOUBLE, coalesce(max(n), 0)::DOUBLE,
            coalesce(sum(wrong), 0)::DOUBLE + count(*) FILTER (WHERE id_ IS NULL)
     FROM series`,
  );
  if (Number(first[2]) > 0) throw await missingKey(connection, rows, noSort, options);
  return [Number(first[0]), Number(first[1]), isSorted];
}

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

/** Ids and numbers of points, chunk by chunk. */
async function* sizesOf(sizes: DuckDBResult | Sizes): AsyncGenerator<Sizes> {
  if ("fetchChunk" in sizes) for await (const chunk of sizes) yield chunk.getColumns() as [Id[], number[]];
  else yield sizes;
}

/**
 * The points of rows, as many at once as asked for. They are overwritten when those after the next
 * are taken: memory that is allocated again and again has to be collected as often.
 */
class Points {
  readonly #reader: RowReader;
  /** Numbers of a point, and of a row: a last one may be its time. */
  readonly #width: number;
  readonly #rowWidth: number;
  /** Of the rows that are read, and of what is taken from several of them. */
  readonly #read = new Buffers();
  readonly #joined = new Buffers();
  #rows: Rows = { count: 0, numbers: new Float64Array(0) };
  /** The next of the rows, and whether some before it are in use. */
  #at = 0;
  #isUsed = false;

  constructor(reader: RowReader, width: number, hasTimes: boolean) {
    this.#reader = reader;
    this.#width = width;
    this.#rowWidth = hasTimes ? width + 1 : width;
  }

  /** The next `count` points; NaN for what is missing. */
  async take(count: number): Promise<{ readonly data: Float64Array; readonly times: Float64Array | undefined }> {
    const numbers = await this.#take(count);
    const [width, rowWidth] = [this.#width, this.#rowWidth];
    if (width === rowWidth) return { data: numbers, times: undefined };
    const [data, times] = [new Float64Array(count * width), new Float64Array(count)];
    for (let row = 0, from = 0, to = 0; row < count; row++) {
      for (let i = 0; i < width; i++) data[to++] = numbers[from++] as number;
      times[row] = numbers[from++] as number;
    }
    return { data, times };
  }

  /** The numbers of the next `count` rows: a view of them where they are together. */
  async #take(count: number): Promise<Float64Array> {
    const width = this.#rowWidth;
    let joined: Float64Array | undefined;
    for (let done = 0; done < count; ) {
      if (this.#at === this.#rows.count) await this.#next();
      const rows = Math.min(this.#rows.count - this.#at, count - done);
      const own = this.#rows.numbers.subarray(this.#at * width, (this.#at + rows) * width);
      this.#at += rows;
      if (rows === count) {
        this.#isUsed = true;
        return own;
      }
      joined ??= this.#joined.allocate(count * width);
      joined.set(own, done * width);
      done += rows;
    }
    this.#joined.swap();
    return joined as Float64Array;
  }

  async #next(): Promise<void> {
    if (this.#isUsed) this.#read.swap();
    const rows = await this.#reader.next(this.#read.allocate);
    if (rows === undefined) throw new Fault("The files changed while they were read.");
    [this.#rows, this.#at, this.#isUsed] = [rows, 0, false];
  }
}
