// CSV bodies: one line per point, one column per channel. A header is optional. If it has a column
// `path`, the body is a batch, whose paths are the runs of equal values in that column. Numbers
// need no quotes, so quotes are not supported. (Responses are never CSV.)

import { limits } from "../limits.ts";
import { Problem } from "../problem.ts";
import { type Body, fromRow } from "../ragged.ts";

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

const isNumber = (cell: string) => cell !== "" && !Number.isNaN(Number(cell));
/** The message for a missing number; the library explains why such values cannot be used. */
const notFinite = new Set(["nan", "inf", "-inf", "infinity", "-infinity"]);

function readNumber(cell: string, line: number, column: number): number {
  if (isNumber(cell)) return Number(cell);
  if (notFinite.has(cell.toLowerCase())) return Number.NaN;
  throw wrong(line, `Column ${column + 1} holds no number: ${JSON.stringify(cell.slice(0, 40))}.`);
}

/** @throws Problem 400, 413, 422 */
export function decodeCsv(bytes: Uint8Array): Body {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "body", "The body is not UTF-8.");
  }
  // A number takes at least two characters.
  const values = new Float64Array(Math.ceil((text.length + 1) / 2));
  let count = 0;
  let columns: number | undefined;
  let pathColumn = -1;
  let current: string | undefined;
  const lengths: number[] = [];
  for (const [number, line] of linesOf(text)) {
    const cells = line.split(",", limits.channels + 2).map((cell) => cell.trim());
    if (columns === undefined) {
      columns = cells.length;
      if (!cells.every((cell) => isNumber(cell) || notFinite.has(cell.toLowerCase()))) {
        pathColumn = cells.map((cell) => cell.toLowerCase()).indexOf("path");
        continue;
      }
    }
    if (cells.length !== columns) throw wrong(number, `${cells.length} columns where the first line has ${columns}.`);
    const path = pathColumn < 0 ? "" : (cells[pathColumn] as string);
    if (path !== current) lengths.push(0);
    current = path;
    lengths[lengths.length - 1]! += 1;
    cells.forEach((cell, column) => {
      if (column !== pathColumn) values[count++] = readNumber(cell, number, column);
    });
  }
  const channels = (columns ?? 0) - (pathColumn < 0 ? 0 : 1);
  if (lengths.length === 0 || channels < 1) throw new Problem(422, "body", "There is not one point in it.");
  return fromRow(values.subarray(0, count), lengths, channels, pathColumn < 0);
}
