// Where bundlers find the built package, by the conditions of its own exports: the site imports it
// by name, as its users do.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pages.ts";

interface Target {
  readonly [condition: string]: string | Target;
}

const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, string | Target>;
};

/** Conditions that a bundler for browsers has. */
const conditions = ["browser", "import", "default"];

function resolve(target: string | Target): string {
  if (typeof target === "string") return join(root, target);
  const next = conditions.map((condition) => target[condition]).find((one) => one !== undefined);
  if (next === undefined) throw new Error(`no browser can import ${JSON.stringify(target)}`);
  return resolve(next);
}

const escaped = (text: string) => text.replace(/[/.*]/g, "\\$&");

/** Aliases for Vite. */
export const aliases = Object.entries(exports)
  .filter(([entry]) => !entry.endsWith(".json"))
  .map(([entry, target]) => ({
    find: new RegExp(`^${escaped(name + entry.slice(1)).replace("\\*", "([\\w-]+)")}(?<query>\\?.*)?$`),
    replacement: `${resolve(target).replace("*", "$1")}${entry.includes("*") ? "$2" : "$1"}`,
  }));
