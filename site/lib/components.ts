// A markdown-it plugin: a comment `<!-- site: Name -->` of a guide becomes a component of the
// theme. On GitHub nothing is seen of it.

import type { MarkdownRenderer } from "vitepress";

export function components(md: MarkdownRenderer): void {
  md.core.ruler.push("components", ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === "html_block") token.content = token.content.replace(/^<!-- site: (\w+) -->$/m, "<$1 />");
    }
  });
}
