// One table of all results: only if each job has its file and each id is in one.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "./enqueue.ts";
import { Fault } from "./fault.ts";
import { complete, partFile, quarantineFile, sweepAll } from "./output.ts";
import { literal, openDatabase, quoted, rowsOf } from "./table.ts";

const shown = 5;
const list = (texts: readonly string[]): string =>
  `${texts.slice(0, shown).join(", ")}${texts.length > shown ? `, … (${texts.length} in all)` : ""}`;

export interface Merged {
  readonly series: number;
  readonly quarantined: number;
  readonly file: string;
}

/** @throws Fault if jobs are not done, or an id is in two files */
export async function merge(out: string, threads: number): Promise<Merged> {
  const jobs = await readManifest(out);
  const missing = jobs.map(({ name }) => name).filter((name) => !existsSync(partFile(out, name)));
  if (missing.length > 0)
    throw new Fault(`${missing.length} of ${jobs.length} jobs have no result: ${list(missing)}. See status.`);
  const id = quoted(jobs[0]?.settings.columns.id ?? "id");
  const from = (files: readonly string[]) =>
    `read_parquet([${files.map(literal).join(", ")}], filename = true, union_by_name = true)`;
  const parts = jobs.map(({ name }) => partFile(out, name));
  const quarantines = jobs.map(({ name }) => quarantineFile(out, name)).filter(existsSync);
  const database = await openDatabase(threads);
  try {
    const connection = await database.connect();
    const doubled = await rowsOf(
      connection,
      `SELECT ${id}::VARCHAR, count(*)::DOUBLE, string_agg(filename, ' and ' ORDER BY filename),
              (count(*) OVER ())::DOUBLE
       FROM ${from(parts)} GROUP BY ${id} HAVING count(*) > 1 ORDER BY ${id} LIMIT ${shown}`,
    );
    if (doubled.length > 0) {
      const texts = doubled.map(([one, count, files]) => `id ${one} is there ${count} times, in ${files}`);
      throw new Fault(
        `${doubled[0]?.[3]} ids are in two files or more: ${texts.join("; ")}. Series that go over several ` +
          "files need jobs by ranges of ids: enqueue --ids N.",
      );
    }
    const file = join(out, "features.parquet");
    await complete(file, (part) =>
      connection.run(
        `COPY (SELECT * EXCLUDE filename FROM ${from(parts)} ORDER BY ${id}) TO ${literal(part)} (FORMAT parquet)`,
      ),
    );
    const [[series] = []] = await rowsOf(connection, `SELECT count(*)::DOUBLE FROM read_parquet(${literal(file)})`);
    let quarantined = 0;
    if (quarantines.length > 0) {
      const all = join(out, "quarantine.parquet");
      await complete(all, (part) =>
        connection.run(
          `COPY (SELECT * EXCLUDE filename FROM ${from(quarantines)}) TO ${literal(part)} (FORMAT parquet)`,
        ),
      );
      // An id that is null counts as one.
      const counted = `SELECT count(*)::DOUBLE FROM (SELECT DISTINCT ${id} FROM read_parquet(${literal(all)}))`;
      quarantined = Number((await rowsOf(connection, counted))[0]?.[0]);
    }
    for (const folder of ["parts", "quarantine"]) await sweepAll(join(out, folder));
    return { series: Number(series), quarantined, file };
  } finally {
    database.closeSync();
  }
}
