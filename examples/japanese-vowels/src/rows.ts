// A CSV file as rows of text, each with the line on which it begins. Reads a stream, so that a file
// may be larger than memory. recordings.ts interprets the columns.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { CsvError, parse } from "csv-parse";
import { Fault, quote } from "./fault.ts";

export interface Row {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** An error in a file, with its line. */
export const faultAt = (file: string, line: number, text: string): Fault => new Fault(`${file}, line ${line}: ${text}`);

/** Longest row. Beyond it a quote was never closed, or the file is not a CSV. */
const longestRow = 1 << 20;

/**
 * The rows of a file, its header first, without empty lines.
 * @param onProgress - receives the fraction of the file that has been read, 0 … 1.
 * @throws Fault for a file that cannot be read or is not a CSV.
 */
export async function* readRows(file: string, onProgress: (part: number) => void = () => {}): AsyncGenerator<Row> {
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    // recordings.ts reports this with the names of the columns.
    relax_column_count: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    max_record_size: longestRow,
  });
  let last = 0;
  try {
    const size = (await stat(file)).size;
    const source = createReadStream(file);
    source.on("error", (error) => parser.destroy(error));
    try {
      for await (const { record, info } of source.pipe(parser)) {
        const fields: string[] = record;
        // The parser counts the line on which a row ends; a quoted field may contain line breaks.
        const breaks = fields.reduce((sum, field) => sum + (field.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
        yield { line: info.lines - breaks, fields };
        last = info.lines;
        onProgress(size > 0 ? Math.min(1, source.bytesRead / size) : 1);
      }
    } finally {
      source.destroy();
    }
  } catch (error) {
    throw explain(error, file, last);
  }
}

function explain(error: unknown, file: string, last: number): unknown {
  if (error instanceof CsvError) {
    const line = "lines" in error && typeof error.lines === "number" ? error.lines : last + 1;
    const column = "column" in error && typeof error.column === "number" ? `column ${error.column + 1}: ` : "";
    switch (error.code) {
      case "CSV_QUOTE_NOT_CLOSED":
      case "CSV_MAX_RECORD_SIZE":
        return faultAt(file, last + 1, "a quote is opened in this row and not closed, or the file is not a CSV");
      case "INVALID_OPENING_QUOTE":
        return faultAt(file, line, `${column}a quote in the middle of a value`);
      case "CSV_INVALID_CLOSING_QUOTE":
        return faultAt(file, line, `${column}text after a closing quote`);
      default:
        return faultAt(file, line, error.message);
    }
  }
  if (error instanceof Error && "syscall" in error && "code" in error) {
    const reasons: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      EACCES: "reading it is not permitted",
      EPERM: "reading it is not permitted",
    };
    return new Fault(`Cannot read ${quote(file)}: ${reasons[String(error.code)] ?? error.message}.`);
  }
  return error;
}
