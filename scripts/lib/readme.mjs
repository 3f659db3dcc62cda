// Generated sections of README.md, between two markers.

import { readFileSync, writeFileSync } from "node:fs";
import { at } from "./project.mjs";
import { Fault } from "./terminal.mjs";

/**
 * Writes a section or, with `check`, compares it with what it should be.
 * @throws Fault if README has no such markers, or is not current
 */
export function section(name, command, text, check = false) {
  const begin = `<!-- ${name}: begin (written by ${command}) -->`;
  const end = `<!-- ${name}: end -->`;
  const file = at("README.md");
  const readme = readFileSync(file, "utf8");
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Fault(`README.md lacks the lines\n${begin}\n${end}`);
  const fresh = `${readme.slice(0, from + begin.length)}\n\n${text}\n\n${readme.slice(to)}`;
  if (!check) writeFileSync(file, fresh);
  else if (fresh !== readme) throw new Fault(`README.md's section "${name}" is not current.`, command);
}
