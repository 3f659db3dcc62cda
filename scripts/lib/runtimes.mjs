// Where the JavaScript runtimes are that tests run on: programs that development dependencies carry. Only looks; npm brings them.

import { existsSync, readdirSync } from "node:fs";
import { at } from "./project.mjs";

const inModules = (...parts) => at("node_modules", ...parts);

/** Platform packages carry the program; which one is there depends on the machine. */
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

/** A runtime's program, or undefined where this machine has none. */
export const runtime = (name) => candidates[name]().find((file) => existsSync(file));
