// Writes what pages say of the benchmarks, from the newest complete result of bench/results: all
// tables and targets into docs/performance.md, one table into the README, and the chart beside
// them. With --check it only compares.
//
//   node bench/pages.mjs [--check]

import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { section } from "../scripts/lib/sections.mjs";
import { Fault, main } from "../scripts/lib/terminal.mjs";
import { root } from "./lib/machine.mjs";
import { briefTable, peerTable, provenance, targetTable } from "./report.mjs";

const command = "node bench/pages.mjs";
const results = join(root, "bench/results");
const chart = "docs/images/benchmark.svg";

/** The newest result that has every part in full. @throws Fault if there is none */
function newestComplete() {
  const complete = readdirSync(results)
    .filter((name) => /\d{4}-\d\d-\d\d\.json$/.test(name))
    .map((name) => ({ name, result: JSON.parse(readFileSync(join(results, name), "utf8")) }))
    .filter(({ result }) => result.complete)
    .sort((a, b) => a.result.date.localeCompare(b.result.date));
  if (!complete.length) throw new Fault("bench/results has no complete result.", "npm run bench");
  return complete.at(-1);
}

const rowsOf = (result, group) => result.parts.peers.rows.filter((row) => row.group === group);

const performancePage = (base, result) =>
  [
    `Measured by \`npm run bench\`: ${provenance(result)}. All tables: ` +
      `[bench/results/${base}.md](../bench/results/${base}.md).`,
    "Fastest call in milliseconds, from typed array to typed array, libraries sampled in turn:",
    peerTable(rowsOf(result, "grid")),
    "One path, into a given array:",
    peerTable(rowsOf(result, "one path")),
    "Targets:",
    targetTable(result),
  ].join("\n\n");

const readmeTable = (result) =>
  [
    `Milliseconds a call on one core, float32, array to array: ${result.machine.name}, ${result.date}.`,
    briefTable(rowsOf(result, "grid")),
  ].join("\n\n");

await main(async () => {
  const check = process.argv.includes("--check");
  const { name, result } = newestComplete();
  const base = name.replace(/\.json$/, "");
  section("docs/performance.md", "bench", command, performancePage(base, result), check);
  section("README.md", "bench", command, readmeTable(result), check);
  if (!check) copyFileSync(join(results, `${base}.svg`), join(root, chart));
  else if (!readFileSync(join(results, `${base}.svg`)).equals(readFileSync(join(root, chart))))
    throw new Fault(`${chart} is not of the newest result.`, command);
});
