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
const unsafeBlocks = { kernels: 376, lanes: 23, wasm: 19 };

const lockOfNpm = (...folder) => JSON.parse(readFileSync(at(...folder, "package-lock.json"), "utf8"));

/** The packages of Cargo.lock. */
function lockOfCargo() {
  const field = (text, name) => new RegExp(`^${name} = "(.*)"$`, "m").exec(text)?.[1];
  return readFileSync(at("Cargo.lock"), "utf8")
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

/** @throws Fault if a lock file names another source than the registries, or lacks a checksum */
export function checkLocks() {
  const wrong = [];
  const installed = [lockOfNpm(), lockOfNpm("site")].flatMap(({ packages }) => Object.entries(packages));
  for (const [path, { resolved, integrity, link, optional }] of installed) {
    if (path === "" || link) continue;
    if (resolved !== undefined && !resolved.startsWith("https://registry.npmjs.org/"))
      wrong.push(`${path} comes from ${resolved}`);
    if (!optional && !/^sha512-/.test(integrity ?? "")) wrong.push(`${path} has no sha512`);
  }
  for (const { name, source, checksum } of lockOfCargo()) {
    if (source === undefined) continue; // A crate of this workspace.
    if (source !== "registry+https://github.com/rust-lang/crates.io-index") wrong.push(`${name} comes from ${source}`);
    if (!/^[0-9a-f]{64}$/.test(checksum ?? "")) wrong.push(`${name} has no checksum`);
  }
  if (wrong.length > 0) throw new Fault(wrong.join("\n"));
}

/**
 * Counts `unsafe` blocks. @returns a line for the log
 * @throws Fault if there are more than agreed
 */
export function checkUnsafe() {
  const counts = Object.fromEntries(
    Object.keys(unsafeBlocks).map((crate) => {
      const files = filesUnder(`crates/${crate}/src`).filter((file) => file.endsWith(".rs"));
      const lines = files.flatMap((file) => readFileSync(at(file), "utf8").split("\n"));
      return [crate, lines.filter((line) => /\bunsafe \{/.test(line) && !/^\s*\/\//.test(line)).length];
    }),
  );
  const more = Object.entries(counts).filter(([crate, count]) => count > unsafeBlocks[crate]);
  const said = Object.entries(counts).map(([crate, count]) => `${crate} ${count}`);
  if (more.length > 0)
    throw new Fault(`${said.join(", ")} unsafe blocks, agreed are ${JSON.stringify(unsafeBlocks)} (lib/supply.mjs).`);
  return said.join(", ");
}
