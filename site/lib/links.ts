// A markdown-it plugin: links between files of the repository become links between pages. A link to
// a file that is no page becomes its text.

import type { MarkdownRenderer } from "vitepress";
import { linkFrom } from "./pages.ts";

/** Where a heading is linked to, as on GitHub: guides link to each other's headings. */
export const slugify = (title: string): string =>
  title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const outside = /^(?:[a-z]+:|#)/;

interface Environment {
  /** None for a title that is parsed on its own. */
  readonly path?: string;
  /** The file that was read, if the page has another name. */
  readonly realPath?: string;
}

export function links(md: MarkdownRenderer): void {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    const { path, realPath } = env as Environment;
    if (path === undefined) return;
    for (const { children } of tokens) {
      let unlinked = false;
      for (const token of children ?? []) {
        if (token.type === "link_close" && unlinked) {
          token.tag = "span";
          unlinked = false;
        }
        const href = token.type === "link_open" ? token.attrGet("href") : null;
        if (href === null || outside.test(href)) continue;
        const page = linkFrom(realPath ?? path, href);
        if (page !== undefined) token.attrSet("href", page);
        else {
          token.type = "span_open";
          token.tag = "span";
          token.attrs = [["title", `${href}, in the repository`]];
          unlinked = true;
        }
      }
    }
  });
}
