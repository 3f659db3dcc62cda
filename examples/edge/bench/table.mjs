// Writes the edge service's figures as a table into examples/edge/README.md, from the newest result
// of run.mjs:
//
//   node examples/edge/bench/table.mjs [--check]

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../bench/lib/machine.mjs";
import { section } from "../../../scripts/lib/sections.mjs";
import { main } from "../../../scripts/lib/terminal.mjs";

const ms = (x) => `${x.toPrecision(3)} ms`;
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const verdict = (good) => (good ? "met" : "**missed**");

/** Memory counts as flat if the second half of the requests adds less than this. */
const flatBytes = 4 * 2 ** 20;

/** The table and its source. */
export function drawEdge({ date, machine, cold, warm, warmAlone, nothing, throughput, memory }, file) {
  const [half, last] = [memory.held[4], memory.held.at(-1)];
  const first = memory.held[0];
  const rows = [
    [
      "cold isolate to first answer",
      "≤ 30 ms",
      `${ms(cold.firstAnswer)} (and ${ms(cold.workerdAlone)} for a workerd that does nothing)`,
      cold.firstAnswer <= 30,
    ],
    ["compile and instantiate, of it", "≤ 10 ms", ms(cold.compileAndInstantiate), cold.compileAndInstantiate <= 10],
    [
      "warm request, one path (100, 3), depth 3: p50",
      "≤ 1 ms in Miniflare",
      `${ms(warm.p50)}; workerd alone ${ms(warmAlone.p50)}`,
      warm.p50 <= 1,
    ],
    ["the same: p99", "≤ 5 ms in Miniflare", `${ms(warm.p99)}; workerd alone ${ms(warmAlone.p99)}`, warm.p99 <= 5],
    [
      "the same: processor time",
      "≤ 0.3 ms",
      `${ms(warmAlone.processor)}, ${ms(nothing.processor)} of it what workerd takes for an echo; ` +
        `with Miniflare's own worker in front ${ms(warm.processor)}`,
      warmAlone.processor <= 0.3,
    ],
    [
      "throughput, 64 such paths as Arrow, one core",
      "≥ 200 requests/s",
      `${Math.round(throughput.service)} requests/s; with plain JavaScript ${Math.round(throughput.plain)}`,
      throughput.service >= 200,
    ],
    [
      `memory of workerd over ${memory.requests} requests, V8 with ${memory.heapMebibytes} MiB of heap`,
      "flat",
      `${mebibytes(first)} after a tenth, ${mebibytes(half)} after half, ${mebibytes(last)} at the end`,
      last - half < flatBytes,
    ],
  ];
  const lines = rows.map(
    ([what, target, measured, good]) => `| ${what} | ${target} | ${measured} | ${verdict(good)} |`,
  );
  return [
    `Measured by \`node examples/edge/bench/run.mjs\`: ${machine.name}, ${date}, workerd on a core ` +
      `of its own (${file}).`,
    ["| what | target | measured | |", "| --- | --- | --- | --- |", ...lines].join("\n"),
  ].join("\n\n");
}

function newest() {
  const folder = join(root, "bench", "results");
  const names = readdirSync(folder).filter((name) => /^edge-.*\d{4}-\d\d-\d\d\.json$/.test(name));
  const results = names.map((name) => ({ name, result: JSON.parse(readFileSync(join(folder, name), "utf8")) }));
  return results.sort((a, b) => a.result.date.localeCompare(b.result.date)).at(-1);
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const { name, result } = newest();
    const text = drawEdge(result, `bench/results/${name}`);
    const check = process.argv.includes("--check");
    section("examples/edge/README.md", "edge", "node examples/edge/bench/table.mjs", text, check);
  });
}
