// Builds the documentation site: the API reference (TypeDoc), then the pages (VitePress), then
// relative links (site/lib/base.ts).

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { filesUnder, fingerprint, isCurrent, remember } from "./fingerprint.mjs";
import { exclusively } from "./lock.mjs";
import { at, pinnedNode, targetFolder } from "./project.mjs";
import { command, step } from "./terminal.mjs";

export const siteFolder = targetFolder("site");

const sources = () =>
  [
    ...filesUnder(
      "README.md",
      "CHANGELOG.md",
      "ARCHITECTURE.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "THIRD-PARTY.md",
      "python/README.md",
    ),
    ...filesUnder("docs", "dist", "package.json", "package-lock.json", "test/docs", "scripts/lib/site.mjs"),
    ...filesUnder(
      "site/.vitepress",
      "site/lib",
      "site/pages",
      "site/playground",
      "site/measure",
      "site/public",
      "site/package-lock.json",
    ),
    // Not everything under examples: packages there link to this repository.
    ...filesUnder(...readdirSync(at("examples")).map((name) => `examples/${name}/README.md`)),
  ].filter((file) => !file.includes("/.temp/"));

/** Returns whether anything had to be built. */
export async function build() {
  return exclusively(at("target", ".site-lock"), async () => {
    const stamp = at("target", "site.fingerprint");
    const print = fingerprint(sources());
    if (isCurrent(stamp, print) && existsSync(join(siteFolder, "index.html"))) return false;
    rmSync(stamp, { force: true });
    const node = (...args) => command(pinnedNode, ["--no-warnings", ...args], { cwd: at("site") });
    await step("API reference", async () => {
      await node("lib/api.ts");
    });
    await step("site", async () => {
      await node(join("node_modules", "vitepress", "bin", "vitepress.js"), "build", ".");
    });
    await step("relative links", async () => {
      const { makeRelative } = await import("../../site/lib/base.ts");
      makeRelative(siteFolder);
    });
    remember(stamp, print);
    return true;
  });
}
