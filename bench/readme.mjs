// Writes the README's performance section, between its two markers, from the newest complete result
// of bench/results. With --check it only says (by its exit code) whether the section is current.
//
//   node bench/readme.mjs [--check]

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/machine.mjs";
import { peerTable, provenance, targetTable } from "./report.mjs";

const begin = "<!-- bench: begin (written by node bench/readme.mjs) -->";
const end = "<!-- bench: end -->";
const results = join(root, "bench/results");

/** The newest result that has every part in full. @throws if there is none */
function newestComplete() {
  const complete = readdirSync(results)
    .filter((name) => /\d{4}-\d\d-\d\d\.json$/.test(name))
    .map((name) => ({ name, result: JSON.parse(readFileSync(join(results, name), "utf8")) }))
    .filter(({ result }) => result.complete)
    .sort((a, b) => a.result.date.localeCompare(b.result.date));
  if (!complete.length) throw new Error("bench/results has no complete result: run npm run bench");
  return complete.at(-1);
}

function sectionOf({ name, result }) {
  const base = name.replace(/\.json$/, "");
  const rows = (group) => peerTable(result.parts.peers.rows.filter((row) => row.group === group));
  return [
    `Measured by \`npm run bench\`: ${provenance(result)}. All tables: ` +
      `[bench/results/${base}.md](bench/results/${base}.md).`,
    "Fastest call in milliseconds, from typed array to typed array, libraries sampled in turn:",
    rows("grid"),
    "One path, into a given array:",
    rows("one path"),
    `![Charts](bench/results/${base}.svg)`,
    "<details><summary>Targets</summary>",
    targetTable(result),
    "</details>",
  ].join("\n\n");
}

function main() {
  const file = join(root, "README.md");
  const readme = readFileSync(file, "utf8");
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md lacks the lines\n${begin}\n${end}`);
  const fresh = `${readme.slice(0, from + begin.length)}\n\n${sectionOf(newestComplete())}\n\n${readme.slice(to)}`;
  if (process.argv.includes("--check")) {
    if (fresh !== readme)
      throw new Error("README.md's performance section is not the newest result's: run node bench/readme.mjs");
  } else {
    writeFileSync(file, fresh);
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench/readme: ${error.message}\n`);
  process.exitCode = 1;
}
