// Result files of benchmarks with a command of their own: one per machine and day, into which later
// measurements of that day on the same binaries are merged. Reads and writes, measures nothing.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeMeasured, machine, root } from "./machine.mjs";

/** Seven digits are more than any clock resolves. */
const serialise = (result) =>
  `${JSON.stringify(result, (_, x) => (typeof x === "number" ? Number(x.toPrecision(7)) : x), 1)}\n`;

/**
 * The day's result of a benchmark, or an empty one if there is none of these binaries. Smoke tests
 * have a file of their own, which git ignores.
 */
export function openResult(bench, { quick }) {
  const where = machine();
  const date = new Date().toISOString().slice(0, 10);
  const file = join(root, "bench/results", `${bench}-${where.slug}-${date}${quick ? "-quick" : ""}.json`);
  const code = codeMeasured();
  const earlier = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  const isSame = JSON.stringify(earlier?.code.binaries) === JSON.stringify(code.binaries);
  const result = { format: 1, date, machine: where, code, versions: {}, parts: {}, ...(isSame ? earlier : {}) };
  const save = () => {
    mkdirSync(join(root, "bench/results"), { recursive: true });
    writeFileSync(file, serialise(result));
  };
  return { file, result, save };
}

/** Replaces the row of the same name, or appends it. */
export function replaceRow(rows, row, key) {
  const at = rows.findIndex((other) => key(other) === key(row));
  if (at < 0) rows.push(row);
  else rows[at] = row;
}

/**
 * Measures the wanted rows of a part of the result, and saves after every row, so that an
 * interrupted run keeps its results. Measured rows of the same `key` are replaced.
 */
export async function measureRows({ bench, options, progress, result, save }, { part, rows, name, key, measure }) {
  if (!options.only.includes(part)) return;
  const wanted = rows.filter(options.rows);
  result.parts[part] ??= { of: rows.length, rows: [] };
  progress.begin(part, wanted.length);
  for (const row of wanted) {
    progress.row(name(row));
    replaceRow(result.parts[part].rows, await measure(row), key);
    result.versions = { ...result.versions, ...bench.versions() };
    save();
    progress.step();
  }
  progress.stop();
}

/** A Markdown table; all columns but the first are right-aligned. */
export const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
};

export const milliseconds = (seconds) => (seconds == null ? "–" : String(Number((1e3 * seconds).toPrecision(4))));
export const times = (x) => (Number.isFinite(x) ? `${x.toFixed(2)}×` : "–");

/** A row of a table of targets: [what, target, measured, met or missed]. */
export const verdict = (what, wanted, measured, isMet) => [what, wanted, measured, isMet ? "met" : "**missed**"];
