// The long form of the fuzz suite: `npm run fuzz -- [part …] [--seconds N] [--seed S] [--save]`.
// Every part is a file of this folder that exports `part`; without names all run, one after the
// other, N seconds each. With `--save` the result is written to bench/results after each part,
// together with those of other parts of the same machine and day, and the README's line on
// reliability is made from it.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { section } from "../../scripts/lib/sections.mjs";
import type { Outcome, Part } from "./part.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    save: { type: "boolean", default: false },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error("--seconds N and --seed S are numbers");

/** The parts of this folder: the files with a test of their short form, and soak. */
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -".test.ts".length))
  .concat("soak")
  .sort();
const chosen = positionals.length === 0 ? names : positionals;
const unknown = chosen.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`no part is called ${unknown}: give some of ${names.join(", ")}`);

interface Saved {
  readonly version: string;
  readonly node: string;
  readonly machine: string;
  readonly date: string;
  readonly parts: Readonly<Record<string, Result>>;
}

interface Result extends Outcome {
  readonly seed: number;
  readonly seconds: number;
  /** Of this process, its threads, and the processes that it started. */
  readonly cpuSeconds: number;
}

/** Seconds of CPU so far, with those of processes that have ended, where the system says so. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  let children = 0;
  if (existsSync("/proc/self/stat")) {
    // Behind the name in brackets, in hundredths of a second.
    const words = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)!.split(" ");
    children = (Number(words[13]) + Number(words[14])) / 100;
  }
  return (user + system) / 1e6 + children;
}

/** The README's line on reliability. */
function summary({ date, parts }: Saved): string {
  const all = Object.values(parts);
  const sum = (of: (part: (typeof all)[0]) => number) => all.reduce((total, part) => total + of(part), 0);
  const cases = sum((part) => part.cases).toLocaleString("en");
  const failures = sum((part) => part.failures.length);
  const kills = parts.faults?.figures?.kills ?? 0;
  return (
    `Last long run of the fuzz suite (${date}): ${cases} random and hostile cases in ${all.length} parts, ` +
    `${kills} workers killed, ${Math.round(sum((part) => part.cpuSeconds ?? part.seconds) / 60)} minutes of CPU; ` +
    `failures: ${failures}.`
  );
}

/** Writes what is known, with what the file has of other parts. */
function save(): void {
  const model = cpus()[0]?.model ?? "";
  const maker = /amd epyc|intel.*xeon|apple m\d+/i.exec(model.replaceAll(/\((r|tm)\)/gi, ""))?.[0] ?? process.arch;
  const machine = `${maker.toLowerCase().replaceAll(/\s+/g, "-")}-${availableParallelism()}-cores`;
  const date = new Date().toISOString().slice(0, 10);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const file = join("bench", "results", `fuzz-${machine}-${date}.json`);
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Saved).parts : {};
  const saved: Saved = { version, node: process.version, machine, date, parts: { ...before, ...results } };
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
  section("README.md", "reliability", "npm run fuzz -- --save", summary(saved));
  console.log(`  written to ${file}`);
}

const results: Record<string, Result> = {};
for (const name of chosen) {
  console.log(`${name}: seed ${seed}, ${seconds} s`);
  const [begin, used] = [performance.now(), cpuSeconds()];
  let outcome: Outcome;
  try {
    const { part } = (await import(`./${name}.ts`)) as { part: Part };
    outcome = await part.run({ seed, seconds, log: (line) => console.log(`  ${line}`) });
  } catch (error) {
    // Other parts go on.
    outcome = { cases: 0, failures: [{ seed, what: `it threw ${String(error)}`, script: `npm run fuzz -- ${name}` }] };
  }
  results[name] = {
    ...outcome,
    seed,
    seconds: Math.round((performance.now() - begin) / 1000),
    cpuSeconds: Math.round(cpuSeconds() - used),
  };
  console.log(`  ${outcome.cases} cases, ${outcome.failures.length} failures`, outcome.figures ?? "");
  for (const { seed, what, script } of outcome.failures) console.log(`  seed ${seed}: ${what}\n    ${script}`);
  if (values.save) save();
}
process.exit(Object.values(results).some(({ failures }) => failures.length > 0) ? 1 : 0);
