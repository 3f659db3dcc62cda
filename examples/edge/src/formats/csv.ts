// CSV bodies: one line per point, one column per channel. A header is optional. If it has a column
// `path`, the body is a batch: points with the same value there are a path, wherever they stand.
// Numbers need no quotes, so quotes are not supported. (Responses are never CSV.)

import { limits } from "../limits.ts";
import { Problem } from "../problem.ts";
import { type Body, fromRow, occurrences } from "../ragged.ts";

/**
 * Whether the first line is a header (RFC 4180, section 3); undefined: it is one if it holds only
 * names.
 */
export type Header = "present" | "absent" | undefined;

/** Ids come back in the answer. */
const longestId = 200;

const wrong = (line: number, detail: string) => new Problem(400, `line ${line}`, detail);

/** Lines with their numbers, from 1, without empty lines. */
function* linesOf(text: string): Generator<[number, string]> {
  let number = 1;
  for (let from = 0; from < text.length; number++) {
    const found = text.indexOf("\n", from);
    const to = found < 0 ? text.length : found;
    const line = text.slice(from, to).trim();
    if (line !== "") yield [number, line];
    from = to + 1;
  }
}

/**
 * Decimal notation: `Number` alone would take "", "0x10" and "0b11" too. The time is linear, since
 * no digits can match in two ways.
 */
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** The message for a missing number; the library explains why such values cannot be used. */
const notFinite = new Set(["nan", "inf", "-inf", "infinity", "-infinity"]);

const isNumber = (cell: string) => decimal.test(cell) || notFinite.has(cell.toLowerCase());
const isName = (cell: string) => /^[\p{L}_]/u.test(cell) && !isNumber(cell);
const quoted = (cell: string) => JSON.stringify(cell.slice(0, 40));

function readNumber(cell: string, line: number, column: number): number {
  if (decimal.test(cell)) return Number(cell);
  if (isNumber(cell)) return Number.NaN;
  throw wrong(line, `Column ${column + 1} holds no number: ${quoted(cell)}.`);
}

/** The columns' names, or undefined if the first line holds numbers. @throws Problem 400 */
function namesOf(cells: readonly string[], line: number, header: Header): readonly string[] | undefined {
  if (header === "absent" || (header === undefined && cells.every(isNumber))) return undefined;
  // Numbers and words together are a point with a mistake, and must not be skipped as a header.
  const odd = header === "present" ? -1 : cells.findIndex((cell) => !isName(cell));
  if (odd >= 0) {
    const other = cells.find((cell) => !isNumber(cell)) as string;
    const hint = "A header has nothing but names that begin with a letter, or is announced: text/csv; header=present.";
    throw wrong(line, `It is no header, as column ${odd + 1} shows, and ${quoted(other)} is no number. ${hint}`);
  }
  if (cells.filter((cell) => cell.toLowerCase() === "path").length > 1)
    throw wrong(line, "Two columns are named path; there may be one.");
  return cells;
}

/** Brings the points of each path together. */
function grouped(values: Float64Array, paths: Int32Array, lengths: readonly number[], channels: number): Float64Array {
  const rows = paths.length;
  if (paths.every((path, row) => row === 0 || path >= (paths[row - 1] as number))) return values;
  let sum = 0;
  const next = lengths.map((length) => {
    const start = sum;
    sum += length;
    return start;
  });
  const sorted = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    const path = paths[row] as number;
    const to = (next[path] as number) * channels;
    next[path]! += 1;
    sorted.set(values.subarray(row * channels, (row + 1) * channels), to);
  }
  return sorted;
}

/** @throws Problem 400, 413, 422 */
export function decodeCsv(bytes: Uint8Array, header: Header): Body {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "body", "The body is not UTF-8.");
  }
  const lines = occurrences("\n", text) + 1;
  const values = new Float64Array(occurrences(",", text) + lines);
  const paths = new Int32Array(lines);
  let [count, rows] = [0, 0];
  let columns: number | undefined;
  let names: readonly string[] | undefined;
  let pathColumn = -1;
  /** Index of the path with this id. */
  const known = new Map<string, number>();
  const lengths: number[] = [];
  for (const [number, line] of linesOf(text)) {
    const cells = line.split(",", limits.channels + 2).map((cell) => cell.trim());
    if (columns === undefined) {
      columns = cells.length;
      names = namesOf(cells, number, header);
      pathColumn = names?.findIndex((name) => name.toLowerCase() === "path") ?? -1;
      if (names) continue;
    }
    if (cells.length !== columns) throw wrong(number, `${cells.length} columns where the first line has ${columns}.`);
    const id = pathColumn < 0 ? "" : (cells[pathColumn] as string);
    if (pathColumn >= 0 && (id === "" || id.length > longestId))
      throw wrong(number, `The path's id must have 1 to ${longestId} characters; it has ${id.length}.`);
    let path = known.get(id);
    if (path === undefined) {
      path = lengths.push(0) - 1;
      known.set(id, path);
    }
    lengths[path]! += 1;
    paths[rows++] = path;
    cells.forEach((cell, column) => {
      if (column !== pathColumn) values[count++] = readNumber(cell, number, column);
    });
  }
  const channels = (columns ?? 0) - (pathColumn < 0 ? 0 : 1);
  if (lengths.length === 0 || channels < 1) throw new Problem(422, "body", "There is not one point in it.");
  const all = grouped(values.subarray(0, count), paths.subarray(0, rows), lengths, channels);
  return {
    ...fromRow(all, lengths, channels, pathColumn < 0),
    ...(names && { names: names.filter((_, column) => column !== pathColumn) }),
    ...(pathColumn >= 0 && { ids: [...known.keys()] }),
  };
}
