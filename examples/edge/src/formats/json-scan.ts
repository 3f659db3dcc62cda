// Reads nested arrays of numbers from JSON text into one typed array. JSON.parse would make an
// array of every point, which takes up to forty times the memory of the text.

import { Problem } from "../problem.ts";
import { type Body, fromRow, occurrences } from "../ragged.ts";

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const batch = /\[[ \t\n\r]*\[[ \t\n\r]*\[/y;
/** How an object around the paths begins. */
const object = /[ \t\n\r]*\{[ \t\n\r]*"paths"[ \t\n\r]*:/y;
/** How a value begins. */
const value = /[[{"\-\dtfn]/y;

const [zero, nine, minus, point] = [0x30, 0x39, 0x2d, 0x2e];
const isDigit = (code: number) => code >= zero && code <= nine;
const isSpace = (code: number) => code === 0x20 || (code >= 9 && code <= 13 && code !== 11 && code !== 12);
/**
 * A whole number of so many digits is exact, and its quotient by a power of ten that is exact too
 * is rounded once, as it should be (Clinger 1990, "How to read floating point numbers accurately").
 */
const exactDigits = 15;
const powersOfTen = Array.from({ length: exactDigits + 1 }, (_, i) => 10 ** i);

class Scanner {
  readonly #text: string;
  #at = 0;
  #channels = 0;
  readonly #lengths: number[] = [];
  readonly #values: Float64Array;
  #count = 0;

  constructor(text: string) {
    this.#text = text;
    this.#values = new Float64Array(occurrences(",", text) + 1);
  }

  read(): Body {
    const inObject = this.#skip(object);
    this.#space();
    const single = !this.#sees(batch);
    if (single) this.#path();
    else this.#list(this.#path);
    this.#space();
    if (inObject && !this.#take("}")) throw this.#broken();
    this.#space();
    if (this.#at < this.#text.length) throw this.#broken();
    return fromRow(this.#values.subarray(0, this.#count), this.#lengths, this.#channels, single);
  }

  readonly #path = (): void => {
    this.#lengths.push(this.#list(this.#point));
  };

  readonly #point = (): void => {
    const found = this.#list(this.#number);
    this.#channels ||= found;
    if (found !== this.#channels) throw this.#wrong(`a point of ${found} numbers, the first has ${this.#channels}`);
  };

  readonly #number = (): void => {
    const from = this.#at;
    let found = this.#plainNumber();
    if (found === undefined) {
      this.#at = from;
      if (!this.#skip(number)) throw this.#unexpected("a number");
      found = Number(this.#text.slice(from, this.#at));
    }
    this.#values[this.#count++] = found;
  };

  /** A number of few digits without an exponent, which needs no text of its own; else undefined. */
  #plainNumber(): number | undefined {
    const text = this.#text;
    const negative = text.charCodeAt(this.#at) === minus;
    if (negative) this.#at++;
    const first = this.#at;
    let [digits, places, value] = [0, -1, 0];
    for (; ; this.#at++) {
      const code = text.charCodeAt(this.#at);
      if (isDigit(code)) {
        value = value * 10 + code - zero;
        digits++;
        if (places >= 0) places++;
      } else if (code === point && places < 0 && digits > 0) places = 0;
      else break;
    }
    const leadingZero = text.charCodeAt(first) === zero && isDigit(text.charCodeAt(first + 1));
    const exponent = (text.charCodeAt(this.#at) | 0x20) === 0x65;
    if (digits === 0 || digits > exactDigits || places === 0 || leadingZero || exponent) return undefined;
    if (places > 0) value /= powersOfTen[places] as number;
    return negative ? -value : value;
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  /** @returns the number of items. */
  #list(item: () => void): number {
    if (!this.#take("[")) throw this.#unexpected("an array");
    this.#space();
    if (this.#take("]")) throw this.#wrong("an empty array");
    let items = 0;
    do {
      this.#space();
      item();
      items++;
      this.#space();
    } while (this.#take(","));
    if (!this.#take("]")) throw this.#broken();
    return items;
  }

  #sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #skip(pattern: RegExp): boolean {
    const found = this.#sees(pattern);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #take(character: string): boolean {
    const found = this.#text[this.#at] === character;
    if (found) this.#at++;
    return found;
  }

  #unexpected(wanted: string): Problem {
    return this.#sees(value) ? this.#wrong(`something else than ${wanted}`) : this.#broken();
  }

  #wrong(what: string): Problem {
    return new Problem(422, "paths", `The body holds ${what}, at character ${this.#at}.`);
  }

  #broken(): Problem {
    return new Problem(400, "body", `The body is no JSON: character ${this.#at} is not what it may be.`);
  }
}

/** @throws Problem 400 for what is no JSON, 413, 422 for what are no paths */
export const scanJson = (text: string): Body => new Scanner(text).read();
