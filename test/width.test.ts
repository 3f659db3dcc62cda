// The width check of `npm run check`: what counts as a comment, as code and as prose, and what is
// exempt.

import { describe, expect, it } from "vitest";
import { wideLines } from "../scripts/lib/width.mjs";

const x = (count: number) => "x".repeat(count);
const url = `https://example.org/${x(120)}`;

describe.each([
  ["a.ts", "a comment", `// ${x(97)}`, 100],
  ["a.ts", "an indented line of a block", `   * ${x(95)}`, 100],
  ["a.mjs", "a block on one line", `/** ${x(93)} */`, 100],
  ["a.rs", "a doc comment", `    //! ${x(92)}`, 100],
  ["a.rs", "an operator at the start of a line", `    * ${x(114)}`, 120],
  ["a.ts", "code with a comment behind it", `let a; // ${x(110)}`, 120],
  ["a.ts", "a generator, not a comment", `  *items() { ${x(107)}`, 120],
  ["a.md", "prose", x(120), 120],
  ["a.md", "a heading", `# ${x(118)}`, 120],
])("%s: %s", (path, _, line, limit) => {
  it(`may have ${limit} columns`, () => {
    expect(wideLines(path, `${line}\n`)).toEqual([]);
    expect(wideLines(path, `\n${line.replace("x", "xx")}\n`)).toEqual([{ line: 2, width: limit + 1, limit }]);
  });
});

it.each([
  ["a.ts", `// ${url}`],
  ["a.rs", `/// | ${x(120)} |`],
  ["a.md", `| ${x(120)} |`],
  ["a.md", `[text](${url}) and ${url}`],
  ["a.md", `\`\`\`\n${x(121)}\n\`\`\``],
  ["a.md", `<!-- sizes: begin (written by a script) -->\n${x(121)}\n<!-- sizes: end -->`],
])("%s: exempt: %s", (path, text) => {
  expect(wideLines(path, text)).toEqual([]);
});

it("goes on behind what is exempt", () => {
  const text = `\`\`\`\n\`\`\`\n${x(121)}\n<!-- a: begin -->\n<!-- a: end -->\n${x(121)}`;
  expect(wideLines("a.md", text).map(({ line }) => line)).toEqual([3, 6]);
});

it("counts characters, not bytes", () => {
  expect(wideLines("a.ts", `// ${"Σ".repeat(97)}`)).toEqual([]);
});
