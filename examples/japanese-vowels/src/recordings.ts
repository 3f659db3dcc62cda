// Recordings from a CSV in long format, one row per frame: `utterance, speaker, frame` and a column
// for each channel, in any order. Every error in a row is reported here, with its line and column.
// Numbers are not changed.

import { type Fault, quote } from "./fault.ts";
import { faultAt, type Row, readRows } from "./rows.ts";

export interface Utterance {
  readonly id: string;
  readonly speaker: string;
  /** Line of its first frame. */
  readonly line: number;
  /** Number of each frame, increasing; a frame may be missing. */
  readonly frames: number[];
  /** (frames, channels), as in the file. */
  readonly points: number[][];
}

export interface Recordings {
  readonly file: string;
  /** Names of the channels, in the order of the file. */
  readonly channels: readonly string[];
  /** In the order of the file. */
  readonly utterances: readonly Utterance[];
}

/** @throws Fault with file, line and column of the error. */
export async function readRecordings(file: string, onProgress?: (part: number) => void): Promise<Recordings> {
  let reader: Reader | undefined;
  for await (const row of readRows(file, onProgress)) {
    if (reader) reader.take(row);
    else reader = new Reader(file, row);
  }
  if (!reader)
    throw faultAt(file, 1, "the file is empty; a header with the columns utterance, speaker, frame is expected");
  return reader.finish();
}

interface Column {
  readonly index: number;
  readonly name: string;
}

const keys = ["utterance", "speaker", "frame"] as const;

/** Plain decimal notation: `Number` alone would accept "", "0x10" and "Infinity" as well. */
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

class Reader {
  readonly #file: string;
  readonly #columns: readonly Column[];
  readonly #utterance: Column;
  readonly #speaker: Column;
  readonly #frame: Column;
  readonly #channels: readonly Column[];
  readonly #utterances = new Map<string, Utterance>();
  #current: Utterance | undefined;

  constructor(file: string, header: Row) {
    this.#file = file;
    const columns = header.fields.map((field, index): Column => ({ index, name: field.trim() }));
    this.#columns = columns;
    const seen = new Map<string, Column>();
    for (const column of columns) {
      if (column.name === "") throw this.#fault(header.line, column, "it has no name");
      const twin = seen.get(column.name);
      if (twin) throw this.#fault(header.line, column, `column ${twin.index + 1} has that name as well`);
      seen.set(column.name, column);
    }
    const key = (name: (typeof keys)[number]): Column => {
      const column = seen.get(name);
      if (column) return column;
      const found = columns.map((c) => quote(c.name)).slice(0, 8);
      const rest = columns.length > found.length ? ", …" : "";
      const hint = columns.length === 1 ? " Values are separated by commas." : "";
      throw faultAt(
        file,
        header.line,
        `no column "${name}" in the header, which has ${found.join(", ")}${rest}.${hint}`,
      );
    };
    [this.#utterance, this.#speaker, this.#frame] = [key("utterance"), key("speaker"), key("frame")];
    this.#channels = columns.filter(({ name }) => !(keys as readonly string[]).includes(name));
    if (this.#channels.length === 0) {
      throw faultAt(
        file,
        header.line,
        "no channel in the header: at least one column besides utterance, speaker and frame",
      );
    }
  }

  take({ line, fields }: Row): void {
    const missing = this.#columns[fields.length];
    if (missing) throw this.#fault(line, missing, `it is missing; the row ends after ${count(fields.length, "value")}`);
    const width = this.#columns.length;
    if (fields.length > width) {
      throw this.#fault(
        line,
        { index: width, name: "" },
        `one value too many; the header has ${count(width, "column")}`,
      );
    }
    const id = this.#text(line, fields, this.#utterance);
    const speaker = this.#text(line, fields, this.#speaker);
    const frame = this.#number(line, fields, this.#frame);
    const utterance = this.#of(id, speaker, line);
    const previous = utterance.frames.at(-1);
    if (!Number.isSafeInteger(frame) || frame < 0) {
      throw this.#fault(
        line,
        this.#frame,
        `${quote(fields[this.#frame.index] as string)} is not a whole number from 0 on`,
      );
    }
    if (previous === frame) {
      throw this.#fault(
        line,
        this.#frame,
        `frame ${frame} of utterance ${quote(id)} is there already, in the row above`,
      );
    }
    if (previous !== undefined && frame < previous) {
      throw this.#fault(line, this.#frame, `frame ${frame} of utterance ${quote(id)} comes after frame ${previous}`);
    }
    utterance.frames.push(frame);
    utterance.points.push(this.#channels.map((channel) => this.#number(line, fields, channel)));
  }

  finish(): Recordings {
    const utterances = [...this.#utterances.values()];
    if (utterances.length === 0) throw faultAt(this.#file, 2, "no row after the header");
    return { file: this.#file, channels: this.#channels.map(({ name }) => name), utterances };
  }

  /** The utterance of a row. Rows of an utterance are adjacent. */
  #of(id: string, speaker: string, line: number): Utterance {
    if (this.#current?.id !== id) {
      const before = this.#utterances.get(id);
      if (before) {
        const text = `utterance ${quote(id)} began on line ${before.line} and was followed by another one`;
        throw this.#fault(line, this.#utterance, `${text}; the rows of an utterance belong together`);
      }
      this.#current = { id, speaker, line, frames: [], points: [] };
      this.#utterances.set(id, this.#current);
    }
    if (this.#current.speaker !== speaker) {
      const other = quote(this.#current.speaker);
      throw this.#fault(
        line,
        this.#speaker,
        `${quote(speaker)}, but utterance ${quote(id)} began with speaker ${other}`,
      );
    }
    return this.#current;
  }

  #text(line: number, fields: readonly string[], column: Column): string {
    const text = (fields[column.index] as string).trim();
    if (text === "") throw this.#fault(line, column, "it is empty");
    return text;
  }

  #number(line: number, fields: readonly string[], column: Column): number {
    const text = (fields[column.index] as string).trim();
    if (text === "") throw this.#fault(line, column, "it is empty; a number is expected");
    if (!decimal.test(text)) throw this.#fault(line, column, `${quote(text)} is not a number`);
    const number = Number(text);
    if (!Number.isFinite(number)) throw this.#fault(line, column, `${quote(text)} is too large for a float64`);
    return number;
  }

  #fault(line: number, { index, name }: Column, text: string): Fault {
    const named = name === "" ? "" : ` (${quote(name).slice(1, -1)})`;
    return faultAt(this.#file, line, `column ${index + 1}${named}: ${text}`);
  }
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
