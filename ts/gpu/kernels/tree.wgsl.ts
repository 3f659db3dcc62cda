// Products of a path's pieces within a workgroup, as WGSL: neighbours are multiplied by neighbours
// until the first piece has them all; then, where a signature is continued, that is multiplied from
// the left. The left factor is in registers, the right one comes by way of workgroup memory: the
// arithmetic of a product is Chen's identity, S(w) = Σ_{w = uv} A(u) B(v), as in
// crates/kernels/src/tensor/chen.rs.
//
// Products of what is in different workgroups are chen.wgsl.ts's.

import { type Layout, stageVectors } from "../layout.ts";
import { columnGroups, levelOffsets, prefixLength, rowGroups, type Share } from "../share.ts";
import { option } from "./params.wgsl.ts";
import { readAll, writeAll } from "./place.wgsl.ts";
import { component, over, plus, splat, times, u } from "./text.ts";
import { coefficientsOf, nameOf, type Register, registersOf } from "./walk.wgsl.ts";

/** Neighbouring numbers of workgroup memory as vectors. */
export const treeSource = (layout: Layout): string => `
// The last number of the stage.
const NOWHERE = ${u(stageVectors(layout) * layout.vector - 1)};

// Pieces of a path that are multiplied in this workgroup: this many tracks, one behind the other.
fn pieces_together() -> u32 {
  return select(1u, min(params.pieces, TRACKS), has(${u(option.TREE)}));
}

fn taken2(i: u32) -> vec2f {
  return vec2f(taken(i), taken(i + 1u));
}

fn taken3(i: u32) -> vec3f {
  return vec3f(taken(i), taken(i + 1u), taken(i + 2u));
}

fn taken4(i: u32) -> vec4f {
  return vec4f(taken(i), taken(i + 1u), taken(i + 2u), taken(i + 3u));
}
`;

/** Where no tracks are multiplied. */
export const noTreeSource = `
fn pieces_together() -> u32 {
  return 1u;
}
`;

/** Coefficients of a register's words, less their first letters, in workgroup memory. */
function suffixes(share: Share, { level, path, offset, width }: Register, skipped: number): string {
  const { channels: d, depth } = share;
  const P = prefixLength(share);
  const letters = level - skipped;
  const start = levelOffsets(d, depth)[letters]!;
  const read = (terms: (string | undefined)[], constant: number) =>
    `taken${width === 1 ? "" : width}(${plus(["b", ...terms], start + constant)})`;
  if (level <= P) {
    const number = over("place.prefix", d ** (P - level));
    return read([skipped === 0 ? number : `${number} % ${u(d ** letters)}`], 0);
  }
  // Of the letters below the prefix, those that are left.
  const inTree = level - P;
  const left = Math.min(inTree, letters);
  const local = [...path, offset].slice(inTree - left).reduce((number, c) => number * d + c, 0);
  const ofPrefix =
    letters > inTree
      ? times(skipped === 0 ? "place.prefix" : `place.prefix % ${u(d ** (letters - inTree))}`, d ** inTree)
      : undefined;
  const row =
    share.levels === 2 && rowGroups(share) > 1 && left === inTree ? times("place.row", d ** (inTree - 1)) : undefined;
  const column = level === depth && columnGroups(share) > 1 ? "place.column" : undefined;
  return read([ofPrefix, row, column], local);
}

/** Where a product's right factor is, for a register's words less their first letters. */
type Right = (register: Register, skipped: number) => string;

/** Statements that multiply registers by something, from the top level down. */
function multiply(share: Share, right: Right): string[] {
  const P = prefixLength(share);
  const registers = registersOf(share).sort((a, b) => b.level - a.level);
  return registers.flatMap((register) => {
    const { name, width, level, path } = register;
    const prefix = (letters: number): string => {
      if (letters <= P) return `s${letters}`;
      const word = path.slice(0, letters - P);
      const last = word.at(-1)!;
      const first = last - (last % 4);
      const whole = registers.find((one) => one.name === nameOf(letters, word.slice(0, -1), first))!;
      return component(whole.name, whole.width, last - first);
    };
    const lines = [`${name} += ${right(register, 0)};`];
    for (let skipped = 1; skipped < level; skipped++) {
      lines.push(`${name} = fma(${splat(prefix(skipped), width)}, ${right(register, skipped)}, ${name});`);
    }
    return lines;
  });
}

/** Statements for rounds within a subgroup, where an invocation has a whole signature. */
function multiplyInSubgroup(share: Share, subgroup: number): string[] {
  const other = (name: string) => `right_${name}`;
  const right: Right = ({ level, path, offset }, skipped) => {
    const letters = level - skipped;
    return other(nameOf(letters, path.slice(skipped), offset));
  };
  return [
    `for (; apart < min(together, ${u(subgroup)}); apart *= 2u) {`,
    ...registersOf(share).map(({ name }) => `  let ${other(name)} = subgroupShuffleDown(${name}, apart);`),
    "  if (place.works && piece % (2u * apart) == 0u) {",
    ...multiply(share, right).map((line) => `    ${line}`),
    "  }",
    "}",
  ];
}

/** Statements for all products of a workgroup; \`together\` says how many tracks are multiplied. */
export function multiplyTogether({ share, subgroup }: Layout): string[] {
  const all = coefficientsOf(share);
  // What a group has beyond the alphabet goes, without a branch, where nobody reads.
  const publish = writeAll(share, all, "place", "b", (name, index, exists) =>
    exists === undefined ? `put(${index}, ${name});` : `put(select(NOWHERE, ${index}, ${exists}), ${name});`,
  );
  return [
    "let piece = place.slot % together;",
    "var apart = 1u;",
    ...(subgroup > 1 ? multiplyInSubgroup(share, subgroup) : []),
    `let rounds = select(together, 2u * together, has(${u(option.CONTINUES)}));`,
    "for (; apart < rounds; apart *= 2u) {",
    "  // After all others, what is continued comes from the left.",
    "  let is_last = apart == together;",
    "  let b = place.slot / select(2u * apart, together, is_last) * SIZE;",
    "  workgroupBarrier();",
    "  if (place.works && select(piece % (2u * apart) == apart, piece == 0u, is_last)) {",
    ...publish.map((line) => `    ${line}`),
    "  }",
    "  workgroupBarrier();",
    "  if (place.works && piece % (2u * apart) == 0u) {",
    "    if (is_last) {",
    "      let initial = initial_of(place.track);",
    ...readAll(share, "initials", "place", "initial").map((line) => `      ${line}`),
    "    }",
    ...multiply(share, (register, skipped) => suffixes(share, register, skipped)).map((line) => `    ${line}`),
    "  }",
    "}",
  ];
}
