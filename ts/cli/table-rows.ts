// Rows of tables as float64 numbers, as DuckDB hands them over: chunk by chunk as a query streams
// them or, of Parquet files whose rows stand in order, some row groups at a time. A chunk of a
// stream is a message between threads and has 2048 rows; the others are read at once.

import type { DuckDBConnection, DuckDBDataChunk, DuckDBVector } from "@duckdb/node-api";
import { freeChunks, freeResults } from "./collect.ts";
import { literal } from "./duckdb.ts";

/** Some rows, row by row; NaN for what is missing. */
export interface Rows {
  readonly count: number;
  readonly numbers: Float64Array;
}

/** An array of a length, or the beginning of a longer one. */
export type Allocate = (length: number) => Float64Array;

/** Two arrays that are used in turn, and grow. */
export class Buffers {
  readonly #both = [new Float64Array(0), new Float64Array(0)];
  #now = 0;

  swap(): void {
    this.#now = 1 - this.#now;
  }

  readonly allocate: Allocate = (length) => {
    const own = this.#both[this.#now] as Float64Array;
    if (own.length >= length) return own.subarray(0, length);
    const grown = new Float64Array(length);
    this.#both[this.#now] = grown;
    return grown;
  };
}

/** Rows in their order. */
export interface RowReader {
  /** The next rows; `undefined` behind the last. @param allocate - of the array that they go to */
  next(allocate: Allocate): Promise<Rows | undefined>;
  /** Waits for what still runs. */
  end(): Promise<void>;
}

/** Rows of a query, as they come. @param width - number of its columns, all of them DOUBLE */
export async function streamedRows(connection: DuckDBConnection, query: string, width: number): Promise<RowReader> {
  const result = await connection.stream(query);
  let chunks = 0;
  return {
    async next(allocate) {
      if (++chunks % chunksAtOnce === 0) freeChunks();
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return undefined;
      const rows = { count: chunk.rowCount, numbers: allocate(chunk.rowCount * width) };
      copyChunk(chunk, rows.numbers, 0, width);
      return rows;
    },
    end: async () => {},
  };
}

/** Chunks of a stream between two collections. */
const chunksAtOnce = 32;

/** Rows of several queries one after the other, of which the next runs while one is used. */
export function rowsInTurn(connection: DuckDBConnection, queries: readonly string[], width: number): RowReader {
  let begun = 0;
  const begin = () => {
    const query = queries[begun++];
    const result = query === undefined ? undefined : connection.run(query);
    // It fails where it is awaited.
    result?.catch(() => {});
    return result;
  };
  let running = begin();
  let bytes = 0;
  return {
    async next(allocate) {
      freeChunks();
      if (bytes > mostBytes) {
        freeResults();
        bytes = 0;
      }
      const result = await running;
      if (result === undefined) return undefined;
      running = begin();
      bytes += result.rowCount * width * 8;
      const rows = { count: result.rowCount, numbers: allocate(result.rowCount * width) };
      for (let chunk = 0, row = 0; chunk < result.chunkCount; chunk++) {
        row += copyChunk(result.getChunk(chunk), rows.numbers, row, width);
        if ((chunk + 1) % chunksAtOnce === 0) freeChunks();
      }
      return rows;
    },
    async end() {
      begun = queries.length;
      await running?.catch(() => {});
    },
  };
}

/** Bytes of results between two collections. */
const mostBytes = 12 * 2 ** 20;

/** Copies the rows of a chunk behind others. @returns how many there are */
function copyChunk(chunk: DuckDBDataChunk, to: Float64Array, row: number, width: number): number {
  const { rowCount } = chunk;
  for (let column = 0; column < width; column++)
    copyColumn(chunk.getColumnVector(column), to, row * width + column, width, rowCount);
  return rowCount;
}

function copyColumn(column: DuckDBVector, to: Float64Array, first: number, step: number, count: number): void {
  const numbers = numbersOf(column);
  if (numbers === undefined)
    for (let i = 0, at = first; i < count; i++, at += step) to[at] = (column.getItem(i) ?? Number.NaN) as number;
  else for (let i = 0, at = first; i < count; i++, at += step) to[at] = numbers[i] as number;
}

/**
 * The numbers of a column in which none is missing, as they are in memory. The package has no name
 * for them in its types; `undefined` if it keeps them in another way.
 */
function numbersOf(column: DuckDBVector): Float64Array | undefined {
  const { items, validity } = column as { items?: unknown; validity?: { data?: unknown } };
  return items instanceof Float64Array && validity?.data === null ? items : undefined;
}

/** Numbers that a query gives, about. */
const numbersAtOnce = 2 ** 19;
/** Numbers of a row group at most, of which two are in memory. */
const mostNumbers = 2 ** 22;

/**
 * Conditions for rows of Parquet files, by `filename` and `file_row_number`, that divide them into
 * some row groups each, in their order; `undefined` if row groups are too large.
 */
export async function partsOfFiles(
  connection: DuckDBConnection,
  files: readonly string[],
  width: number,
): Promise<readonly string[] | undefined> {
  const list = files.map(literal).join(", ");
  const groups = await connection.runAndReadAll(
    `SELECT file_name, row_group_num_rows::DOUBLE FROM parquet_metadata([${list}])
     WHERE column_id = 0 ORDER BY row_group_id`,
  );
  const parts: string[] = [];
  for (const file of files) {
    const end = (from: number, to: number) =>
      parts.push(`filename = ${literal(file)} AND file_row_number >= ${from} AND file_row_number < ${to}`);
    let [from, to] = [0, 0];
    for (const [name, rows] of groups.getRows() as [string, number][]) {
      if (name !== file) continue;
      if (rows * width > mostNumbers) return undefined;
      to += rows;
      if ((to - from) * width < numbersAtOnce) continue;
      end(from, to);
      from = to;
    }
    if (to > from) end(from, to);
  }
  return parts;
}
