// The package's declarations, as a strict TypeScript project sees them: under `nodenext` from an ES module and from a
// CommonJS one, and under a bundler's resolution. Our own sources' types are checked by `npm run check`.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(() => consumer.install());
afterAll(() => consumer.close());

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

/** Uses the public surface; each expected error is one, or the compiler complains that it is not needed. */
const source = `
import { info, init, isPathSignatureError, PathSignatureError, signature, signatureSize, words } from "path-signature";

const one = signature([[0, 0], [1, 2]], { depth: 2 });
export const data: Float64Array = one.data;
export const single: Float32Array = signature({ data: new Float32Array(4), shape: [2, 2] as const }, { depth: 2 }).data;
export const shape: readonly number[] = one.shape;
export const size: number = signatureSize(2, 3);
export const letters: readonly (readonly number[])[] = words(2, 3);
export const variant: string = info().variant;
export const ready: Promise<unknown> = init({ variant: "simd" });

// @ts-expect-error: no such option
signature([[0, 0]], { depth: 2, dept: 3 });
// @ts-expect-error: depth is a number
signature([[0, 0]], { depth: "2" });
// @ts-expect-error: no such number type
signature([[0, 0]], { depth: 2, dtype: "float16" });

try {
  signature([[0, 0]], { depth: 0 });
} catch (error) {
  if (isPathSignatureError(error)) {
    const known: PathSignatureError = error;
    const code: string = known.code;
    console.log(code, known.argument, known.accepted);
  }
}
`;

async function typeErrors(file: string, ...options: string[]): Promise<string> {
  const strict = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  // Declarations of the library are checked as well (no skipLibCheck), with what browsers and Node both have.
  const place = ["--target", "es2022", "--lib", "es2022,dom", "--types", "", "--ignoreConfig"];
  try {
    return await consumer.run(nodes["Node 24"], tsc, ...strict, ...place, ...options, file);
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const nodenext = ["--module", "nodenext", "--moduleResolution", "nodenext"];

describe("a strict consumer", () => {
  it("type-checks as an ES module under nodenext", async () => {
    expect(await typeErrors(consumer.write("esm.mts", source), ...nodenext)).toBe("");
  });

  it("type-checks as a CommonJS module under nodenext", async () => {
    const common = source.replace(
      /^import (\{[^}]+\}) from (".+");$/m,
      "import library = require($2);\nconst $1 = library;",
    );
    const file = consumer.write(
      "common.cts",
      common.replace("known: PathSignatureError", "known: library.PathSignatureError"),
    );
    expect(await typeErrors(file, ...nodenext)).toBe("");
  });

  it("type-checks under a bundler's resolution", async () => {
    const file = consumer.write("bundled.ts", source);
    expect(await typeErrors(file, "--module", "esnext", "--moduleResolution", "bundler")).toBe("");
  });

  it("is told of a wrong use", async () => {
    const file = consumer.write(
      "wrong.mts",
      `import { signature } from "path-signature";\nsignature([[0, 0]], { depth: "2" });\n`,
    );
    expect(await typeErrors(file, ...nodenext)).toMatch(/wrong\.mts.*error TS/);
  });
});
