// The package as published: exactly the intended files, and, installed from the tarball in an empty
// project, a working library as an ES module and by CommonJS `require`, on every supported Node.

import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries, filesOf } from "../../scripts/lib/entries.mjs";
import { families, prefixed } from "../../scripts/lib/families.mjs";
import { filesUnder } from "../../scripts/lib/fingerprint.mjs";
import { Consumer, missing, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(() => consumer.install());
afterAll(() => consumer.close());

const installed = (file: string) => join(consumer.folder, "node_modules/path-signature", file);
/**
 * Files below dist/shared, once as ES modules and once as CommonJS; rollup.config.mjs defines their
 * contents.
 */
const sharedScripts = [
  ...["algebra", "core", "engine", "gpu", "gradients", "kernels", "loading", "log-signatures", "sizes", "tables"],
  ...["kernels-gpu", "read-arrow", "read-files", "tfjs-webgpu"],
  ...Object.keys(families).flatMap((family) => [prefixed(family, "binaries"), prefixed(family, "threads")]),
];
/** The binaries below dist/wasm. */
const binaries = Object.keys(families).flatMap((family) =>
  ["simd", "relaxed", "threads"].map((variant) => `dist/wasm/${prefixed(family, variant)}.wasm`),
);
const isShared = (file: string) => file.startsWith("dist/shared/");

/** A file of the package and everything that it imports, directly or not. */
function closureOf(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(installed(file), "utf8");
  for (const [, name] of text.matchAll(/(?:from|import|import\(|require\()\s*['"](\.[^'"]+)['"]/g)) {
    if (name!.includes(".wasm")) continue;
    const path = posix.join(posix.dirname(file), name!);
    // Declarations name the JavaScript file beside them.
    const types = /\.d\.c?ts$/.test(file) ? path.replace(/\.(c?)js$/, ".d.$1ts") : path;
    closureOf(types, found);
  }
  return found;
}

describe("the tarball", () => {
  it("holds exactly these files", () => {
    const built = entries.flatMap((entry) => filesOf(entry).map((file) => `dist/${file}`));
    const shared = consumer.packed.files.filter(isShared);
    expect(consumer.packed.files).toEqual(
      [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SECURITY.md",
        "THIRD-PARTY.md",
        "dist/sbom.json",
        ...filesUnder("docs"),
        ...built,
        ...shared,
        "dist/wasm/module.d.ts",
        ...binaries,
        "package.json",
      ].sort(),
    );
    expect(shared.filter((file) => !/\.d\.c?ts$/.test(file))).toEqual(
      sharedScripts.flatMap((name) => [`dist/shared/${name}.cjs`, `dist/shared/${name}.js`]).sort(),
    );
    // Every shared file is needed by an entry.
    expect(new Set(shared)).toEqual(new Set(built.flatMap((file) => [...closureOf(file)]).filter(isShared)));
  });

  it("has no run-time dependency and runs nothing when it is installed", () => {
    const manifest: Record<string, unknown> = JSON.parse(readFileSync(installed("package.json"), "utf8"));
    for (const field of ["dependencies", "optionalDependencies", "bundleDependencies"]) {
      expect(manifest[field]).toBeUndefined();
    }
    // Peer dependencies are optional.
    const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest as {
      peerDependencies?: Record<string, string>;
      peerDependenciesMeta?: Record<string, { optional?: boolean }>;
    };
    for (const name in peerDependencies) expect(peerDependenciesMeta[name]?.optional, name).toBe(true);
    const scripts = Object.keys(manifest.scripts as object);
    expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  it("holds what its README links to", () => {
    const readme = readFileSync(installed("README.md"), "utf8");
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)|(?:src|href)="(?!https?:|#)([^"#]+)/g)];
    expect(links.length).toBeGreaterThan(5);
    const paths = links.map(([, path, attribute]) => (path ?? attribute)!);
    expect(paths.filter((path) => !consumer.packed.files.includes(path))).toEqual([]);
  });

  it("says who made it, and invents no address", () => {
    const manifest: Record<string, unknown> = JSON.parse(readFileSync(installed("package.json"), "utf8"));
    expect(manifest.author).toBe("path-signature contributors");
    for (const field of ["homepage", "bugs", "repository", "funding"]) expect(manifest[field], field).toBeUndefined();
  });

  it("holds the binaries that the build made", () => {
    for (const file of binaries) {
      expect(readFileSync(installed(file)).equals(readFileSync(join(root, file)))).toBe(true);
    }
  });
});

/**
 * The path (0,0) → (1,2) → (3,1), by hand: increments a = (1,2) and b = (2,−1), level 1 is a + b,
 * level 2 is a⊗a/2 + a⊗b + b⊗b/2.
 */
const known = [3, 1, 4.5, -1, 4, 0.5];

/** The same program after an import of each kind; it prints its findings as JSON. */
const program = `
  const s = signature([[0, 0], [1, 2], [3, 1]], { depth: 2 });
  let caught;
  try {
    signature([[0, 0], [1, 2]], { depth: 0 });
  } catch (error) {
    caught = {
      isOurs: error instanceof PathSignatureError && isPathSignatureError(error),
      isRangeError: error instanceof RangeError,
      code: error.code,
      argument: error.argument,
    };
  }
  const after = signature([[0, 0], [1, 2], [3, 1]], { depth: 2 });
  console.log(JSON.stringify({ data: [...s.data], shape: s.shape, caught, after: [...after.data], info: info() }));
`;

const names = "{ info, isPathSignatureError, PathSignatureError, signature }";
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

describe.each([
  { node: "Node 24", variant: "relaxed" },
  // Its V8 has relaxed SIMD only behind a flag.
  { node: "Node 20", variant: "simd" },
] as const)("on $node, which takes the binary $variant", ({ node, variant }) => {
  const expected = {
    data: known,
    shape: [6],
    caught: { isOurs: true, isRangeError: true, code: "DEPTH_INVALID", argument: "options.depth" },
    after: known,
    info: expect.objectContaining({ version, variant }),
  };

  it("works as an ES module", async ({ skip }) => {
    skip(missing(node) !== undefined, missing(node));
    const file = consumer.write("esm.mjs", `import ${names} from "path-signature";${program}`);
    expect(JSON.parse(await consumer.run(nodes[node], file))).toEqual(expected);
  });

  it("works by require", async ({ skip }) => {
    skip(missing(node) !== undefined, missing(node));
    const file = consumer.write("common.cjs", `const ${names} = require("path-signature");${program}`);
    expect(JSON.parse(await consumer.run(nodes[node], file))).toEqual(expected);
  });

  it.for([
    [
      "mjs",
      'import { exp, inverse, multiply } from "path-signature/algebra"; import { signature } from "path-signature";',
    ],
    [
      "cjs",
      `const { exp, inverse, multiply } = require("path-signature/algebra");
       const { signature } = require("path-signature");`,
    ],
  ])("multiplies and inverts signatures (%s)", async ([extension, load], { skip }) => {
    skip(missing(node) !== undefined, missing(node));
    const file = consumer.write(
      `algebra.${extension}`,
      `${load}
       const of = (...path) => signature(path, { depth: 2 });
       const options = { channels: 2, depth: 2 };
       const first = of([0, 0], [1, 2]);
       const whole = multiply(first, of([1, 2], [3, 1]), options);
       const rest = multiply(inverse(first, options), whole, options);
       const line = exp([2, -1, 0, 0, 0, 0], options);
       console.log(JSON.stringify([whole, rest, line].map(({ data }) => [...data])));`,
    );
    const line = [2, -1, 2, -1, -1, 0.5];
    expect(JSON.parse(await consumer.run(nodes[node], file))).toEqual([known, line, line]);
  });

  it("takes a binary of the package by its URL", async ({ skip }) => {
    skip(missing(node) !== undefined, missing(node));
    const file = consumer.write(
      "url.mjs",
      `import { init, signature } from "path-signature";
       import { readFileSync } from "node:fs";
       const url = new URL(import.meta.resolve("path-signature/wasm/simd.wasm"));
       await init({ source: readFileSync(url) });
       console.log(JSON.stringify([...signature([[0, 0], [1, 2], [3, 1]], { depth: 2 }).data]));`,
    );
    expect(JSON.parse(await consumer.run(nodes[node], file))).toEqual(known);
  });

  it("knows its errors across the two forms in one program", async ({ skip }) => {
    skip(missing(node) !== undefined, missing(node));
    const file = consumer.write(
      "both.mjs",
      `import { isPathSignatureError, PathSignatureError } from "path-signature";
       import { createRequire } from "node:module";
       const other = createRequire(import.meta.url)("path-signature");
       try {
         other.signature([[0, 0]], { depth: 2.5 });
       } catch (error) {
         console.log(other.PathSignatureError !== PathSignatureError, isPathSignatureError(error));
       }`,
    );
    expect(await consumer.run(nodes[node], file)).toBe("true true\n");
  });

  it("does nothing on import", async ({ skip }) => {
    skip(missing(node) !== undefined, missing(node));
    const file = consumer.write(
      "quiet.mjs",
      `const compiled = [];
       for (const name of ["Module", "Instance", "Memory"]) {
         WebAssembly[name] = new Proxy(WebAssembly[name], {
           construct(...args) { compiled.push(name); return Reflect.construct(...args); },
         });
       }
       const { signature } = await import("path-signature");
       const before = compiled.length;
       signature([[0, 0], [1, 2]], { depth: 1 });
       console.log(before, compiled.length > 0);`,
    );
    expect(await consumer.run(nodes[node], file)).toBe("0 true\n");
  });
});
