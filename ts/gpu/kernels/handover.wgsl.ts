// Coefficients from registers to memory: those of the tree by way of workgroup memory, so that
// neighbouring invocations write neighbouring numbers, those of prefixes by the first invocation
// that has them. WGSL; nothing is computed.

import { type Layout, slicePitch } from "../layout.ts";
import { isPadded, levelOffsets, prefixLength, type Share, shareCount } from "../share.ts";
import { option } from "./params.wgsl.ts";
import { addressOf, writeAll } from "./place.wgsl.ts";
import { plus, u } from "./text.ts";
import { type Coefficient, coefficientsOf } from "./walk.wgsl.ts";

/** Workgroup memory as single numbers, once increments are no longer needed. */
export function handoverSource({ vector }: Layout): string {
  const element = `stage[i / ${u(vector)}][i % ${u(vector)}]`;
  return `
fn put(i: u32, x: f32) {
  ${element} = x;
}

fn taken(i: u32) -> f32 {
  return ${element};
}
`;
}

/** The 1 before a row, by the first of a track's invocations. */
export const writeScalarTerm = (row: string): string =>
  `if (has(${u(option.SCALAR_TERM)}) && place.prefix + place.row + place.column == 0u) { out[${row} - 1u] = 1.0; }`;

/** A coefficient to its place in a row of the result. */
export const writeOut = (name: string, index: string): string => `out[${index}] = ${name};`;

/** Statements that write the signatures of all tracks that were not multiplied into others. */
export function writeWhole(layout: Layout): string[] {
  const { share, slice } = layout;
  const P = prefixLength(share);
  const all = coefficientsOf(share);
  const prefixes = all.filter(({ level }) => level <= P);
  const below = all.filter(({ level }) => level > P);
  return [
    "if (place.works && place.slot % together == 0u) {",
    "  let row = row_of(place.track);",
    ...[writeScalarTerm("row"), ...writeAll(share, prefixes, "place", "row", writeOut)].map((line) => `  ${line}`),
    "}",
    ...slicesOf(share, below, slice).flatMap((one) => handOver(layout, one)),
  ];
}

/** Coefficients that stand one behind the other in every row, `most` at a time. */
function slicesOf(share: Share, all: readonly Coefficient[], most: number): Coefficient[][] {
  const { channels, depth } = share;
  const offsets = levelOffsets(channels, depth);
  const number = ({ level, path, letter }: Coefficient) =>
    offsets[level]! + [...path, letter].reduce((n, c) => n * channels + c, 0);
  const whole = shareCount(share) === 1;
  const slices: Coefficient[][] = [];
  let last: Coefficient | undefined;
  for (const c of all) {
    const follows =
      last !== undefined &&
      number(c) === number(last) + 1 &&
      (whole || c.level === last.level) &&
      // What lies in the alphabet is asked for one row at a time.
      (!isPadded(share) || c.path.join() === last.path.join());
    if (follows && slices.at(-1)!.length < most) slices.at(-1)!.push(c);
    else slices.push([c]);
    last = c;
  }
  return slices;
}

/** A slice of every invocation's coefficients. */
function handOver(layout: Layout, slice: readonly Coefficient[]): string[] {
  const { share } = layout;
  const pitch = u(slicePitch(layout));
  const count = u(slice.length);
  const { index, writes, exists } = addressOf(share, slice[0]!, "p", "row_of(p.track)", "n");
  const conditions = ["p.works", "p.slot % together == 0u", writes, exists && `(${exists})`].filter(
    (x) => x !== undefined,
  );
  return [
    "workgroupBarrier();",
    ...slice.map(({ name }, i) => `put(${plus([`lane * ${pitch}`], i)}, ${name});`),
    "workgroupBarrier();",
    `for (var i = lane; i < INVOCATIONS * ${count}; i += INVOCATIONS) {`,
    `  let p = place_of(i / ${count}, workgroup);`,
    `  let n = i % ${count};`,
    `  if (${conditions.join(" && ")}) { out[${index}] = taken(i / ${count} * ${pitch} + n); }`,
    "}",
  ];
}
