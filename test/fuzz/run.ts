// The long form of the fuzz suite: `npm run fuzz -- [part …] [--seconds N] [--seed S] [--save]`.
// Every part is a file of this folder that exports `part`. With `--save` the result is written to
// bench/results, together with those of other parts of the same machine and day, and the README's
// line on reliability is made from it.

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
  readonly parts: Readonly<Record<string, Outcome & { readonly seed: number; readonly seconds: number }>>;
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
    `${kills} workers killed, ${Math.round(sum((part) => part.seconds) / 60)} minutes; ` +
    `failures: ${failures}.`
  );
}

const results: Record<string, Saved["parts"][string]> = {};
for (const name of chosen) {
  const { part } = (await import(`./${name}.ts`)) as { part: Part };
  console.log(`${name}: seed ${seed}, ${seconds} s`);
  const begin = performance.now();
  const outcome = await part.run({ seed, seconds, log: (line) => console.log(`  ${line}`) });
  results[name] = { ...outcome, seed, seconds: Math.round((performance.now() - begin) / 1000) };
  console.log(`  ${outcome.cases} cases, ${outcome.failures.length} failures`, outcome.figures ?? "");
  for (const { seed, what, script } of outcome.failures) console.log(`  seed ${seed}: ${what}\n    ${script}`);
}

if (values.save) {
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
  console.log(`written to ${file}`);
}
process.exit(Object.values(results).some(({ failures }) => failures.length > 0) ? 1 : 0);
