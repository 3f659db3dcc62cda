// Measures the size budgets (lib/budgets.mjs) with size-limit and writes their table into
// docs/runtimes.md.
//
//   npm run size

import { budgets } from "./lib/budgets.mjs";
import { at, pinnedNode } from "./lib/project.mjs";
import { section } from "./lib/sections.mjs";
import { command, main } from "./lib/terminal.mjs";

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

await main(async () => {
  const output = await command(pinnedNode, [at("node_modules", "size-limit", "bin.js"), "--json"], { cwd: at() });
  const measured = JSON.parse(output);
  const lines = budgets.map(({ name, limit, buys }) => {
    const { size } = measured.find((one) => one.name === name);
    return `| \`${name}\` | ${kilobytes(size)} | ${limit} | ${buys} |`;
  });
  const head = ["| what | compressed | budget | what it buys |", "| --- | ---: | ---: | --- |"];
  const how =
    "Entries bundled and minified by esbuild, then gzip, as size-limit measures; `npm run size` writes this table.";
  section("docs/runtimes.md", "sizes", "npm run size", [how, [...head, ...lines].join("\n")].join("\n\n"));
});
