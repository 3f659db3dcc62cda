// Limits of line widths: comments 100 columns, code and Markdown prose 120. Formatters wrap code
// but leave comments, strings and Markdown alone, so `npm run check` measures all of them here.

import { existsSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { at } from "./project.mjs";
import { command, Fault } from "./terminal.mjs";

const commentLimit = 100;
const codeLimit = 120;
const proseLimit = 120;

/** Results and test data, written by programs. */
const generated = ["bench/results/", "test/oracles/", "examples/japanese-vowels/data/"];

/** A line without its URLs, which cannot be wrapped and so are not counted. */
const visible = (line) => line.replace(/\]\([^)]*\)/g, "]").replace(/https?:\/\/\S+/g, "");

const width = (line) => [...line].length;

function* widthsOfMarkdown(lines) {
  let fence = false;
  let table = false;
  for (const line of lines) {
    if (/^\s*```/.test(line)) fence = !fence;
    // Tables that a script generates, and the text between them: `<!-- sizes: begin (…) -->`.
    if (/^<!-- \w+: begin/.test(line)) table = true;
    if (/^<!-- \w+: end/.test(line)) table = false;
    const exempt = fence || table || /^\s*\|/.test(line);
    yield exempt ? [0, proseLimit] : [width(visible(line)), proseLimit];
  }
}

function* widthsOfCode(lines, comment) {
  for (const line of lines) {
    const [marker] = comment.exec(line) ?? [];
    if (marker === undefined) yield [width(line), codeLimit];
    else if (line[marker.length] === "|") yield [0, commentLimit];
    else yield [width(visible(line)), commentLimit];
  }
}

const slashes = /^\s*\/\/[/!]? ?/;
const slashesAndBlocks = /^\s*(?:\/\/[/!]? ?|\/\*\*? ?|\*(?: |\/|$))/;

/**
 * For each kind of file, the widths and limits of its lines. A line is a comment if it starts with
 * a comment marker.
 */
const kinds = {
  ".md": widthsOfMarkdown,
  ".rs": (lines) => widthsOfCode(lines, slashes), // rustfmt begins lines with the operator `*`
  ".ts": (lines) => widthsOfCode(lines, slashesAndBlocks),
  ".mjs": (lines) => widthsOfCode(lines, slashesAndBlocks),
};

const kindOf = (path) => kinds[extname(path)];

/**
 * Lines that are wider than their limit.
 *
 * @param path - of a .md, .rs, .ts or .mjs file
 * @returns `{ line, width, limit }` each, `line` counted from 1
 */
export function wideLines(path, text) {
  return [...kindOf(path)(text.split(/\r?\n/))]
    .map(([width, limit], i) => ({ line: i + 1, width, limit }))
    .filter(({ width, limit }) => width > limit);
}

/** @throws Fault with file, line and width of every line in git's files that is too wide */
export async function checkWidths() {
  const listed = await command("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: at() });
  const faults = listed
    .split("\0")
    .filter((path) => kindOf(path) && existsSync(at(path)) && !generated.some((folder) => path.startsWith(folder)))
    .flatMap((path) =>
      wideLines(path, readFileSync(at(path), "utf8")).map(
        ({ line, width, limit }) => `${path}:${line}: ${width} columns, at most ${limit}`,
      ),
    );
  if (faults.length) throw new Fault(`${faults.join("\n")}\n${faults.length} lines are too wide.`);
}
