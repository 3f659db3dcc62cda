// The Python environment of the host in python/: the wheel, built and installed as a user would,
// and the packages of its tests. Made in target/python, and again when sources or pins change.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { filesUnder, fingerprint, once } from "./fingerprint.mjs";
import { exclusively } from "./lock.mjs";
import { optionalPackages } from "./optional-apt.mjs";
import { at } from "./project.mjs";
import { onPath } from "./rust.mjs";

const run = promisify(execFile);

/** Debian has `venv` and pip in packages of their own. */
const isComplete = () =>
  process.platform !== "linux" ||
  ["/usr/lib", "/usr/local/lib"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "ensurepip", "__init__.py")))
    .some((file) => file.includes("python3") && existsSync(file));

const absent = () => (onPath("python3") && isComplete() ? [] : ["python3", "python3-venv"]);

export const packages = optionalPackages("python", "Python, for tests", absent);

/** What is missing, in words; undefined if nothing is. */
export const missing = absent().length > 0 ? "python3 with its module venv is missing" : undefined;

const sources = ["python/README.md", "python/src", "dist/wasm/simd.wasm", "dist/wasm/relaxed.wasm"];

/** Makes a virtual environment anew. */
export async function makeVenv(folder) {
  rmSync(folder, { recursive: true, force: true });
  await run(onPath("python3"), ["-m", "venv", folder]);
}

/** Runs pip of a virtual environment. */
export const pipOf =
  (folder) =>
  (...args) =>
    run(pythonOf(folder), ["-m", "pip", ...args, "--disable-pip-version-check", "--quiet"]);

/** The interpreter of a virtual environment. */
export const pythonOf = (folder) => join(folder, "bin", "python");

/** The wheel of an environment that is made. */
export function wheel() {
  const folder = at("target", "python", "wheels");
  return join(folder, readdirSync(folder)[0]);
}

/** Makes the environment. @returns its interpreter */
export function environment() {
  const folder = at("target", "python");
  const pip = pipOf(folder);
  const build = (to) => pip("wheel", at("python"), "--no-deps", "--no-build-isolation", "--wheel-dir", to);
  const packages = fingerprint(["python/pyproject.toml"]);
  const wheel = fingerprint(filesUnder(...sources), packages);
  return exclusively(at("target", "python.lock"), async () => {
    await once(join(folder, "packages.txt"), packages, async () => {
      await makeVenv(folder);
      await pip("install", "hatchling==1.33.0");
    });
    await once(join(folder, "wheel.txt"), wheel, async () => {
      const wheels = join(folder, "wheels");
      rmSync(wheels, { recursive: true, force: true });
      await build(wheels);
      const [file] = readdirSync(wheels);
      await pip("install", `${join(wheels, file)}[test]`, "--upgrade");
      await pip("install", join(wheels, file), "--force-reinstall", "--no-deps");
    });
    return pythonOf(folder);
  });
}
