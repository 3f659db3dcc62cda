// Checks whether node_modules agrees with package-lock.json, and installs if it does not. Starts
// npm only then. Besides the repository, folders whose dependencies it does not share have such
// files: the documentation and an example.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { at, pinnedNode, read } from "./project.mjs";
import { command, Fault } from "./terminal.mjs";

/**
 * npm stores a lock file of what it installed inside node_modules. Comparing it with the project's
 * detects both a manual `npm install` and a deleted node_modules, without a stamp of our own.
 * Optional packages of other platforms are in one and not in the other.
 */
function agrees(folder) {
  const present = read(join(folder, "node_modules", ".package-lock.json"));
  if (!present) return false;
  const have = JSON.parse(present).packages;
  const want = JSON.parse(read(join(folder, "package-lock.json"))).packages;
  return Object.entries(want).every(
    ([place, { version, optional }]) => place === "" || have[place]?.version === version || (optional && !have[place]),
  );
}

export const isComplete = () => existsSync(pinnedNode) && agrees(at());

/** Folders with dependencies of their own. */
const others = ["site", join("examples", "queue")].map((folder) => at(folder));

export const areOthersComplete = () => others.every(agrees);

// A platform without a prebuilt Node 20 of that name leaves it out (tests that need it report that
// they are skipped).
const forced = process.platform === "linux" && process.arch === "x64" ? [] : ["--force"];

/** npm prints the error first, and then general usage. */
const mostErrorLines = 12;

async function ci(folder, options, report) {
  let count = 0;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  try {
    await command(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=http", ...options], {
      cwd: folder,
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
}

export async function installOthers(report) {
  for (const folder of others) if (!agrees(folder)) await ci(folder, [], report);
}

export async function install(report) {
  await ci(at(), forced, report);
  if (!existsSync(pinnedNode)) {
    throw new Fault(
      "npm installed the dependency `node` without its program: its install script did not run.",
      "npm ci --ignore-scripts=false",
    );
  }
}
