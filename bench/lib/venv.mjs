// The Python environment of the peers: made in bench/.venv at the first run, made anew when the list of packages changes.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./machine.mjs";

const folder = join(root, "bench/.venv");
const requirements = join(root, "bench/requirements.txt");
const stamp = join(folder, "installed.txt");

/** iisignature's build needs numpy and setuptools in place and cannot say so itself. */
const builtFromSource = ["iisignature==0.24"];

/** The interpreter that has the peers. */
export const python = join(folder, "bin/python");

/**
 * Makes the environment if it is not there.
 * @param {(line: string) => void} say told each step
 * @throws with what is missing, if Python, a compiler or a package cannot be had
 */
export async function makeVenv(say) {
  const wanted = createHash("sha256").update(readFileSync(requirements)).update(builtFromSource.join()).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const pip = (...args) => run(python, ["-m", "pip", "install", "--disable-pip-version-check", ...args]);
  say("Python environment in bench/.venv …");
  rmSync(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder]);
  say("numpy, pysiglib (with torch), jax, keras_sig, signax: some minutes at the first run, 6 GB …");
  await pip("--requirement", requirements);
  say("iisignature, built from source …");
  await pip("setuptools", "wheel");
  await pip("--no-build-isolation", ...builtFromSource);
  writeFileSync(stamp, wanted);
}

function run(program, args) {
  return new Promise((resolve, reject) => {
    // On a terminal pip's own bars are the progress; they join the bench's other messages on stderr.
    const child = spawn(program, args, { stdio: ["ignore", process.stderr.isTTY ? 2 : "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      errors = (errors + text).slice(-3000);
    });
    const fail = (why) =>
      reject(new Error(`the peers' Python environment could not be made: ${program} ${args.join(" ")}\n${why}`));
    child.on("error", (error) =>
      fail(
        `${error.message} (python3 with its venv module is needed, on Debian: apt-get install python3-venv python3-dev g++)`,
      ),
    );
    child.on("close", (code) => (code === 0 ? resolve() : fail(errors.trim())));
  });
}
