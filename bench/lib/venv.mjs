// The Python environment of the peers: created in bench/.venv by the first run, recreated when the
// list of packages changes.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./machine.mjs";

/**
 * An environment by its folder and its list of packages, both under bench/. `builtFromSource`:
 * packages that need numpy and setuptools installed first without declaring it.
 */
export const environment = (folder, requirements, builtFromSource = []) => ({
  folder: join(root, "bench", folder),
  requirements: join(root, "bench", requirements),
  builtFromSource,
  python: join(root, "bench", folder, "bin/python"),
});

const onCpu = environment(".venv", "requirements.txt", ["iisignature==0.24"]);

/** The Python interpreter with the CPU peers. */
export const { python } = onCpu;

/**
 * Creates the environment if it does not exist.
 * @param {(line: string) => void} say receives each step
 * @param {ReturnType<typeof environment>} which
 * @throws with what is missing, if Python, a compiler or a package is not available
 */
export async function makeVenv(say, { folder, requirements, builtFromSource, python: interpreter } = onCpu) {
  const stamp = join(folder, "installed.txt");
  const wanted = createHash("sha256").update(readFileSync(requirements)).update(builtFromSource.join()).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const pip = (...args) => run(interpreter, ["-m", "pip", "install", "--disable-pip-version-check", ...args]);
  say(`Python environment in ${relative(root, folder)} …`);
  rmSync(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder]);
  say(`packages of ${relative(root, requirements)}: some minutes at the first run, gigabytes …`);
  await pip("--requirement", requirements);
  if (builtFromSource.length > 0) {
    say(`${builtFromSource.join(", ")}, built from source …`);
    await pip("setuptools", "wheel");
    await pip("--no-build-isolation", ...builtFromSource);
  }
  writeFileSync(stamp, wanted);
}

function run(program, args) {
  return new Promise((resolve, reject) => {
    // On a terminal pip's own bars show the progress, on stderr like the benchmark's other
    // messages.
    const child = spawn(program, args, { stdio: ["ignore", process.stderr.isTTY ? 2 : "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      errors = (errors + text).slice(-3000);
    });
    const fail = (why) =>
      reject(new Error(`the peers' Python environment could not be made: ${program} ${args.join(" ")}\n${why}`));
    child.on("error", (error) =>
      fail(
        `${error.message} (python3 with its venv module is needed, on Debian: apt-get install ` +
          "python3-venv python3-dev g++)",
      ),
    );
    child.on("close", (code) => (code === 0 ? resolve() : fail(errors.trim())));
  });
}
