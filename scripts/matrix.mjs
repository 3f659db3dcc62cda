// Writes the runtime matrix into docs/runtimes.md from the results of the last test run
// (target/test/runtimes), and stores those as test/runtimes/results.json, which is committed.
//
//   npm test && node scripts/matrix.mjs    collects and writes
//   node scripts/matrix.mjs --draw         only writes
//   node scripts/matrix.mjs --check        exit code: whether the page is current

import { readFileSync, writeFileSync } from "node:fs";
import { rows } from "../test/runtimes/rows.mjs";
import { at, read } from "./lib/project.mjs";
import { section } from "./lib/sections.mjs";
import { Fault, main } from "./lib/terminal.mjs";

const results = at("test", "runtimes", "results.json");

/** A check's cell in the table. */
const marks = { passed: "✓", absent: "–" };

function collect() {
  const found = rows.map(({ id }) => {
    const text = read(at("target", "test", "runtimes", `${id}.json`));
    if (!text) throw new Fault(`The last run of the tests has no result for ${id}.`, "npm test");
    return JSON.parse(text);
  });
  const wrong = found.flatMap(({ id, checks }) =>
    Object.entries(checks)
      .filter(([, verdict]) => !(verdict in marks))
      .map(([name, verdict]) => `${id}, ${name}: ${verdict.split("\n")[0]}`),
  );
  if (wrong.length > 0) throw new Fault(["Not all of the matrix is green:", ...wrong].join("\n"));
  writeFileSync(results, `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), found }, undefined, 1)}\n`);
}

function table() {
  const { date, found } = JSON.parse(readFileSync(results, "utf8"));
  const names = Object.keys(found[0].checks);
  const head = ["runtime", "version", "how", "binary", ...names];
  // Rows of one runtime with equal results share a line.
  const lines = new Map();
  for (const { id, runtime, how } of rows) {
    const result = found.find((one) => one.id === id);
    if (!result) throw new Fault(`${results} has no result for ${id}.`, "npm test && node scripts/matrix.mjs");
    const { version, variant, checks } = result;
    const rest = [variant, ...names.map((name) => marks[checks[name]])];
    const line = lines.get([runtime, version, ...rest].join()) ?? { runtime, version, ways: [], rest };
    line.ways.push(how);
    lines.set([runtime, version, ...rest].join(), line);
  }
  const cells = [...lines.values()].map(({ runtime, version, ways, rest }) => [
    runtime,
    version,
    ways.join("; "),
    ...rest,
  ]);
  const rule = head.map((_, i) => (i < 4 ? "---" : ":---:"));
  const drawn = [head, rule, ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
  return [
    `From the packed tarball, by \`npm test\` on ${date}; \`node scripts/matrix.mjs\` writes this table. ` +
      "✓ passed, – not in this release or not in this place.",
    drawn,
  ].join("\n\n");
}

await main(async () => {
  const only = process.argv[2];
  if (only === undefined) collect();
  section("docs/runtimes.md", "runtimes", "node scripts/matrix.mjs", table(), only === "--check");
});
