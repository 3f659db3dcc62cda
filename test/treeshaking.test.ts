// What bundlers keep: importing signatureSize alone costs under 2 kB and includes no binary,
// functions of a family include only its own binary, and importing nothing costs nothing, even
// without the `sideEffects` field of package.json.

import { fileURLToPath } from "node:url";
import { build } from "vite";
import { describe, expect, test } from "vitest";
import algebraRelaxed from "../ts/generated/algebra/relaxed.ts";
import coreRelaxed from "../ts/generated/core/relaxed.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The minified bundle of an entry with just this code. */
async function bundle(code: string): Promise<string> {
  const entry = "\0entry.js";
  const output = await build({
    configFile: false,
    root,
    logLevel: "error",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? { id: entry, moduleSideEffects: true } : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
    build: {
      write: false,
      minify: true,
      target: "es2022",
      rolldownOptions: { input: "entry", treeshake: { moduleSideEffects: true }, preserveEntrySignatures: "strict" },
    },
  });
  const [{ output: chunks }] = (Array.isArray(output) ? output : [output]) as [{ output: { code?: string }[] }];
  expect(chunks.length).toBe(1);
  return chunks[0]!.code!;
}

const index = JSON.stringify(`${root}ts/index.ts`);
const algebra = JSON.stringify(`${root}ts/algebra.ts`);

/** The first characters of an inlined binary. */
const magic = "0061736d";

describe("bundles", () => {
  test("signatureSize alone is under 2 kB", async () => {
    const code = await bundle(`export { signatureSize } from ${index}`);
    expect(code.length).toBeLessThan(2000);
    expect(code).toContain("2^31");
    expect(code).not.toContain(magic);
  });

  test("words and the error classes carry no binary", async () => {
    const code = await bundle(`export { words, PathSignatureError } from ${index}`);
    expect(code.length).toBeLessThan(3000);
    expect(code).not.toContain("WebAssembly");
  });

  test("nothing imported is nothing kept", async () => {
    expect((await bundle(`import ${index}; import ${algebra}`)).trim()).toBe("");
  });

  test("a family's functions carry its binary and no other family's", async () => {
    const core = await bundle(`export { init, signature } from ${index}`);
    expect([core.includes(coreRelaxed), core.includes(algebraRelaxed)]).toEqual([true, false]);
    const other = await bundle(`export { init, info } from ${algebra}`);
    expect([other.includes(coreRelaxed), other.includes(algebraRelaxed)]).toEqual([false, true]);
  });

  test("functions that are not imported are dropped", async () => {
    const slim = JSON.stringify(`${root}ts/generated/entries/core-slim.ts`);
    const bothDirections = (await bundle(`export { signature, signatureVjp } from ${slim}`)).length;
    expect((await bundle(`export { signature } from ${slim}`)).length).toBeLessThan(bothDirections - 5000);
  });

  test("signature carries both binaries, so the tests above look for the right thing", async () => {
    const code = await bundle(`export { signature } from ${index}`);
    expect(code).toContain(magic);
    expect(code.length).toBeGreaterThan(100_000);
  });
});
