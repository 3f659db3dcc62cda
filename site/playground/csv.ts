// Numbers of a CSV file, by column.

import { csvParse, dsvFormat } from "d3-dsv";

export interface Columns {
  readonly names: readonly string[];
  /** Of each column; a row with a cell that is no number is left out of all. */
  readonly numbers: readonly Float64Array[];
  /** Rows that were left out. */
  readonly omitted: number;
}

/** Columns in which most cells are numbers; semicolons and tabs separate them, too. */
export function readColumns(text: string): Columns {
  const [first = ""] = text.split("\n", 1);
  const separator = [",", ";", "\t"].reduce((best, one) =>
    first.split(one).length > first.split(best).length ? one : best,
  );
  const rows = separator === "," ? csvParse(text) : dsvFormat(separator).parse(text);
  const numberOf = (cell: string | undefined) => (cell === undefined || cell.trim() === "" ? Number.NaN : Number(cell));
  const names = rows.columns.filter((name) => {
    const good = rows.reduce((count, row) => count + Number(Number.isFinite(numberOf(row[name]))), 0);
    return good > rows.length / 2;
  });
  const kept = rows.filter((row) => names.every((name) => Number.isFinite(numberOf(row[name]))));
  return {
    names,
    numbers: names.map((name) => Float64Array.from(kept, (row) => numberOf(row[name]))),
    omitted: rows.length - kept.length,
  };
}
