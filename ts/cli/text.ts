// Summaries of commands as text.

import type { CommandName } from "./commands.ts";
import type { Summary } from "./features.ts";

const number = (value: unknown): string => (value as number).toLocaleString("en");
const seconds = (value: unknown): string => `${(value as number).toFixed(2)} s`;

/** Rows of cells, right-aligned but for the first. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
        .join("  "),
    )
    .join("\n");
}

const lines = (summary: Summary): string =>
  Object.entries(summary)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("\n");

interface Sizes {
  readonly depth: number;
  readonly signature: number;
  readonly logSignature: number;
}

const texts: Record<CommandName, (summary: Summary) => string> = {
  features: ({ series, points, columns, out, seconds: time }) =>
    `${number(series)} series of ${number(points)} points, ${number(columns)} columns, in ${seconds(time)}` +
    (out === null ? "" : `: ${out}`),
  kernel: ({ shape, out, seconds: time }) => `${(shape as number[]).join(" × ")} kernels in ${seconds(time)}: ${out}`,
  inspect: ({ sizes, suggestion, ...rest }) =>
    [
      lines(rest),
      "",
      table([
        ["depth", "signature", "log-signature"],
        ...(sizes as Sizes[]).map((one) => [`${one.depth}`, number(one.signature), number(one.logSignature)]),
      ]),
      "",
      `To begin with: ${suggestion}`,
    ].join("\n"),
  bench: ({ rows, ...rest }) =>
    [
      lines(rest),
      "",
      table([
        ["shape", "signature", "log-signature", "signature, all threads"],
        ...(rows as Record<string, number | string>[]).map(({ shape, signature, logSignature, threads }) => [
          String(shape),
          ...[signature, logSignature, threads].map((ms) => (ms as number).toPrecision(3)),
        ]),
      ]),
    ].join("\n"),
  info: lines,
};

export const textOf = (command: CommandName, summary: Summary): string => texts[command](summary);
