// The command line beside Python: signatures of series in a Parquet file, written to Parquet, on
// all cores.
//
//   npm run bench -- cli [--series 1000000] [--peer 300000] [--loop 20000] [--rounds 2] [--quick]
//
// Contestants, each a process of its own, in turn. Seconds are those of the work; starting a
// process and loading its modules are not counted.
//   auto         path-signature features, with its own times of reading, computing and writing; so
//                few features are computed by one thread
//   two threads  the same with --threads 2
//   pysiglib     DuckDB reads the rows in their order into NumPy, pySigLib computes, pyarrow
//                writes: of the first --peer series, and scaled; all of them need more memory than
//                most machines have
//   loop         DuckDB reads, a loop over pandas' groups calls iisignature: of the first --loop
//                series, and scaled
// A further run of ours is profiled, and not timed: what its main thread did.
//
// Python runs in bench/.venv; DuckDB, pyarrow and pandas for it in a folder of their own,
// target/bench-cli. Writes bench/results/cli-MACHINE-DATE.json and a page beside it.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join, relative } from "node:path";
import { parseArgs, promisify } from "node:util";
import { secondsByKind } from "./lib/cpu-profile.mjs";
import { root } from "./lib/machine.mjs";
import { openResult, table, times, verdict } from "./lib/results.mjs";
import { makeVenv, python } from "./lib/venv.mjs";

const run = promisify(execFile);
const [points, channels, depth] = [100, 3, 3];
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
  return { said: JSON.parse(stdout), wall, cpu: user + system, megabytes: Math.round(kilobytes / 1000) };
}

const command = (file) => [
  ...[join(root, "dist/cli.js"), "features", file, "--id", "id", "--sort", "t", "--channels", "x,y,z"],
  ...["--depth", String(depth), "--out", "ours.parquet", "--json"],
];

const ours =
  (file, ...more) =>
  async () => {
    const { said, ...measured } = await timed(process.execPath, [...command(file), ...more]);
    return { ...measured, seconds: said.seconds, parts: said.parts, scale: 1 };
  };

const peer = (which, file, series, all) => async () => {
  const args = [join(root, "bench/workers/table.py"), which, file, "peer.parquet", String(availableParallelism())];
  const environment = { PYTHONPATH: folder, PYTHONWARNINGS: "ignore" };
  const { said, ...measured } = await timed(python, [...args, String(series)], environment);
  const seconds = Object.values(said).reduce((sum, part) => sum + part, 0);
  return { ...measured, seconds, parts: said, scale: all / series };
};

/** What a function of ours, or of V8, works at. */
function kindOf(name, url) {
  // For bytes of the file.
  if (name === "(idle)") return "waiting";
  if (name === "(garbage collector)") return "collecting garbage";
  if (url.includes("@duckdb") || reading.has(name)) return "reading";
  if (writing.has(name)) return "writing";
  if (computing.has(name) || url.startsWith("wasm:")) return "computing";
  return undefined;
}
const reading = new Set([
  ...["batches", "#take", "take", "next", "sizesOf", "openTable", "rowsAreSorted", "partsOfFiles", "copyChunk"],
  ...[
    "rowsOfParquet",
    "seriesInOrder",
    "load",
    "decompressSnappy",
    "copyPlain",
    "copyIndexed",
    "eachRun",
    "freeChunks",
  ],
]);
const writing = new Set(["append", "flush", "group", "finish"]);
const computing = new Set(["transform", "withoutMissing", "#compute"]);

/** Seconds of the main thread, by what it did. */
async function profile(file) {
  const profiles = join(folder, "profile");
  rmSync(profiles, { recursive: true, force: true });
  const args = ["--cpu-prof", `--cpu-prof-dir=${profiles}`, ...command(file)];
  await run(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 });
  const [name] = readdirSync(profiles);
  return secondsByKind(join(profiles, name), kindOf);
}

const secondsOf = ({ seconds, scale }) => seconds * scale;
const best = (runs) => runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));

/** What the result says of the targets. */
function ratios({ parts }) {
  const { rounds, profile: kinds } = parts.cli;
  const [us, pysiglib, loop] = ["auto", "pysiglib", "loop"].map((name) => best(rounds[name]));
  const total = Object.values(kinds).reduce((sum, seconds) => sum + seconds, 0);
  const { reading = 0, writing = 0, waiting = 0 } = kinds;
  return {
    seconds: secondsOf(us),
    share: (reading + writing + waiting) / total,
    loop: secondsOf(loop) / secondsOf(us),
    pysiglib: secondsOf(pysiglib) / secondsOf(us),
    megabytes: Math.max(...rounds.auto.map(({ megabytes }) => megabytes)),
  };
}

function targets(result) {
  const { share, loop, pysiglib, megabytes } = ratios(result);
  const percent = `${(100 * share).toFixed(0)} %`;
  return table(
    ["what", "target", "measured", "met?"],
    [
      verdict("reading and writing, of the time of the main thread", "≥ 60 %", percent, share >= 0.6),
      verdict("loop over iisignature / ours", "≥ 20×", times(loop), loop >= 20),
      verdict("pySigLib fed by DuckDB / ours", "≥ 3×", times(pysiglib), pysiglib >= 3),
      verdict("memory", "≤ 300 MB", `${megabytes} MB`, megabytes <= 300),
    ],
  );
}

function markdown(result) {
  const { machine, date, code, parts } = result;
  const { series, bytes, rounds, profile: kinds, scaled } = parts.cli;
  const parted = ({ parts: own }) => ["reading", "computing", "writing"].map((name) => own[name].toFixed(2));
  const rows = Object.entries(rounds).map(([name, runs]) => {
    const one = best(runs);
    const { cpu, megabytes, scale } = one;
    const whole = secondsOf(one).toFixed(1);
    return [name, String(Math.round(series / scale)), ...parted(one), cpu.toFixed(1), whole, String(megabytes)];
  });
  const total = Object.values(kinds).reduce((sum, seconds) => sum + seconds, 0);
  return `${[
    `# Bench of the command line: ${machine.name}, ${machine.cores} cores, ${date}`,
    `${series} series × ${points} points × ${channels} channels, depth ${depth}, float64, from ` +
      `${(bytes / 1e9).toFixed(2)} GB of Parquet to Parquet; commit ${code.commit}` +
      `${code.modified ? " with changes" : ""} · node ${result.versions.node}. ` +
      `Written by \`npm run bench -- cli\`, whose first lines say what the contestants are.`,
    "## Targets",
    targets(result),
    "## Seconds",
    `The faster of ${rounds.auto.length} runs. Reading, computing, writing and processor time are those of the ` +
      "series that were run; the processor time has the start of the process too. The parts of ours are those of " +
      "its main thread; the next points are read while results are awaited, which counts as computing. " +
      `Scaled to ${series} series: ${scaled.join(", ")}.`,
    table(["", "series", "reading", "computing", "writing", "processor", `${series} series`, "MB"], rows),
    "## What the main thread of ours does",
    "A further run of `auto` under `node --cpu-prof`, the start of the process included. `waiting` is for " +
      "bytes of the files; other work is loading modules and what belongs to several parts.",
    table(
      ["", "seconds", "share"],
      Object.entries(kinds)
        .sort(([, a], [, b]) => b - a)
        .map(([name, seconds]) => [name, seconds.toFixed(2), `${((100 * seconds) / total).toFixed(0)} %`]),
    ),
  ].join("\n\n")}\n`;
}

/** @param {readonly string[]} args */
export async function runCliBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      series: { type: "string" },
      peer: { type: "string" },
      loop: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  const usual = values.quick ? [10_000, 10_000, 1000, 1] : [1_000_000, 300_000, 20_000, 2];
  const [series, peers, loop, rounds] = ["series", "peer", "loop", "rounds"].map((name, i) =>
    Number(values[name] ?? usual[i]),
  );
  mkdirSync(folder, { recursive: true });
  const say = (line) => process.stderr.write(`${line}\n`);
  await makeVenv(say);
  if (!existsSync(join(folder, "duckdb")))
    await run(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, ...packages]);
  const file = join(folder, `series-${series}.parquet`);
  say(`${series} series × ${points} points × ${channels} channels …`);
  await generate(file, series);
  const load = loadavg();
  const contestants = {
    auto: ours(file),
    "two threads": ours(file, "--threads", "2"),
    pysiglib: peer("pysiglib", file, Math.min(peers, series), series),
    loop: peer("iisignature", file, Math.min(loop, series), series),
  };
  const all = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of Object.entries(contestants)) {
      const measured = await measure();
      all[name].push(measured);
      say(`${name}: ${secondsOf(measured).toFixed(1)} s, ${measured.megabytes} MB`);
    }
  const { file: place, result, save } = openResult("cli", { quick: values.quick || series < 1_000_000 });
  const scaled = ["pysiglib", "loop"].filter((name) => all[name][0].scale !== 1);
  const bytes = statSync(file).size;
  result.versions = { node: process.versions.node, duckdb: packages[0], pyarrow: packages[1], pandas: packages[2] };
  result.parts.cli = {
    series,
    points,
    channels,
    depth,
    bytes,
    load,
    scaled,
    rounds: all,
    profile: await profile(file),
  };
  result.parts.cli.ratios = ratios(result);
  save();
  const page = place.replace(/\.json$/, ".md");
  writeFileSync(page, markdown(result));
  for (const name of ["ours.parquet", "peer.parquet", "time.txt"]) rmSync(join(folder, name), { force: true });
  process.stdout.write(`\n${targets(result)}\n\n${[place, page].map((path) => relative(root, path)).join("\n")}\n`);
}
