// Long tables in Parquet files where DuckDB cannot be had, read by hyparquet: a row group is in
// memory at a time. Nothing sorts the rows: they have to stand by id and time already.

import type { AsyncBuffer, FileMetaData, SchemaElement } from "hyparquet";
import { reasonOf } from "../input/errors.ts";
import type { Id } from "../tables/series.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { ReadingOptions } from "./open.ts";
import { type Batch, numbersOfBatch, type Source } from "./source.ts";
import { type Column, channelsOf, columnNamed, isNumeric, isTime } from "./table-columns.ts";

type Hyparquet = typeof import("hyparquet");

interface OpenFile {
  readonly name: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
}

/** Rows of a row group, column by column. */
interface Rows {
  readonly file: string;
  /** Number of the first row in its file, from 0 on. */
  readonly first: number;
  readonly count: number;
  readonly columns: readonly ArrayLike<unknown>[];
}

/** SQL's name for what a column holds, as DuckDB names it. */
function typeOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): string {
  const kind = logical?.type ?? converted ?? "";
  if (/TIMESTAMP/.test(kind)) return "TIMESTAMP";
  if (kind === "DATE") return "DATE";
  if (/^TIME/.test(kind)) return "TIME";
  if (kind === "DECIMAL") return "DECIMAL";
  const names: Readonly<Record<string, string>> = {
    ...{ BOOLEAN: "BOOLEAN", INT32: "INTEGER", INT64: "BIGINT", FLOAT: "FLOAT", DOUBLE: "DOUBLE" },
  };
  return names[type ?? ""] ?? "VARCHAR";
}

function columnsIn({ schema }: FileMetaData): Column[] {
  return schema
    .slice(1)
    .filter(({ num_children: children }) => children === undefined)
    .map((element) => ({ name: element.name, type: typeOf(element) }));
}

async function opened(hyparquet: Hyparquet, name: string): Promise<OpenFile> {
  try {
    const file = await hyparquet.asyncBufferFromFile(name);
    return { name, file, metadata: await hyparquet.parquetMetadataAsync(file) };
  } catch (error) {
    throw new Fault(`${name}: ${reasonOf(error)}`);
  }
}

/** Columns of a Parquet file. */
export async function columnsOfParquet(hyparquet: Hyparquet, name: string): Promise<Column[]> {
  return columnsIn((await opened(hyparquet, name)).metadata);
}

/** A number as float64; times in microseconds, as DuckDB counts them; NaN for what is missing. */
function numberOf(value: unknown): number {
  if (value instanceof Date) return value.getTime() * 1000;
  return value === null || value === undefined ? Number.NaN : Number(value);
}

/** Whether one id comes before another: texts by their bytes, as DuckDB sorts them. */
function isBefore(a: Id, b: Id): boolean {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
  return a < b;
}

export async function openRowGroups(
  hyparquet: Hyparquet,
  files: readonly string[],
  options: ReadingOptions,
  signal: AbortSignal,
): Promise<Source> {
  const all = await Promise.all(files.toSorted().map((name) => opened(hyparquet, name)));
  const source = new RowGroupSource(hyparquet, all, options, signal);
  await source.look();
  return source;
}

class RowGroupSource implements Source {
  readonly id: Source["id"];
  readonly channels: readonly string[];
  readonly hasLabels = false;
  longest = 0;
  readonly #hyparquet: Hyparquet;
  readonly #files: readonly OpenFile[];
  readonly #signal: AbortSignal;
  readonly #dropsRows: boolean;
  /** Columns of the id and of the time; `undefined`: a file is a series, its rows are in order. */
  readonly #id: Column | undefined;
  readonly #sort: Column | undefined;
  readonly #ids: Id[] = [];
  readonly #lengths: number[] = [];

  constructor(hyparquet: Hyparquet, files: readonly OpenFile[], options: ReadingOptions, signal: AbortSignal) {
    const [first] = files as [OpenFile];
    const columns = columnsIn(first.metadata);
    this.#hyparquet = hyparquet;
    this.#files = files;
    this.#signal = signal;
    this.#dropsRows = options.missing === "drop-row";
    this.channels = channelsOf(columns, options).map(({ name }) => name);
    this.#id = options.id === undefined ? undefined : columnNamed(columns, options.id, "id");
    this.#sort = options.sort === undefined ? undefined : columnNamed(columns, options.sort, "sort");
    if (this.#sort !== undefined && !isNumeric(this.#sort) && !isTime(this.#sort))
      throw wrongArguments(`--sort ${this.#sort.name}: a column of ${this.#sort.type}, not of numbers or times.`);
    this.id = { name: this.#id?.name ?? "file", type: this.#id?.type ?? "VARCHAR" };
  }

  get count(): number {
    return this.#ids.length;
  }

  /** Some columns, row group by row group. */
  async *#rows(names: readonly string[]): AsyncGenerator<Rows> {
    for (const { name, file, metadata } of this.#files) {
      const missing = names.find((column) => !columnsIn(metadata).some((one) => one.name === column));
      if (missing !== undefined) throw new Fault(`${name}: no column ${missing}.`);
      let first = 0;
      for (const group of metadata.row_groups) {
        this.#signal.throwIfAborted();
        const count = Number(group.num_rows);
        const found = new Map<string, unknown[] | ArrayLike<unknown>>();
        const take = (column: string, data: ArrayLike<unknown>, at: number) => {
          if (at === 0 && data.length === count) return void found.set(column, data);
          const whole = (found.get(column) ?? new Array(count)) as unknown[];
          for (let i = 0; i < data.length; i++) whole[at + i] = data[i];
          found.set(column, whole);
        };
        const start = first;
        try {
          await this.#hyparquet.parquetRead({
            ...{ file, metadata, columns: [...new Set(names)], rowStart: start, rowEnd: start + count },
            onChunk: ({ columnName, columnData, rowStart }) => take(columnName, columnData, rowStart - start),
          });
        } catch (error) {
          throw new Fault(`${name}: ${reasonOf(error)}`);
        }
        const columns = names.map((column) => found.get(column) as ArrayLike<unknown>);
        yield { file: name, first: start, count, columns };
        first += count;
      }
    }
  }

  /** Whether a row is left out, for a value that is missing. */
  #isDropped(columns: readonly ArrayLike<unknown>[], row: number): boolean {
    return this.#dropsRows && columns.some((column) => Number.isNaN(numberOf(column[row])));
  }

  /**
   * Learns ids and lengths of series.
   * @throws Fault for rows out of order, and for missing ids or times
   */
  async look(): Promise<void> {
    const keys = [this.#id, this.#sort].flatMap((column) => column?.name ?? []);
    const channels = this.#dropsRows || keys.length === 0 ? this.channels : [];
    let [last, lastTime]: [Id | undefined, number] = [undefined, Number.NEGATIVE_INFINITY];
    for await (const { file, first, count, columns } of this.#rows([...keys, ...channels])) {
      const numbers = columns.slice(keys.length);
      const idColumn = this.#id && columns[0];
      const timeColumn = this.#sort && columns[keys.length - 1];
      for (let row = 0; row < count; row++) {
        if (this.#isDropped(numbers, row)) continue;
        const id = (idColumn === undefined ? file : idColumn[row]) as Id | null | undefined;
        const time = timeColumn === undefined ? 0 : numberOf(timeColumn[row]);
        const wrong = id === null || id === undefined ? this.#id : Number.isNaN(time) ? this.#sort : undefined;
        if (wrong) throw new Fault(`${file}, row ${first + row + 1}, column ${wrong.name}: a missing value.`);
        const isNew = id !== last;
        if (last !== undefined && (isNew ? isBefore(id as Id, last) : time < lastTime)) {
          const order = [this.id.name, ...(this.#sort ? [this.#sort.name] : [])].join(" and ");
          throw new Fault(
            `${file}, row ${first + row + 1}: rows must stand by ${order}, since hyparquet does not sort them ` +
              "(npm install @duckdb/node-api, which does).",
          );
        }
        if (isNew) {
          this.#ids.push(id as Id);
          this.#lengths.push(0);
        }
        this.#lengths[this.#lengths.length - 1] = (this.#lengths.at(-1) as number) + 1;
        [last, lastTime] = [id as Id, time];
      }
    }
    for (const length of this.#lengths) this.longest = Math.max(this.longest, length);
  }

  async *batches({ times: needsTimes = false } = {}): AsyncGenerator<Batch> {
    const width = this.channels.length;
    const time = needsTimes ? this.#sort?.name : undefined;
    let series = 0;
    /**
     * The batch at hand: the series from `series` to `end`, and how many of its points there are.
     */
    let batch = this.#batchFrom(series, time !== undefined);
    let done = 0;
    for await (const { count, columns } of this.#rows([...this.channels, ...(time === undefined ? [] : [time])])) {
      const numbers = columns.slice(0, width);
      for (let row = 0; row < count; row++) {
        if (this.#isDropped(numbers, row)) continue;
        for (let channel = 0; channel < width; channel++)
          batch.series.data[done * width + channel] = numberOf((numbers[channel] as ArrayLike<unknown>)[row]);
        if (batch.times !== undefined) batch.times[done] = numberOf((columns[width] as ArrayLike<unknown>)[row]);
        if (++done < (batch.series.offsets.at(-1) as number)) continue;
        yield batch;
        series += batch.series.ids.length;
        done = 0;
        if (series < this.count) batch = this.#batchFrom(series, time !== undefined);
      }
    }
  }

  /** A batch without numbers: the series from one on, until there are enough. */
  #batchFrom(first: number, hasTimes: boolean) {
    const { channels } = this;
    const offsets = [0];
    let to = first;
    while (to < this.count && (offsets.at(-1) as number) * channels.length < numbersOfBatch)
      offsets.push((offsets.at(-1) as number) + (this.#lengths[to++] as number));
    const points = offsets.at(-1) as number;
    return {
      series: {
        ...{ data: new Float64Array(points * channels.length), offsets: Float64Array.from(offsets) },
        ...{ channels, ids: this.#ids.slice(first, to) },
      },
      times: hasTimes ? new Float64Array(points) : undefined,
    };
  }

  /** By reading again, which only errors need. */
  readonly locate: Source["locate"] = async (id, point, channel) => {
    const series = this.#ids.indexOf(id);
    let left = this.#lengths.slice(0, series).reduce((sum, length) => sum + length, point);
    for await (const { file, first, count, columns } of this.#rows(this.channels))
      for (let row = 0; row < count; row++)
        if (!this.#isDropped(columns, row) && left-- === 0)
          return `${file}, row ${first + row + 1}, column ${this.channels[channel]}`;
    return `${this.#files.map(({ name }) => name).join(", ")}, series ${id}`;
  };

  async [Symbol.asyncDispose](): Promise<void> {}
}
