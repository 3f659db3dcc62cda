// The documentation site, built and served below a folder, as a static host would.

import { readdirSync } from "node:fs";
import { build, siteFolder } from "../../scripts/lib/site.mjs";
import { Site } from "../runtimes/browsers/site.ts";

/** Longest build on a busy machine with two cores. */
export const buildMs = 600_000;

export interface Built {
  readonly folder: string;
  /** Names of pages, sorted. */
  readonly pages: readonly string[];
  url(page: string): string;
  close(): Promise<void>;
}

export async function builtSite(): Promise<Built> {
  await build();
  const server = new Site(siteFolder);
  await server.open();
  return {
    folder: siteFolder,
    pages: readdirSync(siteFolder)
      .filter((name) => name.endsWith(".html"))
      .sort(),
    url: (page) => server.url("plain", page),
    close: () => server.close(),
  };
}
