// Makes jobs of files, writes down which there are, and puts those that are not done into the
// queue.

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "./fault.ts";
import { type Columns, type IdRange, type InputFile, inputFile, type Job, jobOf, type Settings } from "./job.ts";
import { complete, manifestFile, partFile } from "./output.ts";
import { openQueue } from "./queue.ts";
import { fromFiles, literal, openDatabase, quoted, rowsOf } from "./table.ts";

export interface EnqueueOptions {
  /** A folder of Parquet files. */
  readonly folder: string;
  readonly out: string;
  readonly redis: string;
  /** Ids of a job; undefined: a job for each file. */
  readonly ids: number | undefined;
  readonly settings: Omit<Settings, "columns"> & { columns: Omit<Columns, "channels"> & Partial<Columns> };
}

/** Jobs of a run: the plan that `merge` checks. */
export async function readManifest(out: string): Promise<readonly Job[]> {
  try {
    return JSON.parse(await readFile(manifestFile(out), "utf8")) as Job[];
  } catch (error) {
    throw new Fault(`${manifestFile(out)} cannot be read: ${String(error)}. Run enqueue first.`);
  }
}

export async function enqueue(options: EnqueueOptions): Promise<{ readonly jobs: number; readonly added: number }> {
  const { folder, out, ids } = options;
  const names = (await readdir(folder)).filter((name) => /\.parquet$/i.test(name)).sort();
  if (names.length === 0) throw new Fault(`${folder} has no .parquet files.`);
  const files = await Promise.all(names.map((name) => inputFile(join(folder, name))));
  const settings = { ...options.settings, columns: await columnsOf(files, options.settings.columns) };
  const jobs =
    ids === undefined
      ? files.map((file) => jobOf([file], null, settings, out))
      : (await rangesOf(files, settings.columns.id, ids)).map((range) => jobOf(files, range, settings, out));
  for (const name of ["parts", "quarantine"]) await mkdir(join(out, name), { recursive: true });
  await complete(manifestFile(out), (file) => writeFile(file, JSON.stringify(jobs)));
  const missing = jobs.filter(({ name }) => !existsSync(partFile(out, name)));
  const queue = openQueue(options.redis);
  try {
    // A job whose id the queue has is not added again.
    for (let first = 0; first < missing.length; first += 1_000) {
      const some = missing.slice(first, first + 1_000);
      await queue.addBulk(some.map((job) => ({ name: "signatures", data: job, opts: { jobId: job.name } })));
    }
  } finally {
    await queue.close();
  }
  return { jobs: jobs.length, added: missing.length };
}

/** The columns, with all that have numbers as channels unless some are named. */
async function columnsOf(files: readonly InputFile[], given: EnqueueOptions["settings"]["columns"]): Promise<Columns> {
  using database = await openDatabase(1).then((one) => ({ one, [Symbol.dispose]: () => one.closeSync() }));
  const connection = await database.one.connect();
  const described = await rowsOf(connection, `DESCRIBE SELECT * FROM ${fromFiles(files.slice(0, 1))}`);
  const names = described.map(([name]) => String(name));
  const numeric = described.filter(([, type]) => /INT|FLOAT|DOUBLE|DECIMAL/.test(String(type))).map(([n]) => String(n));
  const channels = given.channels ?? numeric.filter((name) => name !== given.id && name !== given.time);
  for (const name of [given.id, given.time, ...channels])
    if (!names.includes(name)) throw new Fault(`${files[0]?.path} has no column ${name}: it has ${names.join(", ")}.`);
  if (channels.length === 0)
    throw new Fault(`${files[0]?.path} has no columns of numbers but ${given.id}, ${given.time}.`);
  return { id: given.id, time: given.time, channels };
}

/** Ranges of `count` ids each. */
async function rangesOf(files: readonly InputFile[], id: string, count: number): Promise<IdRange[]> {
  using database = await openDatabase(1).then((one) => ({ one, [Symbol.dispose]: () => one.closeSync() }));
  const connection = await database.one.connect();
  const rows = await rowsOf(
    connection,
    `SELECT id_::VARCHAR FROM (
       SELECT id_, row_number() OVER (ORDER BY id_) AS k
       FROM (SELECT DISTINCT ${quoted(id)} AS id_ FROM ${fromFiles(files)})
       WHERE id_ IS NOT NULL)
     WHERE k % ${literal(String(count))}::INTEGER = 1 % ${count} ORDER BY k`,
  );
  // The first range is open below, so it has the ids that are null.
  const firsts = rows.map(([first]) => String(first));
  return [null, ...firsts.slice(1)].map((from, i) => ({ from, to: firsts[i + 1] ?? null }));
}
