// The bill of materials names what is bundled, and THIRD-PARTY.md says the same.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesUnder } from "../scripts/lib/fingerprint.mjs";
import { billOfMaterials, checkLocks, checkUnsafe } from "../scripts/lib/supply.mjs";

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
  expect(checkUnsafe()).toMatch(/^kernels \d+, lanes \d+, wasm \d+$/);
});
