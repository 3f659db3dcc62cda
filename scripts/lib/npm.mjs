// Whether node_modules is what package-lock.json says, and bringing it there. Starts npm only when it is not.

import { existsSync } from "node:fs";
import { at, pinnedNode, read } from "./project.mjs";
import { command, Fault } from "./terminal.mjs";

/**
 * npm keeps, inside node_modules, a lock file of what it put there. Compared with the project's, so that neither a
 * developer's own `npm install` nor a deleted node_modules needs a stamp of ours. Optional packages of other systems are in
 * the one and not in the other.
 */
export function isComplete() {
  const present = read(at("node_modules", ".package-lock.json"));
  if (!present || !existsSync(pinnedNode)) return false;
  const have = JSON.parse(present).packages;
  const want = JSON.parse(read(at("package-lock.json"))).packages;
  return Object.entries(want).every(
    ([place, { version, optional }]) => place === "" || have[place]?.version === version || (optional && !have[place]),
  );
}

// A device without a prebuilt Node 20 of that name leaves it out (the tests that need it say that they are skipped).
const forced = process.platform === "linux" && process.arch === "x64" ? [] : ["--force"];

/** npm says what is wrong first, and then how it is used in general. */
const mostErrorLines = 12;

export async function install(report) {
  let count = 0;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  try {
    await command(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=http", ...forced], {
      cwd: at(),
      onLine: (line) => {
        if (/^npm http fetch GET 200/.test(line)) report(`${++count} requests`);
      },
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const errors = (error.output ?? error.message)
      .split("\n")
      .filter((line) => /^npm error (?!A complete log)/.test(line));
    throw new Fault(
      ["The npm dependencies could not be installed:", ...errors.slice(0, mostErrorLines)].join("\n"),
      "npm ci",
    );
  }
  if (!existsSync(pinnedNode)) {
    throw new Fault(
      "npm installed the dependency `node` without its program: its install script did not run.",
      "npm ci --ignore-scripts=false",
    );
  }
}
