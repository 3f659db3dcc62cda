// Columns of tables: those that commands name, and those that may be channels.

import { wrongArguments } from "./fault.ts";
import type { ReadingOptions } from "./open.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
}

export const isNumeric = ({ type }: Column): boolean => /INT|FLOAT|DOUBLE|DECIMAL|BOOLEAN/.test(type);
export const isTime = ({ type }: Column): boolean => /^(TIMESTAMP|DATE|TIME)/.test(type);

/** The column of a name. @throws Fault with the names that there are */
export function columnNamed(columns: readonly Column[], name: string, option: string): Column {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  throw wrongArguments(`--${option} ${name}: no such column. Columns: ${columns.map((one) => one.name).join(", ")}`);
}

/** Names of the columns of the channels. @throws Fault for one that has no numbers */
export function channelsOf(columns: readonly Column[], { channels, id, sort }: ReadingOptions): readonly Column[] {
  const found =
    channels?.map((name) => columnNamed(columns, name, "channels")) ??
    columns.filter((column) => isNumeric(column) && column.name !== id && column.name !== sort);
  const wrong = found.find((column) => !isNumeric(column) && !(column.name === sort && isTime(column)));
  if (wrong) throw wrongArguments(`--channels ${wrong.name}: a column of ${wrong.type}, not of numbers.`);
  if (found.length === 0) throw wrongArguments("There is no column of numbers: name some by --channels.");
  return found;
}
