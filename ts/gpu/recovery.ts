// Which coefficients need not be followed through time, and how they are computed in the end: the
// counterpart of crates/kernels/src/words/recovery.rs. docs/pruned-walk.md derives the identity.
// Pure arithmetic on words; kernels/recovery.wgsl.ts runs the program.
//
// Only words whose first letter is their smallest have to be followed. Here whole shares are
// followed (share.ts): one is left out where none of its words is needed. So the last letters that
// the CPU leaves out too are followed; one identity is enough, for words with their smallest letter
// x inside, w = u x v:
//
//   S(u x v) = Σ_{u = u₁u₂} (−1)^{|u₂|} S(u₁) · A(u₂, v),   A(u₂, v) = S(x (reverse(u₂) ⧢ v)).
//
// Every A is a sum of two with a letter less to shuffle, down to words that are followed. None
// depends on what is recovered, so all of them are computed first, layer by layer; then the sums
// level by level.

import { columnGroups, levelOffsets, prefixLength, rowGroups, type Share, shareCount } from "./share.ts";

/** A program: what follows from the values of followed words. All numbers are indices of values. */
export interface Program {
  /** Values that it works on: a signature, a one, and sums. */
  readonly values: number;
  /** Layers of additions, as (target, a, b). */
  readonly additions: readonly (readonly (readonly [number, number, number])[])[];
  /** Levels of sums of products. */
  readonly sums: readonly (readonly Sum[])[];
}

/** target = Σ a·b − Σ a·b. */
export interface Sum {
  readonly target: number;
  readonly plus: readonly (readonly [number, number])[];
  readonly minus: readonly (readonly [number, number])[];
}

/** Larger signatures are followed whole, as on the CPU: reading programs takes longer. */
const mostNumbers = 2 ** 14;
/** Deeper ones too: recovery amplifies the rounding of float32. */
const mostDepth = 6;

/** Whether words can be left out. A share that is the whole signature has none. */
export function isPrunable(share: Share): boolean {
  const { channels, depth } = share;
  const size = levelOffsets(channels, depth)[depth + 1]!;
  return prefixLength(share) > 0 && depth >= 3 && depth <= mostDepth && size <= mostNumbers;
}

/** Letters of a word by its number among the words of its length. */
function lettersOf(number: number, length: number, channels: number): number[] {
  const word = new Array<number>(length);
  for (let i = length - 1; i >= 0; i--) {
    word[i] = number % channels;
    number = Math.floor(number / channels);
  }
  return word;
}

/** The shares with a word whose first letter is its smallest, except words of one letter. */
export function followedShares(share: Share): number[] {
  const { channels, rows, columns, levels } = share;
  const [rowCount, columnCount] = [rowGroups(share), columnGroups(share)];
  const followed: number[] = [];
  for (let i = 0; i < shareCount(share); i++) {
    const [first, ...others] = lettersOf(Math.floor(i / (rowCount * columnCount)), prefixLength(share), channels) as [
      number,
    ];
    if (others.some((letter) => letter < first) || first === channels - 1) continue;
    const lastRow = (Math.floor(i / columnCount) % rowCount) * rows + rows - 1;
    const lastColumn = (i % columnCount) * columns + columns - 1;
    if (levels <= 2 && ((rowCount > 1 && lastRow < first) || (columnCount > 1 && lastColumn < first))) continue;
    followed.push(i);
  }
  return followed;
}

/** The program for a shape. */
export function recoveryOf(channels: number, depth: number): Program {
  return new Writer(channels, depth).write();
}

class Writer {
  readonly #channels: number;
  readonly #depth: number;
  readonly #offsets: readonly number[];
  readonly #one: number;
  #values: number;
  /** The value of each A by its word, |u₂| and |v|, and its layer; followed words have 0. */
  readonly #known = new Map<string, { index: number; layer: number }>();
  readonly #additions: [number, number, number][][] = [];

  constructor(channels: number, depth: number) {
    this.#channels = channels;
    this.#depth = depth;
    this.#offsets = levelOffsets(channels, depth);
    this.#one = this.#offsets[depth + 1]!;
    this.#values = this.#one + 1;
  }

  write(): Program {
    const sums: Sum[][] = [];
    for (let level = 2; level <= this.#depth; level++) {
      const ofLevel: Sum[] = [];
      for (let i = 0; i < this.#channels ** level; i++) {
        const sum = this.#sum(lettersOf(i, level, this.#channels));
        if (sum) ofLevel.push(sum);
      }
      sums.push(ofLevel);
    }
    return { values: this.#values, additions: this.#additions, sums };
  }

  #index(word: readonly number[]): number {
    return this.#offsets[word.length]! + word.reduce((number, letter) => number * this.#channels + letter, 0);
  }

  /** The sum for a word, unless its first letter is its smallest. */
  #sum(word: readonly number[]): Sum | undefined {
    const at = word.indexOf(Math.min(...word));
    if (at === 0) return undefined;
    const plus: [number, number][] = [];
    const minus: [number, number][] = [];
    for (let l = 0; l <= at; l++) {
      const prefix = l === 0 ? this.#one : this.#index(word.slice(0, l));
      const { index } = this.#shuffled(word.slice(l), at - l, word.length - 1 - at);
      ((at - l) % 2 === 0 ? plus : minus).push([prefix, index]);
    }
    return { target: this.#index(word), plus, minus };
  }

  /** S(x (reverse(u₂) ⧢ v) s) of `word` = u₂ x v s, |u₂| = `i`, |v| = `m`. */
  #shuffled(word: readonly number[], i: number, m: number): { index: number; layer: number } {
    if (i === 0 || m === 0) {
      const plain = [word[i]!, ...word.slice(0, i).reverse(), ...word.slice(i + 1)];
      return { index: this.#index(plain), layer: 0 };
    }
    const key = `${word.join()};${i};${m}`;
    const known = this.#known.get(key);
    if (known) return known;
    // The shuffle ends in the last letter of reverse(u₂), which is u₂'s first, or of v.
    const a = this.#shuffled([...word.slice(1, i + m + 1), word[0]!, ...word.slice(i + m + 1)], i - 1, m);
    const b = this.#shuffled(word, i, m - 1);
    const made = { index: this.#values++, layer: Math.max(a.layer, b.layer) + 1 };
    this.#known.set(key, made);
    this.#additions[made.layer - 1] ??= [];
    this.#additions[made.layer - 1]!.push([made.index, a.index, b.index]);
    return made;
  }
}

/**
 * A program as the kernel reads it: a header of (kind, first word, count) for each phase, kind 1
 * additions, 2 sums; additions as triples; sums as (target, first word of their pairs, pairs added,
 * pairs subtracted), and the pairs behind all sums.
 */
export function encodeProgram({ additions, sums }: Program): Uint32Array<ArrayBuffer> {
  const phases = [...additions.map((list) => [1, list] as const), ...sums.map((list) => [2, list] as const)];
  const headerSize = 1 + 3 * phases.length;
  let at = headerSize;
  const header = [phases.length];
  for (const [kind, list] of phases) {
    header.push(kind, at, list.length);
    at += list.length * (kind === 1 ? 3 : 4);
  }
  const body: number[] = [];
  const pairs: number[] = [];
  for (const list of additions) for (const addition of list) body.push(...addition);
  for (const list of sums)
    for (const { target, plus, minus } of list) {
      body.push(target, at + pairs.length, plus.length, minus.length);
      for (const pair of [...plus, ...minus]) pairs.push(...pair);
    }
  const words = new Uint32Array(at + pairs.length);
  words.set(header);
  words.set(body, headerSize);
  words.set(pairs, at);
  return words;
}

/** Operations of a program, about: an addition reads five words, a pair four. */
export function programOperations({ additions, sums }: Program): number {
  const count = additions.reduce((sum, list) => sum + list.length, 0);
  const pairs = sums.flat().reduce((sum, { plus, minus }) => sum + plus.length + minus.length, 0);
  return 40 * count + 30 * pairs;
}
