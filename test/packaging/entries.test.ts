// The entries of the installed package: package.json agrees with the table of entries, all export
// the same names, and each contains what it should and no more.

import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join, posix } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries, exportsField, importPaths, sideEffectsField } from "../../scripts/lib/entries.mjs";
import { functionsOf } from "../../scripts/lib/entry-modules.mjs";
import { families, mainFamily, prefixed } from "../../scripts/lib/families.mjs";
import { Consumer, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(() => consumer.install());
afterAll(() => consumer.close());

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, unknown>;
  sideEffects: string[];
};

it("package.json exports what the table says (node scripts/exports.mjs writes it)", () => {
  expect(manifest.exports).toEqual(exportsField());
  expect(Object.keys(manifest.exports)).toEqual(Object.keys(exportsField()));
  expect(manifest.sideEffects).toEqual(sideEffectsField());
});

it("conditions come in the order in which hosts must find them", () => {
  for (const path of [".", "./algebra"]) {
    const conditions = Object.keys(manifest.exports[path] as object);
    expect(conditions).toEqual(["workerd", "edge-light", "deno", "bun", "node", "browser", "default"]);
  }
  // Types come first under every condition.
  const check = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const keys = Object.keys(value);
    if (keys.includes("types")) expect(keys[0]).toBe("types");
    if (keys.includes("default")) expect(keys.at(-1)).toBe("default");
    Object.values(value).forEach(check);
  };
  check(manifest.exports);
});

/**
 * The names that a file of dist exports, from its text: files that import binaries do not run here.
 */
function namesOf(entry: string): string[] {
  const text = readFileSync(join(consumer.folder, "node_modules/path-signature/dist", `${entry}.js`), "utf8");
  return [...text.matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap(([, list]) => list!.split(","))
    .map((name) => name.trim().split(" as ").at(-1)!)
    .sort();
}

/** Hosts without workers get no code that starts them. */
const workersOnly = ["createEngine", "signatureAsync"];

it.each(Object.keys(families))("all entries of the family %s export the same names", (family) => {
  const names = namesOf(family === mainFamily ? "index" : family);
  expect(names).toEqual(expect.arrayContaining(["init", "info", "createEngine", ...functionsOf(family)]));
  expect(namesOf(prefixed(family, "slim"))).toEqual(names);
  const without = names.filter((name) => !workersOnly.includes(name));
  for (const edge of ["workerd", "edge-light"]) expect(namesOf(prefixed(family, edge))).toEqual(without);
});

/** Files of dist that an entry loads statically. */
function loadedAtOnce(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const dist = join(consumer.folder, "node_modules/path-signature/dist");
  const text = readFileSync(join(dist, file), "utf8");
  for (const [, name] of text.matchAll(/^(?:import|export)\b[^;]*?["'](\.[^"']+\.js)["']/gm))
    loadedAtOnce(posix.join(posix.dirname(file), name!), found);
  return found;
}

it.each([
  ["index", ["binaries", "core", "gradients", "loading", "log-signatures", "sizes"]],
  ["slim", ["core", "gradients", "loading", "log-signatures", "sizes"]],
  // No code that compiles bytes, starts workers or imports dynamically.
  ["workerd", ["core", "gradients", "log-signatures", "sizes"]],
  ["edge-light", ["core", "gradients", "log-signatures", "sizes"]],
  // The entry of another family: its own binaries, and no operations of the first.
  ["algebra", ["algebra", "algebra-binaries", "core", "loading", "sizes"]],
  ["algebra-slim", ["algebra", "core", "loading", "sizes"]],
  ["algebra-workerd", ["algebra", "core", "sizes"]],
  ["algebra-edge-light", ["algebra", "core", "sizes"]],
  ["kernels", ["core", "kernels", "kernels-binaries", "loading", "sizes"]],
  ["kernels-slim", ["core", "kernels", "loading", "sizes"]],
  ["kernels-workerd", ["core", "kernels", "sizes"]],
  ["kernels-edge-light", ["core", "kernels", "sizes"]],
  // Its `prepare` loads the code for WebGPU.
  ["tfjs", ["binaries", "core", "gradients", "loading", "log-signatures", "sizes"]],
  // Readers load no kernels.
  ["arrow", ["core", "read-arrow", "sizes", "tables"]],
  ["io", ["read-files", "sizes", "tables"]],
  ["features", ["binaries", "core", "gradients", "loading", "log-signatures", "sizes"]],
])("%s loads these parts at once, no engine among them", (entry, parts) => {
  const expected = [`${entry}.js`, ...parts.map((part) => `shared/${part}.js`)];
  expect([...loadedAtOnce(`${entry}.js`)].sort()).toEqual(expected.sort());
});

it("edge entries import the binaries of their family, as the host compiles them", () => {
  const importsOf = (entry: string) => {
    const text = readFileSync(join(consumer.folder, "node_modules/path-signature/dist", `${entry}.js`), "utf8");
    return [...text.matchAll(/^import \w+ from '(\.\/wasm\/[^']+)'/gm)].map(([, path]) => path);
  };
  expect(importsOf("workerd")).toEqual(["./wasm/relaxed.wasm", "./wasm/simd.wasm"]);
  expect(importsOf("edge-light")).toEqual(["./wasm/simd.wasm?module"]);
  expect(importsOf("algebra-workerd")).toEqual(["./wasm/algebra-relaxed.wasm", "./wasm/algebra-simd.wasm"]);
  expect(importsOf("algebra-edge-light")).toEqual(["./wasm/algebra-simd.wasm?module"]);
});

it("the slim entry of another family takes that family's binaries", async () => {
  const file = consumer.write(
    "algebra.mjs",
    `import { info, init } from "path-signature/algebra/slim";
     const attempt = async (work) => { try { return await work(); } catch (error) { return error.code; } };
     const url = (name) => new URL(import.meta.resolve("path-signature/wasm/" + name + ".wasm"));
     const found = [await attempt(() => init()), await attempt(() => init(url("simd"))), info().loaded];
     for (const variant of ["simd", "relaxed"]) {
       await init(url("algebra-" + variant));
       found.push(info().variant);
     }
     console.log(JSON.stringify(found));`,
  );
  expect(JSON.parse(await consumer.run(nodes["Node 24"], file))).toEqual([
    "SOURCE_MISSING",
    "INIT_FAILED",
    false,
    "simd",
    "relaxed",
  ]);
});

it("the slim entry holds no binary, and says so", async () => {
  const file = consumer.write(
    "slim.mjs",
    `import { info, init, signature } from "path-signature/slim";
     import { existsSync, readFileSync, symlinkSync } from "node:fs";
     const attempt = async (work) => { try { return await work(); } catch (error) { return error.code; } };
     const call = () => [...signature([[0, 0], [1, 2], [3, 1]], { depth: 1 }).data];
     const url = (name) => new URL(import.meta.resolve("path-signature/wasm/" + name + ".wasm"));
     const found = [await attempt(call), await attempt(() => init()), await attempt(() => init({ variant: "simd" }))];
     await init(url("simd"));
     found.push(info().variant, call());
     await init(readFileSync(url("relaxed")));
     found.push(info().variant, call());
     console.log(JSON.stringify(found));`,
  );
  expect(JSON.parse(await consumer.run(nodes["Node 24"], file))).toEqual([
    "SOURCE_MISSING",
    "SOURCE_MISSING",
    "SOURCE_MISSING",
    "simd",
    [3, 1],
    "relaxed",
    [3, 1],
  ]);
});

describe.each(importPaths.filter((path) => path !== "."))("%s", (path) => {
  it("imports and requires, and does nothing by that", async ({ skip }) => {
    // Its peer dependency is not installed in this project.
    skip(path === "./tfjs" || path === "./arrow", "needs its peer dependency; tested where that is");
    const name = `path-signature${path.slice(1)}`;
    const { commonjs } = entries.find((entry) => `./${entry.name}` === path) ?? { commonjs: true };
    const program = (load: string) =>
      `const compiled = [];
       for (const name of ["Module", "Instance", "Memory"]) {
         WebAssembly[name] = new Proxy(WebAssembly[name], {
           construct(...args) { compiled.push(name); return Reflect.construct(...args); },
         });
       }
       ${load}
       console.log(compiled.length, typeof library);`;
    const esm = consumer.write("entry.mjs", program(`const library = await import(${JSON.stringify(name)});`));
    expect(await consumer.run(nodes["Node 24"], esm)).toBe("0 object\n");
    if (!commonjs) return;
    const common = consumer.write("entry.cjs", program(`const library = require(${JSON.stringify(name)});`));
    expect(await consumer.run(nodes["Node 24"], common)).toBe("0 object\n");
  });
});

it.each(["mjs", "cjs"])(
  "reads Arrow with the user's apache-arrow, and says which package a file needs (%s)",
  async (kind) => {
    const place = join(consumer.folder, "node_modules", "apache-arrow");
    if (!existsSync(place)) symlinkSync(join(root, "node_modules", "apache-arrow"), place);
    const load = (names: string, from: string) =>
      kind === "mjs" ? `import { ${names} } from "${from}";` : `const { ${names} } = require("${from}");`;
    const file = consumer.write(
      `containers.${kind}`,
      `${load("tableFromArrays", "apache-arrow")}
     ${load("signature", "path-signature")}
     ${load("pathsFromArrow, toArrow", "path-signature/arrow")}
     ${load("readTs, readLong, readNpz", "path-signature/io")}
     const table = tableFromArrays({ id: ["a", "a"], x: Float64Array.of(0, 2) });
     const found = [toArrow(signature(pathsFromArrow(table, { id: "id", channels: ["x"] }), { depth: 2 })).toString()];
     const missing = async (work) => work().catch((error) => found.push(error.code));
     (async () => {
       found.push(signature(await readTs(new TextEncoder().encode("@data\\n0,2")), { depth: 1 }).toNested());
       await missing(() => readLong("x.csv", { id: "id", channels: ["x"] }));
       await missing(() => readNpz(new Uint8Array(1)));
       console.log(JSON.stringify(found));
     })();`,
    );
    expect(JSON.parse(await consumer.run(nodes["Node 24"], file))).toEqual([
      "[[2,2]]",
      [[2]],
      "PEER_MISSING",
      "PEER_MISSING",
    ]);
  },
);

it("errors are the same in all entries", async () => {
  const file = consumer.write(
    "errors.mjs",
    `import * as inside from "path-signature";
     import * as inline from "path-signature/inline";
     import * as slim from "path-signature/slim";
     import * as algebra from "path-signature/algebra";
     console.log(inside.PathSignatureError === slim.PathSignatureError, inside.signature === inline.signature);
     console.log(inside.PathSignatureError === algebra.PathSignatureError, inside.init === algebra.init);`,
  );
  expect(await consumer.run(nodes["Node 24"], file)).toBe("true true\ntrue false\n");
});
