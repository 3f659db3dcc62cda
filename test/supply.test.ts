// The bill of materials names what is bundled, and THIRD-PARTY.md says the same.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesUnder } from "../scripts/lib/fingerprint.mjs";
import {
  billOfMaterials,
  checkLocks,
  checkUnsafe,
  countUnsafe,
  faultsOfCargo,
  faultsOfNpm,
  locked,
} from "../scripts/lib/supply.mjs";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const { peerDependencies } = JSON.parse(read("package.json")) as { peerDependencies: Record<string, string> };
const { components } = billOfMaterials();
const names = (kind: string) =>
  components.filter(({ purl }) => purl.startsWith(`pkg:${kind}/`)).map(({ name }) => name);

it("lists the packages that the sources import, besides peers", () => {
  const imported = filesUnder("ts")
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .flatMap((file) => [...read(file).matchAll(/^(?:import|export) (?!type ).*?from "([^."][^"]*)";/gm)])
    .map(([, name = ""]) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
    .filter((name) => !name.startsWith("node:") && name !== "path-signature" && !(name in peerDependencies));
  expect([...new Set(imported)]).toEqual(names("npm"));
});

it("lists the crates that the binaries depend on", () => {
  // crates/fuzz is not of the workspace.
  const crates = readdirSync(join(root, "crates")).filter((crate) => crate !== "fuzz");
  const found = crates.flatMap((crate) => {
    const [, text = ""] = /^\[dependencies\]\n([^[]*)/m.exec(read(`crates/${crate}/Cargo.toml`)) ?? [];
    return [...text.matchAll(/^([\w-]+)/gm)].map(([, name]) => name as string);
  });
  expect([...new Set(found)].filter((name) => !name.startsWith("path-signature"))).toEqual(names("cargo"));
});

it("agrees with THIRD-PARTY.md, with licences and versions", () => {
  const text = read("THIRD-PARTY.md");
  for (const { name, version, licenses } of components) {
    expect(text).toContain(`[${name}]`);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    for (const licence of licenses[0]!.expression.split(" OR ")) expect(text).toContain(licence);
  }
});

it("lock files come from the registries, and unsafe blocks are as many as agreed", () => {
  expect(checkLocks).not.toThrow();
  const said = checkUnsafe();
  expect(said).toMatch(/^kernels \d+, lanes \d+, wasm \d+$/);
  const [kernels, lanes, wasm] = [...said.matchAll(/\d+/g)].map(Number) as [number, number, number];
  for (const off of [-1, 1]) expect(() => checkUnsafe({ kernels, lanes, wasm: wasm + off })).toThrow(/unsafe blocks/);
});

it("knows every lock file of the repository", () => {
  const skipped = new Set(["node_modules", "target", ".git", ".tools", "dist", ".venv"]);
  const find = (name: string, folder = ""): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isFile()) return entry.name === name ? [folder] : [];
      return entry.isDirectory() && !skipped.has(entry.name) ? find(name, join(folder, entry.name)) : [];
    });
  expect(find("package-lock.json").sort()).toEqual([...locked.npm].sort());
  expect(find("Cargo.lock").sort()).toEqual([...locked.cargo].sort());
});

it.each([
  [{ resolved: "https://example.com/a.tgz", integrity: "sha512-x" }, ["a comes from https://example.com/a.tgz"]],
  [{ resolved: "git+ssh://git@github.com/a/a.git#1", optional: true }, [expect.stringMatching(/^a comes from git/)]],
  [{ resolved: "https://registry.npmjs.org/a.tgz", integrity: "sha1-x" }, ["a has no sha512"]],
  [{ resolved: "https://registry.npmjs.org/a.tgz", integrity: "sha512-x" }, []],
])("a package of npm: %o", (entry, faults) => {
  expect(faultsOfNpm({ "": {}, a: entry })).toEqual(faults);
});

const crates = "registry+https://github.com/rust-lang/crates.io-index";
it.each([
  [{ source: "git+https://github.com/a/a", checksum: "0".repeat(64) }, [expect.stringMatching(/^a comes from git/)]],
  [{ source: crates }, ["a has no checksum"]],
  [{}, ["a has no source"]],
  [{ source: crates, checksum: "0".repeat(64) }, []],
])("a crate: %o", (entry, faults) => {
  expect(faultsOfCargo([{ name: "a", ...entry }])).toEqual(faults);
});

it("counts blocks of unsafe, not words of comments", () => {
  expect(countUnsafe("// unsafe { }\nlet x = unsafe { *p };\nunsafe fn f() {}\n    unsafe {\n")).toBe(2);
});
