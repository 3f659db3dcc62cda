// What the package is made of, and checks of it: the software bill of materials, the lock files,
// and the number of `unsafe` blocks.

import { readFileSync } from "node:fs";
import { filesUnder } from "./fingerprint.mjs";
import { at, packageJson } from "./project.mjs";
import { Fault } from "./terminal.mjs";

/**
 * Blocks of `unsafe` in each crate's sources. More of them need a reason in the same change: code
 * that was measured to be faster, and could not be had safely.
 */
const unsafeBlocks = { kernels: 413, lanes: 23, wasm: 19 };

const lockOfNpm = (...folder) => JSON.parse(readFileSync(at(...folder, "package-lock.json"), "utf8"));

/** The packages of a Cargo.lock. */
function lockOfCargo(...folder) {
  const field = (text, name) => new RegExp(`^${name} = "(.*)"$`, "m").exec(text)?.[1];
  return readFileSync(at(...folder, "Cargo.lock"), "utf8")
    .split("[[package]]")
    .slice(1)
    .map((text) => ({
      name: field(text, "name"),
      version: field(text, "version"),
      source: field(text, "source"),
      checksum: field(text, "checksum"),
    }));
}

/** Software that is bundled into the package: npm packages and crates. */
const bundled = { npm: ["cli-progress", "comlink"], cargo: ["wasm-bindgen"] };

/** A CycloneDX 1.6 document without time or serial number, so that builds are reproducible. */
export function billOfMaterials() {
  const { name, version, license } = packageJson();
  const component = (type, kind, one, expression) => ({
    type,
    name: one.name,
    version: one.version,
    purl: `pkg:${kind}/${one.name}@${one.version}`,
    licenses: [{ expression }],
  });
  const npm = bundled.npm.map((one) => {
    const { version, license } = lockOfNpm().packages[`node_modules/${one}`];
    return component("library", "npm", { name: one, version }, license);
  });
  const cargo = bundled.cargo.map((one) =>
    component(
      "library",
      "cargo",
      lockOfCargo().find(({ name }) => name === one),
      "MIT OR Apache-2.0",
    ),
  );
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: component("library", "npm", { name, version }, license) },
    components: [...npm, ...cargo],
  };
}

/** Folders with a lock file of their own. */
export const locked = { npm: ["", "site", "examples/queue"], cargo: ["", "crates/fuzz", "scripts/tools"] };

/** What is wrong with the entries of a package-lock.json: another source, or no checksum. */
export const faultsOfNpm = (packages) =>
  Object.entries(packages).flatMap(([path, { resolved, integrity, link, optional }]) => {
    if (path === "" || link) return [];
    if (resolved !== undefined && !resolved.startsWith("https://registry.npmjs.org/"))
      return [`${path} comes from ${resolved}`];
    return optional || /^sha512-/.test(integrity ?? "") ? [] : [`${path} has no sha512`];
  });

/** The same for the packages of a Cargo.lock. Crates of this repository have no source. */
export const faultsOfCargo = (packages) =>
  packages.flatMap(({ name, source, checksum }) => {
    if (source === undefined) return name.startsWith("path-signature") ? [] : [`${name} has no source`];
    if (source !== "registry+https://github.com/rust-lang/crates.io-index") return [`${name} comes from ${source}`];
    return /^[0-9a-f]{64}$/.test(checksum ?? "") ? [] : [`${name} has no checksum`];
  });

/** @throws Fault if a lock file names another source than the registries, or lacks a checksum */
export function checkLocks() {
  const wrong = [
    ...locked.npm.flatMap((folder) => faultsOfNpm(lockOfNpm(folder).packages)),
    ...locked.cargo.flatMap((folder) => faultsOfCargo(lockOfCargo(folder))),
  ];
  if (wrong.length > 0) throw new Fault(wrong.join("\n"));
}

/** `unsafe` blocks in a source. */
export const countUnsafe = (text) =>
  text.split("\n").filter((line) => /\bunsafe \{/.test(line) && !/^\s*\/\//.test(line)).length;

/**
 * Counts `unsafe` blocks. @returns a line for the log
 * @throws Fault if there are others than agreed: fewer are agreed upon too, so that they stay few
 */
export function checkUnsafe(agreed = unsafeBlocks) {
  const counts = Object.fromEntries(
    Object.keys(agreed).map((crate) => {
      const files = filesUnder(`crates/${crate}/src`).filter((file) => file.endsWith(".rs"));
      return [crate, files.reduce((sum, file) => sum + countUnsafe(readFileSync(at(file), "utf8")), 0)];
    }),
  );
  const said = Object.entries(counts).map(([crate, count]) => `${crate} ${count}`);
  if (Object.entries(counts).some(([crate, count]) => count !== agreed[crate]))
    throw new Fault(`${said.join(", ")} unsafe blocks, agreed are ${JSON.stringify(agreed)} (lib/supply.mjs).`);
  return said.join(", ");
}
