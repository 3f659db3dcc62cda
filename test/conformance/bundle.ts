// Bundles the sources and the table of cases into one plain JavaScript file, and finds runtimes to
// run it on.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles test/conformance/main.ts; returns the path of the script. */
export async function bundleConformance(): Promise<string> {
  const folder = join(root, "target", "test", "conformance");
  await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      ssr: "test/conformance/main.ts",
      outDir: folder,
      emptyOutDir: true,
      target: "node20",
      minify: false,
      rolldownOptions: { output: { entryFileNames: "main.mjs" } },
    },
  });
  return join(folder, "main.mjs");
}

/**
 * A Node 20: the development dependency (on Linux, x64), the one that NODE20 names, or the system's
 * if it is one; else undefined.
 */
export function findNode20(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [
    join(root, "node_modules", "node20", "bin", "node"),
    process.env.NODE20,
    ...[...folders, "/usr/local/bin", "/usr/bin"].map((folder) => join(folder, "node")),
  ];
  return candidates.find((file) => file !== undefined && existsSync(file) && versionOf(file).startsWith("v20."));
}

function versionOf(file: string): string {
  try {
    return execFileSync(file, ["--version"], { encoding: "utf8" });
  } catch {
    return ""; // built for another machine
  }
}
