// Recordings from files of several formats: CSV (recordings.ts), Parquet with the same columns, and
// the `.ts` files of sktime and aeon, in which a case is an utterance and its label the speaker.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { isPathSignatureError } from "path-signature";
import { readTs } from "path-signature/io";
import { Fault } from "./fault.ts";
import { type Recordings, readRecordings } from "./recordings.ts";

/** @throws Fault with the place of the error. */
export function readAny(file: string, onProgress?: (part: number) => void): Promise<Recordings> {
  switch (extname(file).toLowerCase()) {
    case ".ts":
      return readCases(file, onProgress);
    case ".parquet":
      return readParquet(file, onProgress);
    default:
      return readRecordings(file, onProgress);
  }
}

async function readCases(file: string, onProgress?: (part: number) => void): Promise<Recordings> {
  const read = await readTs(file).catch((error: unknown) => {
    throw isPathSignatureError(error) || (error as { code?: string }).code === "ENOENT"
      ? new Fault(`${file}: ${(error as Error).message}`)
      : error;
  });
  const { data, offsets, channels, ids, labels } = read;
  if (labels.length === 0) throw new Fault(`${file}: the cases have no class labels, which say who speaks.`);
  const utterances = ids.map((id, i) => {
    const [from, to] = [offsets[i] as number, offsets[i + 1] as number];
    const point = (t: number) => [...data.subarray(t * channels.length, (t + 1) * channels.length)];
    return {
      id: String(id),
      speaker: labels[i] as string,
      line: i + 1,
      frames: Array.from({ length: to - from }, (_, frame) => frame),
      points: Array.from({ length: to - from }, (_, frame) => point(from + frame)),
    };
  });
  onProgress?.(1);
  return { file, channels, utterances };
}

/** By way of a CSV with rows in order, so that every error is found and worded in one place. */
async function readParquet(file: string, onProgress?: (part: number) => void): Promise<Recordings> {
  const { DuckDBInstance } = await import("@duckdb/node-api").catch(() => {
    throw new Fault("Parquet needs the package @duckdb/node-api: npm install @duckdb/node-api");
  });
  const folder = await mkdtemp(join(tmpdir(), "recordings-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const csv = join(folder, "rows.csv");
    const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
    const rows = `SELECT * FROM read_parquet(${text(file)}) ORDER BY utterance, frame`;
    await connection.run(`COPY (${rows}) TO ${text(csv)} (HEADER)`).catch((error: Error) => {
      throw new Fault(`${file}: ${error.message}`);
    });
    return { ...(await readRecordings(csv, onProgress)), file };
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}
