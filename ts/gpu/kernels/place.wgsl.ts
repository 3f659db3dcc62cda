// Where an invocation stands: which track and which share, and where in a row the coefficients lie
// that it has in registers.

import type { Layout } from "../layout.ts";
import { columnGroups, isPadded, levelOffsets, prefixLength, rowGroups, type Share } from "../share.ts";
import { over, plus, times, u } from "./text.ts";
import { type Coefficient, coefficientsOf } from "./walk.wgsl.ts";

/** WGSL that finds an invocation's place. `listed`: shares are those of a list. */
export function placeSource(layout: Layout, listed: boolean): string {
  const { share, shares, workgroups } = layout;
  const { channels: d, levels, rows, columns } = share;
  const [rowCount, columnCount] = [rowGroups(share), columnGroups(share)];
  const group = (name: string, count: number, divisor: number, size: number) =>
    count === 1 ? "" : `\n  p.${name} = ${times(`${over("share", divisor)} % ${u(count)}`, size)};`;
  const below = Array.from({ length: levels }, (_, i) => {
    const from = i === 0 ? "p.prefix" : `below_${i}(p)`;
    const letter =
      levels === 2 && i === 0 && rowCount > 1 ? "p.row" : i === levels - 1 && columnCount > 1 ? "p.column" : undefined;
    return `fn below_${i + 1}(p: Place) -> u32 {\n  return ${plus([`${from} * ${u(d)}`, letter], 0)};\n}`;
  });
  return `
// Shares of a track.
const SHARES = ${u(shares)};

// What an invocation follows: the words below a prefix, which is given by its number \
among the words of its length. Where the tree
// below is cut, words go on with letters from \`row\` on and end in letters from \`column\` on.
struct Place {
  works: bool,
  track: u32,
  // Number of the track in its workgroup.
  slot: u32,
  prefix: u32,
  row: u32,
  column: u32,
}

fn place_of(lane: u32, workgroup: u32) -> Place {
  var p = Place();
${
  workgroups > 1
    ? `  var share = workgroup % WORKGROUPS * INVOCATIONS + lane;
  p.track = workgroup / WORKGROUPS;
  p.works = share < SHARES && p.track < params.tracks;`
    : `  var share = lane % SHARES;
  p.slot = min(lane / SHARES, TRACKS - 1u);
  p.track = workgroup * TRACKS + lane / SHARES;
  p.works = lane < TRACKS * SHARES && p.track < params.tracks;`
}
${listed ? "  share = listed[min(share, SHARES - 1u)];\n" : ""}  \
p.prefix = ${over("share", rowCount * columnCount)};\
${group("row", rowCount, columnCount, rows)}\
${group("column", columnCount, 1, columns)}
  return p;
}

// Numbers of the first words of one more letter than the prefix, two more, …, \
among the words of their length.
${below.join("\n")}
`;
}

/** A coefficient's number in a row, and the conditions to write it and to have it. */
export interface Address {
  readonly index: string;
  /** Several shares follow the same prefixes: who writes them. */
  readonly writes: string | undefined;
  /** Groups may reach beyond the alphabet. */
  readonly exists: string | undefined;
}

const all = (conditions: readonly string[]): string | undefined =>
  conditions.length === 0 ? undefined : conditions.join(" && ");

/** As {@link all}, but without branches, of which `&&` would be one a coefficient. */
const both = (conditions: readonly string[]): string | undefined =>
  conditions.length < 2 ? conditions[0] : conditions.map((one) => `(${one})`).join(" & ");

/** Where a coefficient of the place `p` lies; `beyond`: so many letters further on. */
export function addressOf(
  share: Share,
  { level, path, letter }: Coefficient,
  p: string,
  row: string,
  beyond?: string,
): Address {
  const { channels: d, depth, levels } = share;
  const P = prefixLength(share);
  const start = levelOffsets(d, depth)[level]!;
  const [rowCount, columnCount] = [rowGroups(share), columnGroups(share)];
  const first: string[] = [];
  const exists: string[] = [];
  if (rowCount > 1 && level <= P) first.push(`${p}.row == 0u`);
  if (columnCount > 1 && level < depth) first.push(`${p}.column == 0u`);
  if (level <= P) {
    const skipped = d ** (P - level);
    if (skipped > 1) first.unshift(`${p}.prefix % ${u(skipped)} == 0u`);
    return { index: plus([row, over(`${p}.prefix`, skipped)], start), writes: all(first), exists: undefined };
  }
  const isTop = level === depth;
  if (levels === 2 && isPadded(share)) {
    exists.push(`${isTop ? plus([`${p}.row`], path[0]!) : plus([`${p}.row`, beyond], letter)} < CHANNELS`);
  }
  if (isTop && isPadded(share)) exists.push(`${plus([`${p}.column`, beyond], letter)} < CHANNELS`);
  const local = [...path, letter].reduce((number, c) => number * d + c, 0);
  const base = P === 0 && rowCount * columnCount === 1 ? undefined : `below_${level - P}(${p})`;
  return { index: plus([row, base, beyond], start + local), writes: all(first), exists: both(exists) };
}

/** Statements for some coefficients, those under the same condition together. */
export function forEach(
  coefficients: readonly Coefficient[],
  statement: (c: Coefficient) => { text: string; condition: string | undefined },
): string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const c of coefficients) {
    const { text, condition } = statement(c);
    if (condition !== open) {
      if (open !== undefined) lines.push("}");
      if (condition !== undefined) lines.push(`if (${condition}) {`);
      open = condition;
    }
    lines.push(open === undefined ? text : `  ${text}`);
  }
  if (open !== undefined) lines.push("}");
  return lines;
}

/**
 * Statements that read all coefficients of the place `p` from `from`: its prefixes too, whoever
 * writes them. What a group has beyond the alphabet becomes some number or other, which nobody
 * writes.
 */
export const readAll = (share: Share, from: string, p: string, row: string): string[] =>
  coefficientsOf(share).map((c) => `${c.name} = ${from}[${addressOf(share, c, p, row).index}];`);

/** Statements for the coefficients that the place `p` writes, each made by `write`. */
export const writeAll = (
  share: Share,
  which: readonly Coefficient[],
  p: string,
  row: string,
  write: (name: string, index: string, exists: string | undefined) => string,
): string[] =>
  forEach(which, (c) => {
    const { index, writes, exists } = addressOf(share, c, p, row);
    return { text: write(c.name, index, exists), condition: writes };
  });
