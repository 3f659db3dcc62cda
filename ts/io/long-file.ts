// Long tables in CSV and Parquet files, read by DuckDB.

import { fileURLToPath } from "node:url";
import { describe, reasonOf, typeError } from "../input/errors.ts";
import { type LongTableOptions, seriesOf } from "../tables/long-table.ts";
import { checkMissing } from "../tables/missing.ts";
import { peer } from "../tables/peer.ts";
import type { Id, Series } from "../tables/series.ts";
import { badFile } from "./file.ts";

/** The members of @duckdb/node-api that are used. */
interface DuckDb {
  readonly DuckDBInstance: { create(path: string): Promise<DuckDbInstance> };
}
interface DuckDbInstance {
  connect(): Promise<DuckDbConnection>;
  closeSync(): void;
}
interface DuckDbConnection {
  runAndReadAll(sql: string, values?: readonly string[]): Promise<DuckDbReader>;
  closeSync(): void;
}
interface DuckDbReader {
  columnNames(): readonly string[];
  columnTypes(): readonly { toString(): string }[];
  getColumns(): readonly (readonly unknown[])[];
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** DuckDB's function that reads a file. */
const readerOf = (path: string): string => (/\.(parquet|pq)$/i.test(path) ? "read_parquet" : "read_csv");

/**
 * The paths of a long table in a file: a row for each point, with a column for the path's id, one
 * for the time if there is one, and one for each channel. `.parquet` files are read as Parquet,
 * others as CSV (`.csv`, `.tsv`, `.csv.gz`), whose header and separators DuckDB detects. Needs the
 * package @duckdb/node-api.
 *
 * @param file - path or `file:` URL.
 * @throws PathSignatureError PEER_MISSING, FILE_FORMAT, TABLE_TYPE, MISSING_VALUE, MISSING_INVALID
 *
 * @example
 * const paths = await readLong("pen.parquet", { id: "gesture", time: "t", channels: ["x", "y"] });
 * signature(paths, { depth: 3 });
 */
export async function readLong(file: string | URL, options: LongTableOptions): Promise<Series> {
  if (typeof file !== "string" && !(file instanceof URL))
    throw typeError("SOURCE_TYPE", "file", describe(file), "a path or a file: URL");
  if (typeof options !== "object" || options === null || !Array.isArray(options.channels))
    throw typeError("TABLE_TYPE", "options", describe(options), "{ id, channels: [names of columns] }");
  const { id, time, channels, missing } = options;
  checkMissing(missing);
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const { DuckDBInstance } = await peer(
    "@duckdb/node-api",
    () => import("@duckdb/node-api") as unknown as Promise<DuckDb>,
  );
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    try {
      const query = (what: string): Promise<DuckDbReader> =>
        connection.runAndReadAll(`SELECT ${what}`, [path]).catch((error: unknown) => {
          throw badFile(path, reasonOf(error), "a CSV or Parquet file that DuckDB can read");
        });
      const from = `FROM ${readerOf(path)}(?)`;
      const head = await query(`* ${from} LIMIT 0`);
      const names = head.columnNames();
      const types = head.columnTypes().map(String);
      const typeOf = (name: string, option: string): string => {
        const index = names.indexOf(name);
        if (index < 0)
          throw typeError(
            "TABLE_TYPE",
            `options.${option}`,
            describe(name),
            `the name of a column: ${names.join(", ")}`,
          );
        return types[index] as string;
      };
      typeOf(id, "id");
      const isTime = (type: string): boolean => /^(TIMESTAMP|DATE)/.test(type);
      const numbers = (name: string, option: string): string => {
        const type = typeOf(name, option);
        if (isTime(type) && name === time) return `epoch_us(${quoted(name)}::TIMESTAMP)::DOUBLE`;
        if (!/INT|FLOAT|DOUBLE|DECIMAL|BOOLEAN/.test(type))
          throw typeError(
            "TABLE_TYPE",
            `options.${option}`,
            `${describe(name)}, a column of ${type}`,
            "a column of numbers",
          );
        return `${quoted(name)}::DOUBLE`;
      };
      const wanted = [
        quoted(id),
        ...(time === undefined ? [] : [numbers(time, "time")]),
        ...channels.map((name, i) => numbers(name, `channels[${i}]`)),
      ];
      const [ids = [], ...columns] = (await query(`${wanted.join(", ")} ${from}`)).getColumns();
      const values = columns.map((column) =>
        Float64Array.from(column, (x) => (x === null ? Number.NaN : (x as number))),
      );
      return seriesOf(
        {
          ids: ids as readonly (Id | null)[],
          times: time === undefined ? undefined : values.shift(),
          channels: channels.map((name, i) => ({ name, values: values[i] as Float64Array })),
        },
        missing,
      );
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}
