// Chosen words of signatures: reads the option `select`, and what follows from it: their order in a
// row, where they stand in a whole signature, and the trie of their prefixes for the kernel.

import { KIND_FLOAT64, kindOf } from "./arrays.ts";
import { countOf, describe, rangeError, typeError } from "./errors.ts";
import { ReadRows } from "./rows.ts";
import { lengthOfList } from "./shape.ts";
import { checkChannels, checkDepth, countCoefficients, type LayoutOptions, scalarTermOf, sizeLimit } from "./size.ts";

/** Words of a signature; see `SignatureOptions.select`. */
export type Select =
  /** These words, each once, in this order. */
  | { readonly words: readonly ArrayLike<number>[] }
  /**
   * All words, up to the depth, of which the weights of the letters sum to at most `bound`:
   * positive numbers, one for each channel. Shorter words first, those of a length in lexicographic
   * order.
   */
  | { readonly weights: ArrayLike<number>; readonly bound: number }
  /** All words of these lengths, in the same order. */
  | { readonly levels: ArrayLike<number> };

const name = "options.select";
const forms = "an object with words, with weights and bound, or with levels";

/** Limit of what is listed, as for `words`. */
const mostWords = 2 ** 22;
/** Letters of the longest word that the kernel has tables for. */
const mostLetters = 30;
/** Sums of weights are compared up to their rounding. */
const rounding = 1 + 1e-12;
/**
 * A node of the trie takes so many times as long, for each number that it hands down or keeps, as a
 * multiply-add of the kernels for all words, which are better the deeper they go.
 */
const nodeCost = (depth: number): number => 1.2 + 6 / depth;

/** Numbers of a node as the kernel reads it: letter, length, and column from 1 on or 0. */
const entry = 3;

/** Letters of all words one after the other, and where each word begins. */
interface Words {
  readonly letters: Uint32Array;
  readonly starts: Uint32Array;
}

/** Words that were chosen. */
export class Selection {
  /** What they were read from, as numbers: equal for equal selections. */
  readonly key: readonly number[];
  readonly channels: number;
  /** Number of words. */
  readonly count: number;
  /** Letters of the longest one. */
  readonly depth: number;
  readonly #words: Words;
  /** The words' columns in lexicographic order, a prefix before what continues it. */
  readonly #order: Uint32Array;
  #trie: Trie | undefined;

  constructor(key: readonly number[], channels: number, words: Words) {
    this.key = key;
    this.channels = channels;
    this.#words = words;
    this.count = words.starts.length - 1;
    let depth = 0;
    for (let i = 0; i < this.count; i++) depth = Math.max(depth, this.#length(i));
    this.depth = depth;
    this.#order = Uint32Array.from({ length: this.count }, (_, i) => i).sort((a, b) => this.#compare(a, b) || a - b);
    for (let i = 1; i < this.count; i++) {
      const [first, again] = [this.#order[i - 1] as number, this.#order[i] as number];
      if (this.#compare(first, again) === 0)
        throw rangeError(
          "SELECT_RANGE",
          `${name}.words[${again}]`,
          `[${this.word(again).join(", ")}], as words[${first}]`,
          "each word once",
        );
    }
  }

  #length(column: number): number {
    const { starts } = this.#words;
    return (starts[column + 1] as number) - (starts[column] as number);
  }

  #compare(a: number, b: number): number {
    const { letters, starts } = this.#words;
    const count = Math.min(this.#length(a), this.#length(b));
    for (let i = 0; i < count; i++) {
      const difference =
        (letters[(starts[a] as number) + i] as number) - (letters[(starts[b] as number) + i] as number);
      if (difference !== 0) return difference;
    }
    return this.#length(a) - this.#length(b);
  }

  /** The letters of a word. */
  word(column: number): number[] {
    const { letters, starts } = this.#words;
    return Array.from(letters.subarray(starts[column], starts[column + 1]));
  }

  /** The column of a word; -1 if it was not chosen. */
  columnOf(word: readonly number[]): number {
    const { letters, starts } = this.#words;
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      const column = this.#order[middle] as number;
      const length = this.#length(column);
      let difference = 0;
      for (let i = 0; i < Math.min(length, word.length) && difference === 0; i++)
        difference = (letters[(starts[column] as number) + i] as number) - (word[i] as number);
      difference ||= length - word.length;
      if (difference === 0) return column;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** The columns of all words of a length. */
  columnsOf(length: number): number[] {
    const columns: number[] = [];
    for (let i = 0; i < this.count; i++) if (this.#length(i) === length) columns.push(i);
    return columns;
  }

  /** Where each word stands in a signature of depth {@link depth} without scalar term. */
  indices(): Uint32Array {
    const { channels } = this;
    return Uint32Array.from({ length: this.count }, (_, i) => {
      const word = this.word(i);
      const before = word.length === 1 ? 0 : countCoefficients(channels, word.length - 1);
      return word.reduce((index, letter) => index * channels + letter, 0) + before;
    });
  }

  /** The trie of the words. */
  get trie(): Trie {
    this.#trie ??= trieOf(this.#order, (column) => this.word(column));
    return this.#trie;
  }

  /** Whether words and prefixes alone cost less than the whole signature. */
  get isSparse(): boolean {
    const { channels, depth, count } = this;
    const size = countCoefficients(channels, depth);
    if (channels === 1 || 2 * count > size) return false;
    let all = channels * depth;
    for (let k = 2; k <= depth; k++) all += (depth - k + 1) * channels ** k;
    return size >= sizeLimit || nodeCost(depth) * this.trie.cost < all;
  }
}

/** Words and their prefixes. */
export interface Trie {
  readonly nodes: number;
  /** Numbers that nodes hand down or keep. */
  readonly cost: number;
  /** The list of nodes, a node before all below it, as one row for all paths. */
  readonly rows: ReadRows;
}

function trieOf(order: Uint32Array, wordOf: (column: number) => readonly number[]): Trie {
  const list: number[] = [];
  let before: readonly number[] = [];
  let cost = 0;
  /** How many letters more the words below each prefix of the last word have, at most. */
  const heights: number[] = [];
  const close = (level: number) => {
    for (let k = heights.length - 1; k >= level; k--) {
      const height = heights.pop() as number;
      cost += height + 1;
      if (k > 0) heights[k - 1] = Math.max(heights[k - 1] as number, height + 1);
    }
  };
  for (const column of order) {
    const word = wordOf(column);
    let common = 0;
    while (common < before.length && before[common] === word[common]) common++;
    close(common);
    for (let k = common; k < word.length; k++) {
      list.push(word[k] as number, k + 1, k + 1 === word.length ? column + 1 : 0);
      heights.push(0);
    }
    before = word;
  }
  close(0);
  const rows = new ReadRows(Float64Array.from(list), KIND_FLOAT64, 0, list.length);
  return { nodes: list.length / entry, cost, rows };
}

/** What a selection is read from: a kind, then its numbers; words with the length of each first. */
const WORDS = 0;
const WEIGHTS = 1;
const LEVELS = 2;

const isPositive = (value: unknown): value is number =>
  typeof value === "number" && value > 0 && value !== Number.POSITIVE_INFINITY;

/** The elements of a list. */
function listOf(value: unknown, argument: string, accepted: string): unknown[] {
  if (lengthOfList(value) < 0 && kindOf(value) === -1)
    throw typeError("SELECT_TYPE", argument, describe(value), accepted);
  const list = Array.from(value as ArrayLike<unknown>);
  if (list.length === 0) throw rangeError("SELECT_RANGE", argument, "an empty list", accepted);
  return list;
}

function keyOfWords(value: unknown, channels: number, depth: number): number[] {
  const key = [WORDS, channels, depth];
  listOf(value, `${name}.words`, "an array of words, such as [[0, 1]]").forEach((word, i) => {
    const argument = `${name}.words[${i}]`;
    const accepted = `an array of 1 to ${depth} letters, whole numbers from 0 to ${channels - 1}`;
    const letters = listOf(word, argument, accepted);
    if (letters.length > depth) {
      const wanted = `at most ${depth}, options.depth (or a depth of ${letters.length})`;
      throw rangeError("SELECT_RANGE", argument, countOf(letters.length, "letter"), wanted);
    }
    key.push(letters.length);
    letters.forEach((letter, at) => {
      if (!Number.isInteger(letter) || (letter as number) < 0 || (letter as number) >= channels)
        throw rangeError("SELECT_RANGE", argument, `the letter ${describe(letter)} at ${at}`, accepted);
      key.push(letter as number);
    });
  });
  return key;
}

function keyOfWeights({ weights, bound }: Record<string, unknown>, channels: number, depth: number): number[] {
  const argument = `${name}.weights`;
  const list = listOf(weights, argument, "an array of positive numbers, one for each channel");
  if (list.length !== channels)
    throw rangeError("SELECT_RANGE", argument, countOf(list.length, "number"), `${channels}, one for each channel`);
  list.forEach((weight, i) => {
    if (!isPositive(weight))
      throw rangeError("SELECT_RANGE", `${argument}[${i}]`, describe(weight), "a positive number");
  });
  if (!isPositive(bound)) throw rangeError("SELECT_RANGE", `${name}.bound`, describe(bound), "a positive number");
  const least = Math.min(...(list as number[]));
  if (least > bound * rounding)
    throw rangeError("SELECT_RANGE", `${name}.bound`, `${bound}, which no word fits`, `at least ${least}, a letter`);
  return [WEIGHTS, channels, depth, ...(list as number[]), bound];
}

function keyOfLevels(value: unknown, channels: number, depth: number): number[] {
  const argument = `${name}.levels`;
  const levels = listOf(value, argument, `an array of lengths of words, such as [${depth}]`) as number[];
  levels.forEach((level, i) => {
    if (!Number.isInteger(level) || level < 1 || level > depth || levels.indexOf(level) < i)
      throw rangeError("SELECT_RANGE", `${argument}[${i}]`, describe(level), `a length from 1 to ${depth}, each once`);
  });
  return [LEVELS, channels, depth, ...levels.sort((a, b) => a - b)];
}

const tooMany = (): Error =>
  rangeError("SIZE_TOO_LARGE", name, `more than ${mostWords} words`, `at most ${mostWords} words, and letters`);

/** All words of the wanted lengths of which the weights of the letters sum to at most `bound`. */
function listWords(
  channels: number,
  depth: number,
  weightOf: (letter: number) => number,
  bound: number,
  isWanted: (length: number) => boolean,
): Words {
  const letters: number[] = [];
  const starts = [0];
  let level: { readonly word: readonly number[]; readonly weight: number }[] = [{ word: [], weight: 0 }];
  for (let length = 1; length <= depth && level.length > 0; length++) {
    const next: typeof level = [];
    for (const { word, weight } of level) {
      for (let letter = 0; letter < channels; letter++) {
        const sum = weight + weightOf(letter);
        if (sum > bound) continue;
        next.push({ word: [...word, letter], weight: sum });
        if (next.length > mostWords) throw tooMany();
      }
    }
    level = next;
    if (!isWanted(length)) continue;
    for (const { word } of level) {
      for (const letter of word) letters.push(letter);
      starts.push(letters.length);
    }
    if (letters.length > 4 * mostWords) throw tooMany();
  }
  return { letters: Uint32Array.from(letters), starts: Uint32Array.from(starts) };
}

function wordsOf([kind, channels, depth, ...numbers]: readonly number[]): Words {
  if (kind === WORDS) {
    const letters: number[] = [];
    const starts = [0];
    for (let at = 0; at < numbers.length; ) {
      const end = at + 1 + (numbers[at] as number);
      for (at++; at < end; at++) letters.push(numbers[at] as number);
      starts.push(letters.length);
    }
    return { letters: Uint32Array.from(letters), starts: Uint32Array.from(starts) };
  }
  const bound = kind === WEIGHTS ? (numbers.at(-1) as number) * rounding : Number.POSITIVE_INFINITY;
  const longest = kind === LEVELS ? (numbers.at(-1) as number) : (depth as number);
  const weightOf = (letter: number) => (kind === WEIGHTS ? (numbers[letter] as number) : 0);
  return listWords(channels as number, longest, weightOf, bound, (k) => kind === WEIGHTS || numbers.includes(k));
}

/** The selection that was read last, since consecutive calls mostly have the same. */
let last: Selection | undefined;

/**
 * Reads the option `select`.
 * @throws PathSignatureError SELECT_TYPE, SELECT_RANGE, SIZE_TOO_LARGE
 */
export function readSelection(value: unknown, channels: number, depth: number): Selection {
  if (typeof value !== "object" || value === null) throw typeError("SELECT_TYPE", name, describe(value), forms);
  const given = value as Record<string, unknown>;
  const names = Object.keys(given);
  const [form] = names.filter((one) => one !== "bound");
  const known = form === "weights" ? ["weights", "bound"] : [form];
  if (
    form === undefined ||
    !["words", "weights", "levels"].includes(form) ||
    !names.every((one) => known.includes(one))
  )
    throw typeError("SELECT_TYPE", name, describe(value), forms);
  const key =
    form === "words"
      ? keyOfWords(given.words, channels, depth)
      : form === "weights"
        ? keyOfWeights(given, channels, depth)
        : keyOfLevels(given.levels, channels, depth);
  if (last?.key.length === key.length && key.every((n, i) => n === last?.key[i])) return last;
  const selection = new Selection(key, channels, wordsOf(key));
  if (countCoefficients(channels, selection.depth) >= sizeLimit && selection.depth > mostLetters)
    throw rangeError("SIZE_TOO_LARGE", name, `a word of ${selection.depth} letters`, `at most ${mostLetters}`);
  last = selection;
  return selection;
}

/**
 * Number of words that `select` chooses of the signatures of a depth, one more with the scalar
 * term: the numbers of a row of the result, known before anything is computed.
 *
 * @param channels - d, at least 1.
 * @param depth - N, at least 1.
 * @param select - as the option of `signature`.
 * @throws PathSignatureError CHANNELS_INVALID, DEPTH_INVALID, SELECT_TYPE, SELECT_RANGE,
 *   SIZE_TOO_LARGE
 *
 * @example selectionSize(3, 4, { weights: [1, 2, 2], bound: 4 }) // 20
 */
export function selectionSize(channels: number, depth: number, select: Select, options?: LayoutOptions): number {
  checkChannels(channels, "channels");
  checkDepth(depth, "depth");
  return readSelection(select, channels, depth).count + (scalarTermOf(options) ? 1 : 0);
}
