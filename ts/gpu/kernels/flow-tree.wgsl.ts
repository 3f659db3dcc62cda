// The tree of words that an invocation of the sweep moves in time, as WGSL: where its numbers
// stand, and the statements of a step for a node and all above it (flow.wgsl.ts has the recursion).

import type { FlowLayout } from "../flow-layout.ts";
import { levelOffsets } from "../share.ts";
import { f, u } from "./text.ts";

export const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Σ_j w_j X_j as nested multiply-adds. */
export const weighted = (level: number, weights: readonly (readonly [number, number])[]): string =>
  weights.reduce((sum, [j, weight]) => {
    const x = `x${level}_${j}`;
    if (sum === "") return weight === 1 ? x : `${f(weight)} * ${x}`;
    return `fma(vec4f(${f(weight)}), ${x}, ${sum})`;
  }, "");

/** Where a tree's numbers are: registers or memory. Letters are those before the pair. */
export interface Tree {
  /** Θ of a word. */
  theta(letters: readonly string[]): string;
  /** Its companion below the top level: its first value, or the low part of its sum. */
  companion(letters: readonly string[]): string;
  /** Statements for all children of a node; a letter is a number or the name of a variable. */
  children(level: number, one: (letter: string) => string[]): string[];
}

/** Statements for a node on \`level\` and all above it: leaves X_j in \`x<level>_<j>\`. */
export function node(layout: FlowLayout, tree: Tree, level: number, letters: readonly string[]): string[] {
  const { depth } = layout;
  if (level === depth) return [`let x${level}_0 = vec4f(${tree.theta(letters)});`];
  const arrays = Array.from({ length: depth - level }, (_, i) => i + 1);
  const lines = arrays.map((j) => `var x${level}_${j} = vec4f();`);
  lines.push(
    ...tree.children(level, (letter) => [
      ...node(layout, tree, level + 1, [letter, ...letters]),
      `let z = increments[z_at + ${letter}];`,
      ...arrays.map((j) => `x${level}_${j} = fma(z, x${level + 1}_${j - 1}, x${level}_${j});`),
    ]),
    `let change = ${weighted(
      level,
      arrays.map((j) => [j, 1 / factorial(j)] as const),
    )};`,
    "let two = change.x + change.y;",
    "let three = two + change.z;",
    `let start = ${tree.theta(letters)};`,
    `let x${level}_0 = start + vec4f(0.0, change.x, two, three);`,
  );
  if (level === depth - 1) lines.push(`${tree.theta(letters)} = start + (three + change.w);`);
  else {
    const lost = tree.companion(letters);
    lines.push(
      `let added = three + change.w + ${lost};`,
      "let sum = start + added;",
      `${lost} = added - (sum - start);`,
      `${tree.theta(letters)} = sum;`,
    );
  }
  return lines;
}

/** All words of so many letters. */
function words(channels: number, count: number): string[][] {
  let all: string[][] = [[]];
  for (let i = 0; i < count; i++) {
    all = all.flatMap((word) => Array.from({ length: channels }, (_, c) => [...word, u(c)]));
  }
  return all;
}

/** A tree in registers. */
export function registers({ channels: d }: FlowLayout): Tree {
  const name = (letter: string, letters: readonly string[]) =>
    [`${letter}${letters.length + 2}`, ...letters.map((one) => one.replace("u", ""))].join("_");
  return {
    theta: (letters) => name("t", letters),
    companion: (letters) => name("k", letters),
    children: (_, one) =>
      Array.from({ length: d }, (_, c) => ["{", ...one(u(c)).map((line) => `  ${line}`), "}"]).flat(),
  };
}

/** A tree in memory. */
export function memory({ channels: d, depth }: FlowLayout): Tree {
  const offsets = levelOffsets(d, depth);
  const at = (base: string, letters: readonly string[]) => {
    const level = letters.length + 2;
    const terms = letters.map((letter, i) => `${letter} * ${u(d ** (level - 1 - i))}`);
    return `functional[${[base, ...terms].join(" + ")} + ${u(offsets[level]!)}]`;
  };
  return {
    theta: (letters) => at("root", letters),
    companion: (letters) => at("mirror", letters),
    children: (level, one) => {
      const letter = `letter_${level + 1}`;
      return [
        `for (var ${letter} = 0u; ${letter} < CHANNELS; ${letter}++) {`,
        ...one(letter).map((line) => `  ${line}`),
        "}",
      ];
    },
  };
}

/** Statements for all words of a level. */
export function forWords(
  layout: FlowLayout,
  tree: Tree,
  level: number,
  one: (letters: string[]) => string[],
): string[] {
  if (layout.inRegisters) return words(layout.channels, level - 2).flatMap(one);
  const inside = (below: number, letters: string[]): string[] =>
    below === level ? one(letters) : tree.children(below, (letter) => inside(below + 1, [letter, ...letters]));
  return inside(2, []);
}
