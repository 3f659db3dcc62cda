// A job from files to a file: signatures of each series by an engine, a row for each id.

import { access } from "node:fs/promises";
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBInstance,
  type DuckDBType,
} from "@duckdb/node-api";
import { type Engine, PathSignatureError } from "path-signature";
import { Fault } from "./fault.ts";
import { checkUnchanged, type Job } from "./job.ts";
import { complete, partFile, quarantineFile, sweep } from "./output.ts";
import { JobSeries, literal, quoted, type Series } from "./table.ts";

/** What a job gave. */
export interface Outcome {
  readonly series: number;
  readonly quarantined: number;
  /** Whether the file was there already. */
  readonly wasDone: boolean;
}

export interface Tools {
  readonly engine: Engine;
  readonly database: DuckDBInstance;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/**
 * Runs a job. Twice is once: the bytes are the same, and a file that is there is not made again.
 *
 * @throws Fault, or PathSignatureError, if another try cannot help
 */
export async function runJob(job: Job, tools: Tools): Promise<Outcome> {
  const { database, signal } = tools;
  const part = partFile(job.out, job.name);
  const quarantine = quarantineFile(job.out, job.name);
  if (await exists(part)) return { series: 0, quarantined: 0, wasDone: true };
  await sweep(part);
  await sweep(quarantine);
  await checkUnchanged(job);
  // Two, because a query ends the stream of another one.
  const [reading, writing] = [await database.connect(), await database.connect()];
  const stop = () => {
    for (const connection of [reading, writing]) connection.interrupt();
  };
  signal?.addEventListener("abort", stop);
  try {
    const series = await JobSeries.open(reading, job);
    const bad = await series.bad();
    if (bad.count > 0 && job.settings.badRows === "refuse")
      throw new Fault(`${bad.count} series cannot be computed: ${bad.first.join("; ")}${bad.count > 5 ? "; …" : ""}`);
    // First the quarantine: where the rows are, it is there as well.
    if (bad.count > 0) await complete(quarantine, (file) => series.writeBad(file));
    let done = 0;
    await complete(part, async (file) => {
      let appender: DuckDBAppender | undefined;
      let types: DuckDBType[] = [];
      for await (const batch of series.batches()) {
        signal?.throwIfAborted();
        const rows = await signatures(batch, job, tools);
        if (appender === undefined) {
          await createTable(writing, series.idType, job, rows.labels());
          appender = await writing.createAppender("rows_");
          const { columnCount } = appender;
          types = Array.from({ length: columnCount }, (_, i) => (appender as DuckDBAppender).columnType(i));
        }
        append(appender, types, batch.ids, rows.data);
        done += batch.ids.length;
        tools.onProgress?.(done, series.count);
      }
      if (appender === undefined) await createTable(writing, series.idType, job, []);
      appender?.closeSync();
      await writing.run(`COPY rows_ TO ${literal(file)} (FORMAT parquet)`);
    });
    signal?.throwIfAborted();
    return { series: done, quarantined: bad.count, wasDone: false };
  } finally {
    signal?.removeEventListener("abort", stop);
    reading.closeSync();
    writing.closeSync();
  }
}

function signatures({ ids, data, offsets }: Series, { settings, files }: Job, { engine, signal }: Tools) {
  const { columns, depth, augment } = settings;
  const channels = columns.channels as string[];
  const options = { depth, augment: [...augment], ...(signal && { signal }) };
  return engine.signature({ data, offsets, channels }, options).catch((error: unknown) => {
    if (!(error instanceof PathSignatureError)) throw error;
    const names = files.map(({ path }) => path).join(", ");
    throw new Fault(`${names}, series ${ids[0]} to ${ids.at(-1)}: ${error.message}`);
  });
}

function createTable(connection: DuckDBConnection, idType: string, { settings }: Job, labels: readonly string[]) {
  const type = settings.dtype === "float32" ? "FLOAT" : "DOUBLE";
  const columns = [`${quoted(settings.columns.id)} ${idType}`, ...labels.map((label) => `${quoted(label)} ${type}`)];
  return connection.run(`CREATE OR REPLACE TEMP TABLE rows_ (${columns.join(", ")})`);
}

/** Rows of a chunk of DuckDB. */
const rowsOfChunk = 2048;

function append(appender: DuckDBAppender, types: DuckDBType[], ids: readonly unknown[], data: ArrayLike<number>): void {
  const width = types.length - 1;
  for (let first = 0; first < ids.length; first += rowsOfChunk) {
    const rows = Math.min(rowsOfChunk, ids.length - first);
    const chunk = DuckDBDataChunk.create(types, rows);
    chunk.setColumnValues(0, ids.slice(first, first + rows) as never[]);
    for (let c = 0; c < width; c++)
      chunk.setColumnValues(
        c + 1,
        Array.from({ length: rows }, (_, i) => data[(first + i) * width + c] as number),
      );
    appender.appendDataChunk(chunk);
  }
}
