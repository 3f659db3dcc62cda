// The package's declarations in a strict TypeScript project: under `node16` and `nodenext` from an
// ES module and from a CommonJS one, and under a bundler's resolution; the default entry and every
// other entry of the facade. `npm run check` checks the types of our own sources.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(() => consumer.install());
afterAll(() => consumer.close());

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

/** Uses the public API; an expected error that does not occur is a compiler error. */
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

async function typeErrors(files: readonly string[], ...options: string[]): Promise<string> {
  const strict = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  // The library's declarations are checked too (no skipLibCheck), with the types common to browsers
  // and Node.
  const place = ["--target", "es2022", "--lib", "es2022,dom", "--types", "", "--ignoreConfig"];
  try {
    return await consumer.run(nodes["Node 24"], tsc, ...strict, ...place, ...options, ...files);
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const resolve = (module: string, resolution: string) => ["--module", module, "--moduleResolution", resolution];

/** The same program through another entry. */
const through = (entry: string) => source.replace('"path-signature"', JSON.stringify(entry));

/** The same program as a CommonJS module. */
const common = (text: string) =>
  text
    .replace(/^import (\{[^}]+\}) from (".+");$/m, "import library = require($2);\nconst $1 = library;")
    .replace("known: PathSignatureError", "known: library.PathSignatureError");

describe.each(["path-signature", "path-signature/slim", "path-signature/inline"])(
  "a strict consumer of %s",
  (entry) => {
    // One run of the compiler for each resolution.
    it.each(["node16", "nodenext"])("type-checks as an ES and as a CommonJS module under %s", async (kind) => {
      const files = [consumer.write("esm.mts", through(entry)), consumer.write("common.cts", common(through(entry)))];
      expect(await typeErrors(files, ...resolve(kind, kind))).toBe("");
    });

    it("type-checks under a bundler's resolution", async () => {
      expect(await typeErrors([consumer.write("bundled.ts", through(entry))], ...resolve("esnext", "bundler"))).toBe(
        "",
      );
    });
  },
);

/** What the entries of all families have, and the functions of the algebra. */
const algebra = (entry: string) => `
import {
  createEngine, exp, info, init, isPathSignatureError, log, multiply, multiplyVjp,
  type Engine, type GradientTensor, type Info, type Rows, type RowsOptions, type SignatureOf,
} from "${entry}";

export const told: Info = info();
export const ready: Promise<Info> = init({ variant: "simd" });
export const engine: Promise<Engine> = createEngine({ threads: 2 });
export const ours: boolean = isPathSignatureError(1);
// @ts-expect-error: it takes nothing
info("simd");

const options = { channels: 2, depth: 2 } as const;
const row: Rows = new Float32Array(6);
export const one: Float32Array = exp(new Float32Array(6), options).data;
export const two: Float64Array = multiply([1, 2, 3, 4, 5, 6], new Float32Array(6), options).data;
export const known: Float32Array = log(row, { ...options, dtype: "float32" }).data;
export const tensor: SignatureOf = multiply({ data: one, shape: [6] }, two, options satisfies RowsOptions);
export const gradient: GradientTensor<"float64"> = multiplyVjp([[1]], [[1]], [1], { channels: 1, depth: 1 }).b;
export const later: Promise<SignatureOf> = engine.then((made) => made.exp(row, { ...options, onProgress: () => {} }));
// @ts-expect-error: channels are missing
exp(row, { depth: 2 });
// @ts-expect-error: an option of paths
exp(row, { ...options, stream: true });
// @ts-expect-error: a flat list of strings
exp(["1"], options);
`;

describe.each(["path-signature/algebra", "path-signature/algebra/slim", "path-signature/algebra/inline"])(
  "a strict consumer of %s",
  (entry) => {
    it("type-checks as an ES and as a CommonJS module, and under a bundler's resolution", async () => {
      const files = ["algebra.mts", "algebra.cts"].map((name) => consumer.write(name, algebra(entry)));
      expect(await typeErrors(files, ...resolve("nodenext", "nodenext"))).toBe("");
      const file = consumer.write("algebra.ts", algebra(entry));
      expect(await typeErrors([file], ...resolve("esnext", "bundler"))).toBe("");
    });
  },
);

describe("a strict consumer", () => {
  it.each(["workerd", "edge-light", "deno", "bun", "browser"])(
    "type-checks under the condition %s",
    async (condition) => {
      const file = consumer.write("conditional.ts", source);
      const conditions = ["--customConditions", condition];
      expect(await typeErrors([file], ...resolve("esnext", "bundler"), ...conditions)).toBe("");
    },
  );

  it("gets a module from a binary's import", async () => {
    const text = `import module from "path-signature/wasm/simd.wasm";
import { init } from "path-signature/slim";
const compiled: WebAssembly.Module = module;
export const ready = init(compiled);
// @ts-expect-error: a module is no text
export const text: string = module;
`;
    expect(await typeErrors([consumer.write("binary.ts", text)], ...resolve("esnext", "bundler"))).toBe("");
    expect(await typeErrors([consumer.write("binary.mts", text)], ...resolve("nodenext", "nodenext"))).toBe("");
  });

  it("is told of a wrong use", async () => {
    const file = consumer.write(
      "wrong.mts",
      `import { signature } from "path-signature";\nsignature([[0, 0]], { depth: "2" });\n`,
    );
    expect(await typeErrors([file], ...resolve("nodenext", "nodenext"))).toMatch(/wrong\.mts.*error TS/);
  });
});
