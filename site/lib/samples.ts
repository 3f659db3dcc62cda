// Makes the code samples of pages run. A markdown-it plugin puts a button below the last sample of
// a section, and a Vite plugin provides each section's samples as a module (test/docs/samples.ts
// says how a page becomes modules; tests run the same ones).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Plugin, transformWithEsbuild } from "vite";
import type { MarkdownRenderer } from "vitepress";
import { samplesOf } from "../../test/docs/samples.ts";
import { pageOf, root } from "./pages.ts";
import { sources } from "./sources.ts";

/** Modules that only Node has: files, DuckDB and Dawn. */
const elsewhere = /from "(?:node:|webgpu"|@duckdb\/|path-signature\/io")/;

/**
 * The sections with samples of the README or a guide: the id of each, and whether browsers can run
 * it.
 */
function sectionsOf(source: string): { id: string; line: number; code: string; here: boolean }[] {
  const page = pageOf(source);
  if (page === undefined || !/^(?:README|docs\/.*)\.md$/.test(source)) return [];
  return samplesOf(readFileSync(join(root, source), "utf8")).map(({ line, code }) => ({
    id: `${page.replace(/\.md$/, "")}-${line}`,
    line,
    code,
    here: !elsewhere.test(code),
  }));
}

const all = () => sources().flatMap(sectionsOf);

const prefix = "virtual:sample/";
const listName = "virtual:samples";

/** `virtual:samples` maps the id of a section to a function that imports its module. */
export function sampleModules(): Plugin {
  return {
    name: "samples",
    resolveId(id, importer) {
      if (id === listName || id.startsWith(prefix)) return `\0${id}`;
      // Packages that a sample imports are those of the repository, as in its tests.
      if (importer?.startsWith(`\0${prefix}`)) return this.resolve(id, join(root, "docs", "sample.ts"));
      return undefined;
    },
    async load(id) {
      if (id === `\0${listName}`) {
        const entries = all()
          .filter(({ here }) => here)
          .map(({ id }) => `${JSON.stringify(id)}: () => import(${JSON.stringify(`${prefix}${id}`)})`);
        return `export default {${entries.join(",\n")}};`;
      }
      if (!id.startsWith(`\0${prefix}`)) return undefined;
      const wanted = id.slice(prefix.length + 1);
      const section = all().find(({ id }) => id === wanted);
      if (section === undefined) throw new Error(`no page has the sample ${wanted}`);
      // A function, so that a sample runs as often as its button is pressed.
      const statements = /^import [^;]*;$/gm;
      // In Node, tfjs-layers is CommonJS and has a default export; in bundles it has names.
      const imports = (section.code.match(statements) ?? [])
        .join("\n")
        .replaceAll(/^import (\w+) from "@tensorflow/gm, 'import * as $1 from "@tensorflow');
      const body = section.code.replaceAll(statements, "");
      const text = `${imports}\nexport default async function run(claim: Function) {\n${body}\n}\n`;
      return (await transformWithEsbuild(text, `${wanted}.ts`, { target: "es2022" })).code;
    },
  };
}

const isSample = (info: string) => /^(?:js|ts)\b/.test(info.trim());

export function samples(md: MarkdownRenderer): void {
  md.core.ruler.push("run-samples", (state) => {
    const { path, realPath } = state.env as { path?: string; realPath?: string };
    // A title that is parsed on its own.
    if (path === undefined) return;
    const source = (realPath ?? path).slice(root.length + 1);
    const sections = sectionsOf(source);
    if (sections.length === 0) return;
    // Lines of the source, which front matter would shift: no page with samples has any.
    const owner = (line: number) => sections.findLast((section) => section.line <= line + 1);
    const last = new Map<string, number>();
    state.tokens.forEach((token, i) => {
      if (token.type !== "fence" || !isSample(token.info) || token.map === null) return;
      const section = owner(token.map[0]);
      if (section !== undefined) last.set(section.id, i);
    });
    for (const { id, here } of sections.toReversed()) {
      const place = last.get(id);
      if (place === undefined) continue;
      const button = new state.Token("html_block", "", 0);
      button.content = `<RunSample id="${id}"${here ? "" : " elsewhere"} />\n`;
      state.tokens.splice(place + 1, 0, button);
    }
  });
}
