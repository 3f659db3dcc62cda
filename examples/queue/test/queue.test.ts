// The queue with real processes: workers and Redis are killed while jobs run, and each id is there
// once, with the bits that the library gives. Needs dist (npm run build). SCALE=long: a thousand
// files and more kills (npm run scale).

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missing } from "../../../scripts/lib/queue.mjs";
import { endProgram, type Started } from "../../../test/runtimes/browsers/driven.ts";
import { openQueue } from "../src/queue.ts";
import { command, expected, query, rowsIn, worker, writeTable } from "./program.ts";
import { Redis } from "./redis.ts";

const isLong = process.env.SCALE === "long";
const size = isLong
  ? { files: 1_000, series: 200, points: 100, kills: 20, restarts: 4 }
  : { files: 60, series: 200, points: 60, kills: 2, restarts: 1 };

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** How a process ends: its exit code, or the signal. */
const endOf = async (process: Started["process"]): Promise<number | string | null> => {
  if (process.exitCode === null && process.signalCode === null) await new Promise((done) => process.once("exit", done));
  return process.exitCode ?? process.signalCode;
};

/** Milliseconds: on a busy machine a thousand files take their time. */
const patience = isLong ? 1_500_000 : 120_000;

/** Until `ready` gives something. */
async function until<T>(what: string, ready: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + patience;
  while (performance.now() < end) {
    const found = await ready();
    if (found !== undefined) return found;
    await pause(5);
  }
  throw new Error(`never: ${what}`);
}

const temporaries = async (out: string): Promise<string[]> =>
  (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".part"));

describe.skipIf(missing !== undefined && !process.env.REQUIRE_REDIS)(`queue${missing ? `: ${missing}` : ""}`, () => {
  let folder = "";
  let redis: Redis;
  const started = new Set<Started["process"]>();
  const start = async (...args: string[]) => {
    const { process } = await worker(redis.url, ...args);
    started.add(process);
    return process;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "queue-"));
    redis = await Redis.start(folder);
  });
  afterAll(async () => {
    for (const process of started) await endProgram(process);
    await redis.end();
    await rm(folder, { recursive: true });
  });

  /** Kills the process that has a job: stopped first, so that the job cannot end meanwhile. */
  async function killOneAtWork(queue: ReturnType<typeof openQueue>, among: Set<Started["process"]>): Promise<void> {
    const victim = await until("a worker with a job", async () => {
      for (const process of among) {
        process.kill("SIGSTOP");
        const name = `${hostname()}:${process.pid}`;
        const [job] = (await queue.getActive()).filter(({ processedBy }) => processedBy === name);
        if (job !== undefined) return process;
        process.kill("SIGCONT");
      }
      return undefined;
    });
    among.delete(victim);
    victim.kill("SIGKILL");
  }

  /** Jobs that always fail: a series with a number that is not finite, and a file that is none. */
  async function writeWrong(input: string): Promise<void> {
    await query(
      `COPY (SELECT 10000000 + i AS id, t AS time, 1.0 AS x, CASE WHEN i = 3 THEN 'nan'::DOUBLE ELSE t END AS y,
                    0.5 AS z FROM range(5) a(i), range(9) b(t)) TO '${join(input, "g.parquet")}' (FORMAT parquet)`,
    );
    await writeFile(join(input, "h.parquet"), "not Parquet at all");
  }

  test(
    "each id is there once, with the same bits, whoever is killed",
    async () => {
      const [input, out] = [join(folder, "input"), join(folder, "out")];
      const options = ["--redis", redis.url, "--out", out];
      const queue = openQueue(redis.url);
      const among = new Set<Started["process"]>();
      const more = async () => among.add(await start("--lock-seconds", "1"));
      for (let i = 0; i < 4; i++) await more();
      // Files come in instalments, so that there is work whenever something is killed.
      const each = Math.ceil(size.files / (size.kills + 1));
      for (let i = 0, first = 0; first < size.files; i++, first += each) {
        await writeTable(input, { ...size, files: Math.min(each, size.files - first) }, first);
        if (i === 0) await writeWrong(input);
        // Those of before are enqueued again: nothing is done twice.
        expect((await command("enqueue", input, ...options)).error).toBeUndefined();
        if (i === size.kills) break;
        await killOneAtWork(queue, among);
        if (i < size.restarts) {
          await redis.kill();
          await redis.start();
        }
        await more();
      }
      await until("the end of the jobs", async () => {
        const counts = await queue.getJobCounts("waiting", "active", "delayed");
        return Object.values(counts).every((count) => count === 0) || undefined;
      });
      for (const process of among) process.kill("SIGTERM");
      expect(await Promise.all([...among].map(endOf))).toEqual([0, 0, 0, 0]);

      const state = (await command("status", ...options)).result as unknown as {
        done: number;
        waiting: number;
        failed: { name: string; reason: string }[];
      };
      expect([state.done, state.waiting]).toEqual([size.files, 0]);
      const reasons = state.failed.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ reason }) => reason);
      expect(reasons).toHaveLength(2);
      expect(reasons[0]).toMatch(/series 10000003 of .*g\.parquet: y is not a finite float32/);
      expect(reasons[1]).toMatch(/h\.parquet/);
      // The kills met jobs.
      const completed = await queue.getCompleted(0, -1);
      expect(completed.some(({ stalledCounter }) => stalledCounter > 0)).toBe(true);
      await queue.close();

      const refused = await command("merge", ...options);
      expect(refused.error).toMatch(/^2 of .* jobs have no result: g-/);
      for (const name of ["g.parquet", "h.parquet"]) await rm(join(input, name));
      await command("enqueue", input, ...options);
      const merged = await command("merge", ...options);
      expect(merged.result).toMatchObject({ series: size.files * size.series, quarantined: 0 });
      const ids = Array.from({ length: size.files * size.series }, (_, id) => id);
      expect(await rowsIn(join(out, "features.parquet"))).toEqual(await expected(ids, size.points));
      expect(await temporaries(out)).toEqual([]);
    },
    isLong ? 3_600_000 : 180_000,
  );

  test("a job that takes longer than its lock runs once, and a worker that is told to stop ends it", async () => {
    const [input, out] = [join(folder, "one"), join(folder, "one-out")];
    await mkdir(input);
    for (const name of ["a", "b"])
      await query(
        `COPY (SELECT i AS id, t AS time, sin(t * 0.01 + i) AS x, cos(t * 0.02) AS y, sin(t * 0.03) AS z
               FROM range(4) a(i), range(200000) b(t)) TO '${join(input, `${name}.parquet`)}' (FORMAT parquet)`,
      );
    const options = ["--redis", redis.url, "--out", out];
    await command("enqueue", input, ...options, "--depth", "7");
    const process = await start("--lock-seconds", "0.4", "--grace-seconds", "100");
    const queue = openQueue(redis.url);
    await until("a job at work", async () => (await queue.getActive())[0]);
    process.kill("SIGTERM");
    expect(await endOf(process)).toBe(0);
    const [job, ...others] = (await queue.getCompleted(0, -1)).filter(({ data }) => data.out === out);
    expect(others).toEqual([]);
    expect((job?.finishedOn ?? 0) - (job?.processedOn ?? 0)).toBeGreaterThan(400);
    expect([job?.attemptsStarted, job?.stalledCounter]).toEqual([1, 0]);
    expect(await queue.getJobCounts("waiting", "active", "failed")).toMatchObject({ waiting: 1, active: 0 });
    await queue.obliterate({ force: true });
    await queue.close();
    expect(await temporaries(out)).toEqual([]);
  });

  test("bad rows go into a quarantine table, and the others are computed", async () => {
    const [input, out] = [join(folder, "bad"), join(folder, "bad-out")];
    await writeTable(input, { files: 1, series: 6, points: 5 });
    await query(
      `COPY (SELECT CASE WHEN id = 4 THEN NULL ELSE id + 100 END AS id,
                    CASE WHEN id = 3 AND time = 1 THEN NULL ELSE time END AS time,
                    CASE WHEN id = 0 AND time = 2 THEN NULL ELSE x END AS x,
                    CASE WHEN id = 1 THEN 'inf'::DOUBLE ELSE y END AS y, CASE WHEN id = 2 THEN 1e300 ELSE z END AS z
             FROM '${join(input, "f00000.parquet")}') TO '${join(input, "g.parquet")}' (FORMAT parquet)`,
    );
    const options = ["--redis", redis.url, "--out", out];
    // Ranges of ids over both files; ids that are null are in one of them.
    const wanted = ["--bad-rows", "quarantine", "--ids", "4"];
    expect((await command("enqueue", input, ...options, ...wanted)).result).toEqual({ jobs: 3, added: 3 });
    const process = await start("--drain");
    expect(await endOf(process)).toBe(0);
    expect(await command("merge", ...options)).toMatchObject({ result: { series: 7, quarantined: 5 } });
    const found = await rowsIn(join(out, "features.parquet"));
    const first = await expected([0, 1, 2, 3, 4, 5], 5);
    expect(found).toEqual(new Map([...first, [105, first.get(5) as number[]]]));
    const bad = await query(
      `SELECT id, bad_reason, count(*)::INTEGER FROM '${join(out, "quarantine.parquet")}'
       GROUP BY ALL ORDER BY id NULLS LAST`,
    );
    expect(bad).toEqual([
      [100n, "x is null", 5],
      [101n, "y is not a finite float32", 6],
      [102n, "z is not a finite float32", 7],
      [103n, "time is null", 8],
      [null, "id is null", 9],
    ]);
  });

  test("what cannot be right is refused", async () => {
    const [input, out] = [join(folder, "wrong"), join(folder, "wrong-out")];
    await writeTable(input, { files: 1, series: 2, points: 5 });
    const file = join(input, "f00000.parquet");
    const options = ["--redis", redis.url, "--out", out];
    expect((await command("enqueue", folder, ...options)).error).toMatch(/has no \.parquet files/);
    expect((await command("enqueue", input, ...options, "--id", "key")).error).toMatch(
      /no column key: it has id, time, x/,
    );
    expect((await command("merge", ...options)).error).toMatch(/Run enqueue first/);
    expect((await command("work", "--threads", "0")).error).toMatch(/--threads takes a number from 1 on/);
    // A file that changed, and an id that is in two files.
    await command("enqueue", input, ...options);
    const { mtimeMs } = await stat(file);
    await utimes(file, mtimeMs / 1000 + 10, mtimeMs / 1000 + 10);
    const drain = async () => endOf(await start("--drain"));
    await drain();
    const state = (await command("status", ...options)).result as unknown as { failed: { reason: string }[] };
    expect(state.failed.map(({ reason }) => reason)).toEqual([expect.stringMatching(/changed after it was enqueued/)]);
    await query(`COPY (FROM '${file}' WHERE id = 1) TO '${join(input, "g.parquet")}' (FORMAT parquet)`);
    expect((await command("enqueue", input, ...options)).result).toEqual({ jobs: 2, added: 2 });
    await drain();
    expect((await command("merge", ...options)).error).toMatch(/id 1 is there 2 times, in .*f00000.* and .*g-/);
    expect(existsSync(join(out, "features.parquet"))).toBe(false);
  });
});
