// Locates the JavaScript runtimes for tests, which are development dependencies installed by npm.

import { existsSync, readdirSync } from "node:fs";
import { at } from "./project.mjs";

const inModules = (...parts) => at("node_modules", ...parts);

/** A package for the machine's platform contains the program. */
function carried(scope, pattern, ...program) {
  const folder = inModules(scope);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => inModules(scope, name, ...program));
}

const candidates = {
  node20: () => [inModules("node20", "bin", "node")],
  node22: () => [inModules("node22", "bin", "node")],
  node24: () => [inModules("node", "bin", "node")],
  node26: () => [inModules("node26", "bin", "node")],
  // Its install script, where npm runs it, moves the program out of the platform's package.
  bun: () => [inModules("bun", "bin", "bun.exe"), ...carried("@oven", /^bun-/, "bin", "bun")],
  deno: () => carried("@deno", /^(linux|darwin)-/, "deno"),
  workerd: () => carried("@cloudflare", /^workerd-/, "bin", "workerd"),
};

/** The names of the runtimes. */
export const runtimes = Object.keys(candidates);

/** The program of a runtime, or undefined if the machine lacks it. */
export const runtime = (name) => candidates[name]().find((file) => existsSync(file));
