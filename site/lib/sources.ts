// The Markdown files that are pages, as paths in the repository.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { rewrites, root } from "./pages.ts";

function matching(pattern: string): string[] {
  const parts = pattern.split("/");
  const place = parts.findIndex((part) => part.includes(":name"));
  if (place < 0) return existsSync(join(root, pattern)) ? [pattern] : [];
  const folder = parts.slice(0, place).join("/");
  if (!existsSync(join(root, folder))) return [];
  const suffix = (parts[place] as string).replace(":name", "");
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(suffix))
    .map((name) => [folder, name, ...parts.slice(place + 1)].join("/"))
    .filter((path) => path.endsWith(".md") && existsSync(join(root, path)));
}

export const sources = (): string[] => Object.keys(rewrites).flatMap(matching);
