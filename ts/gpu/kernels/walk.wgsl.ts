// The walk over words, one time step of it, as WGSL: the counterpart of crates/kernels/src/walk,
// whose header has the recursion. A node with m letters still to come keeps C_m/m; its child c has
// C'_{m-1} = C_m/m · z_c + S(wc), divided by m − 1, and S(wc) += C_1(w) · z_c.
//
// What one invocation follows is a share (share.ts): first its prefix, letter by letter, then the
// tree below, the children of a node as vectors over their letters. Everything is a named register;
// there is no array that a compiler could put into memory. Not here: where increments come from,
// where coefficients go.

import { prefixLength, type Share } from "../share.ts";
import { component, f, splat, vectorType } from "./text.ts";

/** Neighbouring letters that one vector holds: those from `offset` on of a group. */
export interface Chunk {
  readonly offset: number;
  readonly width: number;
}

/** Letters 0 … count − 1 as vectors of four and what is left. */
export function chunksOf(count: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let offset = 0; offset < count; offset += 4) chunks.push({ offset, width: Math.min(4, count - offset) });
  return chunks;
}

/** A register: a vector of coefficients of neighbouring words. */
export interface Register {
  readonly name: string;
  readonly width: number;
  /** Length of the words. */
  readonly level: number;
  /** Below the prefix, letters of the words but the last; empty for prefixes themselves. */
  readonly path: readonly number[];
  /** Last letter of the first word, counted from the start of its group. */
  readonly offset: number;
}

/** Letters that the nodes of a level of the tree go on with. */
function groupSize(share: Share, level: number): number {
  if (level === share.depth) return share.columns;
  return share.levels === 2 ? share.rows : share.channels;
}

/** `s3_1_0_4`: level 3, below the prefix the letters 1 and 0, then letters from 4 on. */
export const nameOf = (level: number, path: readonly number[], offset: number): string =>
  `s${level}_${[...path, offset].join("_")}`;

/** The registers of a share: its prefixes, then level by level, in the order of words. */
export function registersOf(share: Share): Register[] {
  const registers: Register[] = [];
  const P = prefixLength(share);
  for (let level = 1; level <= P; level++) registers.push({ name: `s${level}`, width: 1, level, path: [], offset: 0 });
  let paths: number[][] = [[]];
  for (let level = P + 1; level <= share.depth; level++) {
    const count = groupSize(share, level);
    for (const path of paths) {
      for (const { offset, width } of chunksOf(count)) {
        registers.push({ name: nameOf(level, path, offset), width, level, path, offset });
      }
    }
    paths = paths.flatMap((path) => Array.from({ length: count }, (_, letter) => [...path, letter]));
  }
  return registers;
}

/** A coefficient that a share follows. */
export interface Coefficient {
  /** What the source calls it. */
  readonly name: string;
  readonly level: number;
  /** Below the prefix, letters of its word but the last, counted from the start of their groups. */
  readonly path: readonly number[];
  readonly letter: number;
}

/** The coefficients of a share: its prefixes, then level by level, in the order of words. */
export function coefficientsOf(share: Share): Coefficient[] {
  return registersOf(share).flatMap(({ name, width, level, path, offset }) =>
    Array.from({ length: width }, (_, i) => ({ name: component(name, width, i), level, path, letter: offset + i })),
  );
}

/** Declarations of a share's registers: the identity. */
export const declarationsOf = (share: Share): string[] =>
  registersOf(share).map(({ name, width }) => `var ${name} = ${vectorType(width)}();`);

/** What the statements of a step call the step's increments. */
export interface Letters {
  /** The increment of the prefix's letter number `level`. */
  prefix(level: number): string;
  /** The increments of a chunk of the group that a level goes on with. */
  chunk(level: number, chunk: Chunk): string;
}

/** The statements of one step. A chain is the list of its C_m/m, m = 1 …; the root's are 1/m. */
export function stepOf(share: Share, letters: Letters): string[] {
  const { depth } = share;
  const P = prefixLength(share);
  const lines: string[] = [];

  /** A word's children for a vector of letters: coefficients `x`, and chains by name. */
  const extend = (chain: readonly string[], x: string, z: string, width: number): string[] => {
    const chains: string[] = [];
    for (let m = 2; m <= chain.length; m++) {
      const name = x.replace("s", `c${m - 1}_`);
      const sum = `fma(${splat(chain[m - 1]!, width)}, ${z}, ${x})`;
      lines.push(`let ${name} = ${m > 2 ? `${f(1 / (m - 1))} * ${sum}` : sum};`);
      chains.push(name);
    }
    const isRoot = chain.length === depth;
    lines.push(isRoot ? `${x} += ${z};` : `${x} = fma(${splat(chain[0]!, width)}, ${z}, ${x});`);
    return chains;
  };

  let chain = Array.from({ length: depth }, (_, i) => f(1 / (i + 1)));
  for (let level = 1; level <= P; level++) {
    lines.push(`let z_${level} = ${letters.prefix(level)};`);
    chain = extend(chain, `s${level}`, `z_${level}`, 1);
  }
  const below = (path: readonly number[], from: readonly string[]): void => {
    const level = P + path.length + 1;
    for (const chunk of chunksOf(groupSize(share, level))) {
      const { offset, width } = chunk;
      const chains = extend(from, nameOf(level, path, offset), letters.chunk(level, chunk), width);
      if (level === depth) continue;
      for (let i = 0; i < width; i++) {
        below(
          [...path, offset + i],
          chains.map((name) => component(name, width, i)),
        );
      }
    }
  };
  below([], chain);
  return lines;
}
