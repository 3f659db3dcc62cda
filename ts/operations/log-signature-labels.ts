// Bases of log-signatures: their size, and the labels of their coordinates. Words and trees only;
// crates/kernels/src/ops/log_signature computes the coordinates, in the same order.

import { describe, rangeError, typeError } from "../input/errors.ts";
import { checkChannels, checkDepth, countCoefficients, sizeInRange } from "../input/size.ts";
import { words } from "../input/words.ts";
import { LOG_BASIS } from "../wasm/abi.ts";

/**
 * Coordinates of log-signatures (docs/log-signatures.md has the definitions, and the names that
 * other libraries use):
 *
 * - `"words"`: the coefficients of Lyndon words in the logarithm as a tensor.
 * - `"lyndon"`: coordinates in the standard brackets of Lyndon words.
 * - `"hall"`: coordinates in the Hall basis of iisignature.
 * - `"expanded"`: all coefficients of the logarithm as a tensor.
 */
export type LogSignatureBasis = "words" | "lyndon" | "hall" | "expanded";

/** The bases, in the order of their numbers in the ABI. */
export const bases: readonly LogSignatureBasis[] = ["words", "lyndon", "hall", "expanded"];

/** The basis that option bits say. */
export const basisIn = (bits: number): LogSignatureBasis =>
  bases[Math.floor(bits / LOG_BASIS) % 4] as LogSignatureBasis;

/** A letter, from 0 on, or the bracket of two of these. */
export type Bracket = number | readonly [Bracket, Bracket];

/** What a coordinate belongs to. */
export interface LogSignatureLabel {
  /** The word, letters from 0 on; of brackets, their letters from left to right. */
  readonly word: readonly number[];
  /** The bracket; `undefined` for words. */
  readonly bracket: Bracket | undefined;
  /** Letters from 1 on: "1,2,2" for a word, "[[1,2],2]" for a bracket. */
  readonly text: string;
}

/** Signatures with more coefficients have no logarithm here at depth 3 or more. */
const mostCoefficients = 2 ** 17;

/** @throws PathSignatureTypeError BASIS_INVALID */
export function readBasis(value: unknown, argument: string): LogSignatureBasis {
  if (value === undefined) return "words";
  if (!bases.includes(value as LogSignatureBasis))
    throw typeError("BASIS_INVALID", argument, describe(value), bases.map((name) => `"${name}"`).join(" or "));
  return value as LogSignatureBasis;
}

/** Lyndon words up to a length (Witt 1937): d^k = Σ_{j | k} j · words of length j. */
export function countCoordinates(channels: number, depth: number, basis: LogSignatureBasis): number {
  if (basis === "expanded") return countCoefficients(channels, depth);
  if (channels === 1) return 1;
  const counts = [0];
  for (let k = 1; k <= depth; k++) {
    let shorter = 0;
    for (let j = 1; j < k; j++) if (k % j === 0) shorter += j * (counts[j] as number);
    counts.push((channels ** k - shorter) / k);
  }
  return counts.reduce((a, b) => a + b);
}

/** @throws PathSignatureRangeError SIZE_TOO_LARGE for shapes whose tables would be too large */
export function checkTables(channels: number, depth: number, argument: string): void {
  const size = sizeInRange(channels, depth, argument);
  if (channels > 1 && depth > 2 && size > mostCoefficients) {
    throw rangeError(
      "SIZE_TOO_LARGE",
      argument,
      `depth ${depth} of ${channels} channels, a signature of ${size} numbers`,
      `at most 2, or such that the signature has at most ${mostCoefficients} numbers`,
    );
  }
}

/**
 * Number of coordinates of a log-signature: of Lyndon words of length 1 … depth (Witt's numbers);
 * for the basis "expanded", `signatureSize(channels, depth)`.
 *
 * @param channels - d, the dimension of the path's space, at least 1.
 * @param depth - N, the level at which it is truncated, at least 1.
 * @param basis - default "words"; "lyndon" and "hall" have the same number.
 * @throws PathSignatureError CHANNELS_INVALID, DEPTH_INVALID, SIZE_TOO_LARGE (a signature of 2^31
 *   numbers or more), BASIS_INVALID
 *
 * @example logSignatureSize(3, 4) // 32
 */
export function logSignatureSize(channels: number, depth: number, basis?: LogSignatureBasis): number {
  checkChannels(channels, "channels");
  checkDepth(depth, "depth");
  sizeInRange(channels, depth, "depth");
  return countCoordinates(channels, depth, readBasis(basis, "basis"));
}

/** Lyndon words (Duval 1988), by length, then in lexicographic order. A letter is a code unit. */
function lyndonWords(channels: number, depth: number): string[] {
  const all: string[] = [];
  const word = [-1];
  while (word.length > 0) {
    word[word.length - 1] = (word[word.length - 1] as number) + 1;
    all.push(String.fromCharCode(...word));
    const period = word.length;
    while (word.length < depth) word.push(word[word.length - period] as number);
    while (word[word.length - 1] === channels - 1) word.pop();
  }
  return all.sort((a, b) => a.length - b.length);
}

/** w = u v becomes [u, v], with v the longest proper Lyndon suffix, which is the least suffix. */
function standardBracket(word: string): Bracket {
  if (word.length === 1) return word.charCodeAt(0);
  let at = 1;
  for (let i = 2; i < word.length; i++) if (word.slice(i) < word.slice(at)) at = i;
  return [standardBracket(word.slice(0, at)), standardBracket(word.slice(at))];
}

/** Trees [u, v] with u before v and, where v = [v₁, v₂], v₁ not after u: by degree, u and v. */
function hallBrackets(channels: number, depth: number): Bracket[] {
  const all: Bracket[] = Array.from({ length: channels }, (_, c) => c);
  const lefts: number[] = new Array(channels).fill(-1);
  const begin = [0, 0, channels];
  for (let degree = 2; degree <= depth; degree++) {
    for (let left = 1; left < degree; left++) {
      for (let u = begin[left] as number; u < (begin[left + 1] as number); u++) {
        for (let v = begin[degree - left] as number; v < (begin[degree - left + 1] as number); v++) {
          if (u >= v || (lefts[v] as number) > u) continue;
          all.push([all[u] as Bracket, all[v] as Bracket]);
          lefts.push(u);
        }
      }
    }
    begin.push(all.length);
  }
  return all;
}

const lettersOf = (bracket: Bracket): number[] =>
  typeof bracket === "number" ? [bracket] : bracket.flatMap((part) => lettersOf(part));

/** Text of a word or a bracket, letters from 1 on. */
export const textOf = (label: Bracket | readonly number[], isBracket: boolean): string =>
  isBracket
    ? typeof label === "number"
      ? `${label + 1}`
      : `[${label.map((part) => textOf(part, true)).join()}]`
    : (label as readonly number[]).map((letter) => letter + 1).join();

const ofWord = (word: readonly number[]): LogSignatureLabel => ({
  word,
  bracket: undefined,
  text: textOf(word, false),
});
const ofBracket = (bracket: Bracket): LogSignatureLabel => ({
  word: lettersOf(bracket),
  bracket,
  text: textOf(bracket, true),
});

/** Labels of a shape that is known to be in range. */
export function labelsOf(channels: number, depth: number, basis: LogSignatureBasis): LogSignatureLabel[] {
  if (basis === "expanded") return words(channels, depth).map(ofWord);
  const levels = channels === 1 ? 1 : depth;
  if (basis === "hall") return hallBrackets(channels, levels).map(ofBracket);
  const all = lyndonWords(channels, levels);
  return basis === "lyndon"
    ? all.map((word) => ofBracket(standardBracket(word)))
    : all.map((word) => ofWord(Array.from(word, (letter) => letter.charCodeAt(0))));
}

/**
 * What the coordinates of a log-signature belong to, in their order: level by level; words and
 * standard brackets in lexicographic order, Hall trees by their left and then their right part.
 *
 * @param channels - d, at least 1.
 * @param depth - N, at least 1.
 * @param basis - default "words".
 * @returns As many labels as `logSignatureSize(channels, depth, basis)`.
 * @throws PathSignatureError CHANNELS_INVALID, DEPTH_INVALID, SIZE_TOO_LARGE, BASIS_INVALID
 *
 * @example
 * logSignatureLabels(2, 3).map(({ text }) => text); // ["1", "2", "1,2", "1,1,2", "1,2,2"]
 * logSignatureLabels(2, 3, "lyndon")[4].bracket; // [[0, 1], 1], "[[1,2],2]" as text
 */
export function logSignatureLabels(channels: number, depth: number, basis?: LogSignatureBasis): LogSignatureLabel[] {
  checkChannels(channels, "channels");
  checkDepth(depth, "depth");
  checkTables(channels, depth, "depth");
  return labelsOf(channels, depth, readBasis(basis, "basis"));
}
