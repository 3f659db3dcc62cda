// What the kernel of logarithms reads: the words that coordinates are, or what they are made of.
// The counterpart of crates/kernels/src/ops/log_signature/basis.rs; docs/log-signatures.md has the
// bases.

import { type Bracket, labelsOf } from "../../operations/log-signature-labels.ts";
import { zeroWord } from "../kernels/logarithm.wgsl.ts";
import { type LogLayout, logOffsets } from "../logarithm.ts";
import { levelOffsets } from "../share.ts";

/** A letter, or a bracket with its number of letters. */
interface Tree {
  readonly length: number;
  readonly letter: number;
  readonly parts: readonly [Tree, Tree] | undefined;
}

function treeOf(bracket: Bracket): Tree {
  if (typeof bracket === "number") return { length: 1, letter: bracket, parts: undefined };
  const parts = [treeOf(bracket[0]), treeOf(bracket[1])] as const;
  return { length: parts[0].length + parts[1].length, letter: -1, parts };
}

/** The coefficient, in the tree multiplied out, of the word of letters that begins at `from`. */
function coefficient({ letter, parts }: Tree, word: readonly number[], from: number): number {
  if (!parts) return word[from] === letter ? 1 : 0;
  const product = (a: Tree, b: Tree): number => {
    const x = coefficient(a, word, from);
    return x === 0 ? 0 : x * coefficient(b, word, from + a.length);
  };
  return product(parts[0], parts[1]) - product(parts[1], parts[0]);
}

/**
 * The inverse of a matrix of small integers that is invertible over them: elimination with exact
 * results once rounded.
 */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let i = c; i < n; i++) if (Math.abs(rows[i]![c]!) > Math.abs(rows[pivot]![c]!)) pivot = i;
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    const by = rows[c]![c]!;
    rows[c] = rows[c]!.map((x) => x / by);
    for (let i = 0; i < n; i++) {
      const factor = rows[i]![c]!;
      if (i !== c && factor !== 0) rows[i] = rows[i]!.map((x, j) => x - factor * rows[c]![j]!);
    }
  }
  return rows.map((row) => row.slice(n).map(Math.round));
}

/** Of each coordinate in brackets the Lyndon words that it is made of, as (number, factor). */
function combinations({ channels, levels, basis }: LogLayout): [number, number][][] {
  const words = labelsOf(channels, levels, "words");
  const brackets = labelsOf(channels, levels, basis);
  // Only words and trees of the same letters have to do with each other.
  const classes = new Map<string, { words: number[]; trees: number[] }>();
  const classOf = (word: readonly number[]) => {
    const key = [...word].sort((a, b) => a - b).join();
    const known = classes.get(key) ?? { words: [], trees: [] };
    classes.set(key, known);
    return known;
  };
  for (const [i, { word }] of words.entries()) classOf(word).words.push(i);
  for (const [i, { word }] of brackets.entries()) classOf(word).trees.push(i);
  const rows: [number, number][][] = brackets.map(() => []);
  for (const one of classes.values()) {
    const trees = one.trees.map((i) => treeOf(brackets[i]!.bracket!));
    const matrix = one.words.map((i) => trees.map((tree) => coefficient(tree, words[i]!.word, 0)));
    for (const [i, row] of inverse(matrix).entries())
      for (const [j, factor] of row.entries()) if (factor !== 0) rows[one.trees[i]!]!.push([one.words[j]!, factor]);
  }
  return rows;
}

/** The table of a layout. */
export function logTable(layout: LogLayout): Uint32Array<ArrayBuffer> {
  const { channels, depth, levels, basis, kept } = layout;
  const offsets = levelOffsets(channels, depth);
  const isKept = kept > 0;
  const indices = labelsOf(channels, depth, isKept ? "words" : basis).map(({ word }) =>
    word.length > levels ? zeroWord : offsets[word.length]! + word.reduce((n, letter) => n * channels + letter, 0),
  );
  if (!isKept) return Uint32Array.from(indices);
  const tail = logOffsets(channels, levels).at(-1)!;
  const below = indices.length - kept;
  const rows = combinations(layout);
  const starts: number[] = [];
  const pairs: number[] = [];
  const factors = new Float32Array(1);
  const bits = new Uint32Array(factors.buffer);
  const begin = kept + rows.length + 1;
  for (const row of rows) {
    starts.push(begin + pairs.length);
    for (const [word, factor] of row) {
      factors[0] = factor;
      pairs.push(word < below ? indices[word]! : tail + word - below, bits[0]!);
    }
  }
  return Uint32Array.from([...indices.slice(below), ...starts, begin + pairs.length, ...pairs]);
}
