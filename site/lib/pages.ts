// Which Markdown files of the repository are pages of the site, and under which names. All pages
// lie in one folder, so that every link between them is relative and the site can be served from
// any place.

import { basename, dirname, join, normalize, relative } from "node:path";

/** The repository. */
export const root = join(import.meta.dirname, "..", "..");

/** Sources of pages, and the page of each; `:name` as in VitePress' rewrites. */
export const rewrites: Readonly<Record<string, string>> = {
  "README.md": "introduction.md",
  "CHANGELOG.md": "changelog.md",
  "ARCHITECTURE.md": "architecture.md",
  "CONTRIBUTING.md": "contributing.md",
  "SECURITY.md": "security.md",
  "THIRD-PARTY.md": "third-party.md",
  "python/README.md": "python.md",
  "docs/:name.md": ":name.md",
  "examples/:name/README.md": "example-:name.md",
  "site/pages/:name.md": ":name.md",
  "site/generated/:name.md": ":name.md",
};

const patterns = Object.entries(rewrites).map(([source, page]) => ({
  source: new RegExp(`^${source.replaceAll(".", "\\.").replace(":name", "([^/]+)")}$`),
  page,
}));

/** The page of a file of the repository, or undefined if it is none. */
export function pageOf(file: string): string | undefined {
  for (const { source, page } of patterns) {
    const found = source.exec(file);
    if (found) return page.replace(":name", found[1] ?? "");
  }
  return undefined;
}

/**
 * Where a link of a source leads on the site: a page; undefined for a file that the site does not
 * have. Sources link to each other as files of the repository.
 */
export function linkFrom(source: string, href: string): string | undefined {
  const [path = "", anchor] = href.split("#");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  if (path === "") return hash;
  const file = normalize(join(dirname(relative(root, source)), path)).replace(/\/$/, "");
  const page = pageOf(file) ?? pageOf(join(file, "README.md"));
  return page === undefined ? undefined : `./${basename(page, ".md")}.html${hash}`;
}
