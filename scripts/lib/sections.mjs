// Generated sections of Markdown files, each between two markers.

import { readFileSync, writeFileSync } from "node:fs";
import { at } from "./project.mjs";
import { Fault } from "./terminal.mjs";

/**
 * Writes a section or, with `check`, compares it with what it should be.
 *
 * @param file - from the root of the project
 * @throws Fault if the file has no such markers, or is not current
 */
export function section(file, name, command, text, check = false) {
  const begin = `<!-- ${name}: begin (written by ${command}) -->`;
  const end = `<!-- ${name}: end -->`;
  const page = readFileSync(at(file), "utf8");
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Fault(`${file} lacks the lines\n${begin}\n${end}`);
  const fresh = `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
  if (!check) writeFileSync(at(file), fresh);
  else if (fresh !== page) throw new Fault(`The section "${name}" of ${file} is not current.`, command);
}
