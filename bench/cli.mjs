// The command line beside Python: signatures of series in a Parquet file, written to Parquet, on
// all cores.
//
//   npm run bench -- cli [--series 100000] [--loop 10000] [--rounds 2] [--file FILE]
//
// Contestants, each a process of its own, in turn. Seconds are those of the work; starting a
// process and loading its modules are not counted.
//   ours       path-signature features, with its own times of reading, computing and writing
//   one thread the same with --threads 1
//   pysiglib   DuckDB reads the rows in their order into NumPy, pySigLib computes, pyarrow writes
//   loop       DuckDB reads, a loop over pandas' groups calls iisignature: of the first --loop
//              series, and scaled
// Python runs in bench/.venv; DuckDB, pyarrow and pandas for it in a folder of their own,
// target/bench-cli.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { codeMeasured, machine, root } from "./lib/machine.mjs";
import { makeVenv, python } from "./lib/venv.mjs";

const run = promisify(execFile);
const points = 100;
const folder = join(root, "target/bench-cli");
const packages = ["duckdb==2.0.1", "pyarrow==26.0.1", "pandas==3.1.1", "python-dateutil", "six", "tzdata"];

/** Series that walk; every series is different, and doubles do not compress. */
async function generate(file, series) {
  if (existsSync(file)) return;
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "1GB" });
  const connection = await instance.connect();
  const noise = (k) => `(hash(i * 3 + ${k}) % 1000) / 1000.0`;
  await connection.run(
    `COPY (SELECT (i // ${points})::BIGINT AS id, (i % ${points})::INTEGER AS t, sin(i * 0.37) + ${noise(0)} AS x,
                  cos(i * 0.11) + ${noise(1)} AS y, (i % ${points}) * 0.01 + ${noise(2)} AS z
           FROM range(${series * points}) r(i)) TO '${file}.part' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  renameSync(`${file}.part`, file);
}

/** Starts a process by GNU time, which says what it took. */
async function timed(program, args, env = {}) {
  const report = join(folder, "time.txt");
  const { stdout } = await run("/usr/bin/time", ["-o", report, "-f", "%e %U %S %M", program, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  const [wall, user, system, kilobytes] = readFileSync(report, "utf8").trim().split(" ").map(Number);
  return { said: JSON.parse(stdout), wall, cpu: user + system, megabytes: Math.round(kilobytes / 1024) };
}

const ours =
  (file, ...more) =>
  async () => {
    const options = ["--id", "id", "--sort", "t", "--channels", "x,y,z", "--depth", "3", "--out", "ours.parquet"];
    const measured = await timed(process.execPath, [
      join(root, "dist/cli.js"),
      "features",
      file,
      ...options,
      "--json",
      ...more,
    ]);
    return { ...measured, seconds: measured.said.seconds, parts: measured.said.parts, scale: 1 };
  };

const peer = (which, file, series, all) => async () => {
  const args = [join(root, "bench/workers/table.py"), which, file, "peer.parquet", String(availableParallelism())];
  const measured = await timed(python, [...args, String(series)], { PYTHONPATH: folder, PYTHONWARNINGS: "ignore" });
  const seconds = Object.values(measured.said).reduce((sum, part) => sum + part, 0);
  return { ...measured, seconds, parts: measured.said, scale: all / series };
};

/** @param {readonly string[]} args */
export async function runCliBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      series: { type: "string", default: "100000" },
      loop: { type: "string", default: "10000" },
      rounds: { type: "string", default: "2" },
      file: { type: "string" },
    },
  });
  const [series, loop, rounds] = [values.series, values.loop, values.rounds].map(Number);
  mkdirSync(folder, { recursive: true });
  const say = (line) => process.stderr.write(`${line}\n`);
  await makeVenv(say);
  if (!existsSync(join(folder, "duckdb")))
    await run(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, ...packages]);
  const file = values.file ?? join(folder, `series-${series}.parquet`);
  say(`${series} series × ${points} points × 3 channels …`);
  await generate(file, series);
  const contestants = {
    ours: ours(file),
    "one thread": ours(file, "--threads", "1"),
    pysiglib: peer("pysiglib", file, series, series),
    loop: peer("iisignature", file, Math.min(loop, series), series),
  };
  const all = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(contestants)) {
      const measured = await measure();
      delete measured.said;
      all[name].push(measured);
      say(`${name}: ${(measured.seconds * measured.scale).toFixed(1)} s, ${measured.megabytes} MB`);
    }
  const best = Object.fromEntries(
    Object.entries(all).map(([name, runs]) => [name, runs.reduce((a, b) => (b.seconds < a.seconds ? b : a))]),
  );
  const total = ({ parts }) => Object.values(parts).reduce((sum, seconds) => sum + seconds, 0);
  const secondsOf = ({ seconds, scale }) => seconds * scale;
  const us = [best.ours, best["one thread"]].reduce((a, b) => (secondsOf(b) < secondsOf(a) ? b : a));
  const { reading, writing } = us.parts;
  const result = {
    ...{ date: new Date().toISOString().slice(0, 10), machine: machine(), code: codeMeasured() },
    ...{ series, points, channels: 3, depth: 3, bytes: statSync(file).size, load: loadavg(), rounds: all },
    ratios: {
      "loop / ours": secondsOf(best.loop) / secondsOf(us),
      "pysiglib / ours": secondsOf(best.pysiglib) / secondsOf(us),
      "processor time, loop / ours": (best.loop.cpu * best.loop.scale) / us.cpu,
      "processor time, pysiglib / ours": best.pysiglib.cpu / us.cpu,
      "share of reading and writing": (reading + writing) / total(us),
    },
  };
  writeFileSync(join(folder, `result-${series}.json`), `${JSON.stringify(result, null, 1)}\n`);
  for (const name of ["ours.parquet", "peer.parquet"]) rmSync(join(folder, name), { force: true });
  process.stdout.write(`${JSON.stringify(result.ratios, null, 1)}\n`);
}
