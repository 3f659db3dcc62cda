// Four workers on the queue beside one engine on two threads without a queue, on the same files by
// the same function: node examples/queue/bench/run.mjs [--files N] [--series N] [--rounds N]
// [--save FILE]. Rounds alternate; ratios are those of medians. On a machine that others use too,
// four processes get more of it than one: there the ratio of processor time counts. Needs Linux,
// redis-server and dist.

import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { linkLibrary } from "../../link.mjs";

linkLibrary(join(import.meta.dirname, ".."));
const { createEngine, init } = await import("path-signature");
const { runJob } = await import("../src/compute.ts");
const { enqueue, readManifest } = await import("../src/enqueue.ts");
const { openQueue } = await import("../src/queue.ts");
const { openDatabase } = await import("../src/table.ts");
const { query, worker } = await import("../test/program.ts");
const { Redis } = await import("../test/redis.ts");

const number = (value) => ({ type: "string", default: String(value) });
const { values } = parseArgs({
  options: { files: number(80), series: number(2000), rounds: number(3), save: { type: "string" } },
});
const [files, series, rounds] = [values.files, values.series, values.rounds].map(Number);
const folder = await mkdtemp(join(tmpdir(), "queue-bench-"));
const redis = await Redis.start(folder);
const input = join(folder, "input");
await mkdir(input);
for (let f = 0; f < files; f++)
  await query(
    `COPY (SELECT ${f * series} + s AS id, t AS time, sin(id * 0.7 + t * 0.11)::FLOAT AS x,
                  cos(id * 1.3 + t * 0.07)::FLOAT AS y, sin(id + t * t * 0.01)::FLOAT AS z
                  FROM range(${series}) a(s), range(100) b(t))
     TO '${join(input, `f${String(f).padStart(5, "0")}.parquet`)}' (FORMAT parquet)`,
  );

const settings = { columns: { id: "id", time: "time" }, depth: 3, augment: [], dtype: "float32", badRows: "refuse" };
const plan = (out) => enqueue({ folder: input, out, redis: redis.url, ids: undefined, settings });

/** Processor time of a process, in ms. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Times of jobs, in ms. */
const jobTimes = [];

async function withQueue(out) {
  const workers = await Promise.all(Array.from({ length: 4 }, () => worker(redis.url)));
  const queue = openQueue(redis.url);
  const pids = workers.map(({ process }) => process.pid);
  const cpu = () => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const [start, cpuStart] = [performance.now(), cpu()];
  await plan(out);
  for (;;) {
    const { completed, failed } = await queue.getJobCounts("completed", "failed");
    if (failed > 0) throw new Error("a job failed");
    if (completed === files) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  const result = { wall: performance.now() - start, cpu: cpu() - cpuStart };
  for (const { processedOn, finishedOn } of await queue.getCompleted(0, -1)) jobTimes.push(finishedOn - processedOn);
  for (const { process } of workers) process.kill("SIGTERM");
  await queue.obliterate({ force: true });
  await queue.close();
  return result;
}

/** Two files at a time, so that one is read while the other is computed. */
async function withoutQueue(out) {
  await init({ variant: "simd" });
  const engine = await createEngine({ threads: 2 });
  const database = await openDatabase(2);
  await engine.signature([[0, 0, 0]], { depth: 3 });
  const [start, cpuStart] = [performance.now(), cpuOf(process.pid)];
  await plan(out);
  const jobs = [...(await readManifest(out))];
  const lane = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) await runJob(job, { engine, database });
  };
  await Promise.all([lane(), lane()]);
  const result = { wall: performance.now() - start, cpu: cpuOf(process.pid) - cpuStart };
  await engine.close();
  database.closeSync();
  const queue = openQueue(redis.url);
  await queue.obliterate({ force: true });
  await queue.close();
  return result;
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const times = { withoutQueue: [], withQueue: [] };
for (let round = 0; round < rounds; round++)
  for (const [name, run] of Object.entries({ withoutQueue, withQueue }))
    times[name].push(await run(join(folder, `${name}${round}`)));
const of = (name, kind) => median(times[name].map((one) => one[kind]));
for (const name of Object.keys(times)) {
  const each = (of(name, "cpu") * 1000) / (files * series);
  const rate = Math.round((files * series) / (of(name, "wall") / 1000));
  console.log(`${name}: ${rate} series/s, ${each.toFixed(0)} µs of processor time a series`);
}
for (const kind of ["wall", "cpu"])
  console.log(`efficiency by ${kind} time: ${(of("withoutQueue", kind) / of("withQueue", kind)).toFixed(2)}`);
if (values.save !== undefined) {
  const micros = (name) => (of(name, "cpu") * 1000) / (files * series);
  const result = { files, series, rounds: times, microsOfSeries: micros("withQueue"), jobTimes };
  writeFileSync(values.save, `${JSON.stringify(result)}\n`);
}
await redis.end();
await rm(folder, { recursive: true });
