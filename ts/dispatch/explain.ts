// An explanation in words, for people: the plan, then each rule's verdict with its numbers.

import type { Explanation, Plan, Verdict } from "./plan.ts";

/** Seconds, bytes and counts as people write them. */
export function inWords(name: string, value: number): string {
  if (/Size$|Bytes$/i.test(name))
    return value >= 2 ** 20 ? `${+(value / 2 ** 20).toPrecision(3)} MiB` : `${value} bytes`;
  if (Number.isInteger(value) && /^(threads|blocks)$/.test(name)) return String(value);
  const size = Math.abs(value);
  if (size >= 1 || size === 0) return `${+value.toPrecision(3)} s`;
  return size >= 1e-3 ? `${+(value * 1e3).toPrecision(3)} ms` : `${+(value * 1e6).toPrecision(3)} µs`;
}

function planInWords({ device, kernel, blocks, threads, estimate, refused }: Plan): string {
  if (refused !== undefined) return `refused: ${refused}`;
  const where =
    device === "cpu"
      ? `on the CPU, ${threads} ${threads === 1 ? "thread" : "threads"}`
      : `on the GPU, ${blocks} ${blocks === 1 ? "block" : "blocks"}`;
  return `${where}, kernel ${kernel}, about ${inWords("estimate", estimate)}`;
}

function verdictInWords({ rule, device, decides, why, numbers }: Verdict): string {
  const mark = decides ? "→" : " ";
  const detail = Object.entries(numbers).map(([name, value]) => `${name} ${inWords(name, value)}`);
  return `${mark} ${rule.padEnd(12)} ${device.padEnd(6)} ${why}${detail.length > 0 ? ` (${detail.join(", ")})` : ""}`;
}

/** The text of an explanation. */
export const explanationInWords = ({ plan, verdicts }: Explanation): string =>
  [planInWords(plan), ...verdicts.map(verdictInWords)].join("\n");
