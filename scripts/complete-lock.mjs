// Adds optional packages of other platforms to package-lock.json, where npm left them out. npm asks
// the registry for each of them and drops those that a partial mirror does not have; `npm ci` then
// refuses its own lock file, even on platforms that never install them (npm/cli issues 4828 and
// 9342). The packages that name them pin their versions; their platforms are in their names. Run it
// after every change of a dependency:
//
//   npm install --save-dev --save-exact NAME@VERSION && node scripts/complete-lock.mjs
//
// Not part of setup or build, which only read the lock file.

import { readFileSync, writeFileSync } from "node:fs";
import { at } from "./lib/project.mjs";

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
  "wasm32",
];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64", "wasm32"];

/**
 * `os`, `cpu` and `libc` as in the package's own manifest, derived from a name like
 * `@rollup/rollup-linux-x64-musl`.
 */
function platform(name) {
  const words = name.split(/[-/]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  const libc =
    words.includes("musl") || words.includes("musleabihf")
      ? "musl"
      : words.some((word) => /^gnu/.test(word)) && os === "linux"
        ? "glibc"
        : undefined;
  if (!os && !cpu) return undefined;
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), ...(os && os !== "wasm32" && { os: [os] }) };
}

const path = at("package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8"));
const added = [];

for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const places = [`node_modules/${name}`, `${parent}/node_modules/${name}`];
    if (places.some((place) => lock.packages[place]?.version === version)) continue;
    const where = platform(name);
    if (!where) {
      if (!lock.packages[places[0]]) console.warn(`${name} (wanted by ${parent}) has no system in its name: not added`);
      continue;
    }
    if (!/^\d+\.\d+\.\d+/.test(version))
      throw new Error(`${parent} wants ${name}@${version}, which is no exact version`);
    lock.packages[places[lock.packages[places[0]]?.version ? 1 : 0]] = { version, ...where, dev: true, optional: true };
    added.push(`${name}@${version}`);
  }
}

const names = Object.keys(lock.packages).sort((a, b) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(names.map((name) => [name, lock.packages[name]]));
writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(added.length === 0 ? "package-lock.json is complete" : `added ${added.join(", ")}`);
