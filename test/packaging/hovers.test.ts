// What an editor shows of the published declarations, asked of TypeScript's language service:
// documentation with shapes and an example for every function and option, parameter names, readable
// result types, and a suggestion for a mistyped option.

import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript-5.9";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functionsIn, functionsOf } from "../../scripts/lib/entry-modules.mjs";
import { Consumer, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(async () => {
  await consumer.install();
  symlinkSync(join(root, "node_modules/@tensorflow"), join(consumer.folder, "node_modules/@tensorflow"));
});
afterAll(() => consumer.close());

interface Hover {
  /** What is declared, for example `const data: Float32Array`. */
  readonly declaration: string;
  readonly documentation: string;
  readonly examples: number;
}

/** A program of a user; `|` marks positions in it and is not part of it. */
class Program {
  readonly #service: ts.LanguageService;
  readonly #file: string;
  readonly #marks: number[] = [];

  constructor(marked: string) {
    const parts = marked.split("|");
    for (const part of parts.slice(0, -1)) this.#marks.push((this.#marks.at(-1) ?? 0) + part.length);
    this.#file = consumer.write("hovered.mts", parts.join(""));
    this.#service = ts.createLanguageService({
      getScriptFileNames: () => [this.#file],
      getScriptVersion: () => "1",
      getScriptSnapshot: (name) =>
        ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, "utf8")) : undefined,
      getCurrentDirectory: () => consumer.folder,
      getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
      getCompilationSettings: () => ({
        strict: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        types: [],
      }),
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      directoryExists: ts.sys.directoryExists,
    });
  }

  /** What is shown at each mark. */
  hovers(): Hover[] {
    return this.#marks.map((at) => {
      const info = this.#service.getQuickInfoAtPosition(this.#file, at);
      return {
        declaration: ts.displayPartsToString(info?.displayParts),
        documentation: ts.displayPartsToString(info?.documentation),
        examples: (info?.tags ?? []).filter(({ name }) => name === "example").length,
      };
    });
  }

  /** What is shown while arguments are typed, at each mark. */
  help(): { parameters: string[]; documented: boolean }[] {
    return this.#marks.map((at) => {
      const help = this.#service.getSignatureHelpItems(this.#file, at, undefined);
      const [item] = help?.items ?? [];
      return {
        parameters: item?.parameters.map(({ name }) => name) ?? [],
        documented: item?.documentation.length !== 0 && item!.parameters.every((one) => one.documentation.length > 0),
      };
    });
  }

  /** The names that are offered at the first mark. */
  completions(): string[] {
    const offered = this.#service.getCompletionsAtPosition(this.#file, this.#marks[0]!, undefined);
    return (
      offered?.entries
        .filter(({ kind }) => kind === ts.ScriptElementKind.memberVariableElement)
        .map(({ name }) => name) ?? []
    );
  }

  errors(): string[] {
    return this.#service
      .getSemanticDiagnostics(this.#file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  }
}

const functions = {
  "path-signature": [
    ...functionsOf("core"),
    "signatureSize",
    "words",
    "info",
    "init",
    "createEngine",
    "signatureAsync",
  ],
  "path-signature/algebra": [...functionsOf("algebra"), "signatureSize", "words", "info", "init", "createEngine"],
  "path-signature/kernels": [...functionsOf("kernels"), "info", "init", "createEngine"],
  "path-signature/features": ["signatureFeatures"],
  "path-signature/tfjs": ["signature", "logSignature", "prepare", "SigLayer", "LogSigLayer"],
};

describe.each(Object.entries(functions))("%s", (entry, names) => {
  it("documents every function, with an example, where it is imported and where it is called", () => {
    const calls = names.map((name) => `export const ${name}Result = |${name}(...([] as never));`);
    const program = new Program(
      `import { ${names.map((n) => `|${n}`).join(", ")} } from "${entry}";\n${calls.join("\n")}`,
    );
    for (const { declaration, documentation, examples } of program.hovers()) {
      expect(documentation.length, declaration).toBeGreaterThan(40);
      expect(examples, declaration).toBeGreaterThan(0);
    }
  });
});

it("documents every function of an engine, with an example", () => {
  const families = ["core", "algebra", "kernels"].map((family) => {
    const entry = family === "core" ? "path-signature" : `path-signature/${family}`;
    const names = functionsIn(family).map(({ name }) => name);
    return `import type { Engine as Engine_${family} } from "${entry}";
declare const ${family}: Engine_${family};
${names.map((name) => `${family}.|${name}(...([] as never));`).join("\n")}`;
  });
  const hovers = new Program(families.join("\n")).hovers();
  expect(hovers.length).toBeGreaterThan(20);
  for (const { declaration, documentation, examples } of hovers) {
    expect(documentation, declaration).toContain("on the engine's threads");
    expect(declaration).toMatch(/Promise<\w+/);
    expect(examples, declaration).toBe(1);
  }
});

it("functions on arrays say their shapes", () => {
  const names = functionsOf("core");
  for (const { declaration, documentation } of new Program(
    `import { ${names.map((name) => `|${name}`).join(", ")} } from "path-signature";`,
  ).hovers())
    expect(documentation, declaration).toMatch(/\((…batch|count|intervals),\s|\(channels\)/);
});

it.each([
  ["signature([[0]], ", ")"],
  ["signatureVjp([[0]], [0], ", ")"],
  ["createSignatureStream(", ")"],
  ["multiply([0], [0], ", ")"],
  ["multiplyVjp([0], [0], [0], ", ")"],
  ["engine.signature([[0]], ", ")"],
  ["engine.signatureVjp([[0]], [0], ", ")"],
  ["engine.logSignature([[0]], ", ")"],
  ["signatureToLogSignature([0], ", ")"],
  ["signatureKernel([[0]], [[0]], ", ")"],
  ["signatureScore([[0]], [[0]], ", ")"],
  ["truncatedSignatureKernel([[0]], [[0]], ", ")"],
  ["truncatedSignatureKernelVjp([[0]], [[0]], [0], ", ")"],
  ["createEngine(", ")"],
])("every option of %s…%s is documented with an example", (before, after) => {
  const imports = `
import {
  createEngine, createSignatureStream, type Engine, signature, signatureToLogSignature, signatureVjp,
} from "path-signature";
import { multiply, multiplyVjp } from "path-signature/algebra";
import {
  signatureKernel, signatureScore, truncatedSignatureKernel, truncatedSignatureKernelVjp,
} from "path-signature/kernels";
declare const engine: Engine;
`;
  const names = new Program(`${imports}${before}{ | }${after};`).completions();
  expect(names.length).toBeGreaterThan(4);
  const literal = names.map((name) => `|${name}: undefined as never`).join(", ");
  for (const { declaration, documentation, examples } of new Program(
    `${imports}${before}{ ${literal} }${after};`,
  ).hovers()) {
    expect(documentation.length, declaration).toBeGreaterThan(20);
    expect(examples, declaration).toBe(1);
  }
});

it("arguments are named and documented while they are typed", () => {
  const program = new Program(`
import { createEngine, signature, signatureVjp } from "path-signature";
import { multiply } from "path-signature/algebra";
signature(|);
signatureVjp(|);
multiply(|);
createEngine(|);
`);
  expect(program.help()).toEqual([
    { parameters: ["paths", "options"], documented: true },
    { parameters: ["paths", "cotangent", "options"], documented: true },
    { parameters: ["a", "b", "options"], documented: true },
    { parameters: ["options"], documented: true },
  ]);
});

it("results have readable types", () => {
  const program = new Program(`
import { type Engine, logSignature, signature, signatureVjp } from "path-signature";
import { exp } from "path-signature/algebra";
declare const engine: Engine;
const data = new Float32Array(4);
const |one = signature([[0, 0], [1, 2]], { depth: 2 });
const |batch = signature([[[0, 0], [1, 2]], [[0, 0]]], { depth: 2 });
const |single = signature({ data, shape: [2, 2] }, { depth: 2 });
const |stream = signature({ data, shape: [1, 2, 2] }, { depth: 2, stream: true, dtype: "float64" });
const |windowed = signature([[0], [1]], { depth: 2, windows: { type: "expanding" } });
declare const shape: number[];
const |either = signature({ data, shape }, { depth: 2 });
const |logs = logSignature([[0], [1]], { depth: 2, stream: true });
const |gradients = signatureVjp([[0, 0], [1, 2]], [1, 1], { depth: 1 });
const |later = engine.signature({ data, shape: [2, 2] }, { depth: 2 });
const |onGpu = engine.signature({ data, shape: [2, 2] }, { depth: 2, output: "gpu" });
const |row = exp(data, { channels: 2, depth: 2 });
|signature([[0, 0], [1, 2]], { depth: 2, dtype: "float32" });
`);
  const shown = program.hovers().map(({ declaration }) => declaration);
  expect(shown.slice(0, -1)).toEqual([
    'const one: Signature<"float64">',
    'const batch: Signatures<"float64">',
    'const single: Signature<"float32">',
    'const stream: Signatures<"float64">',
    'const windowed: Signatures<"float64">',
    'const either: Signature<"float32"> | Signatures<"float32">',
    'const logs: LogSignatures<"float64">',
    'const gradients: SignatureGradients<"float64">',
    'const later: Promise<Signature<"float32">>',
    "const onGpu: Promise<GpuTensor>",
    'const row: RowsOf<"float32">',
  ]);
  // The call itself: no echo of the numbers in the paths.
  expect(shown.at(-1)).toBe(
    '(alias) signature<number[][], "float32", false, undefined>' +
      '(paths: number[][], options: SignatureOptions<"float32", false, undefined>): ' +
      'Signature<"float32">\nimport signature',
  );
});

it("a mistyped option is named, with the one that was meant", () => {
  const program = new Program(`
import { type Engine, signature } from "path-signature";
import { exp } from "path-signature/algebra";
declare const engine: Engine;
signature([[0, 0]], { depth: 2, streams: true });
engine.signature([[0, 0]], { depth: 2, signals: undefined });
exp([1], { channels: 1, depth: 1, dtypes: "float32" });
`);
  const [stream, signal, dtype] = program.errors();
  expect(stream).toContain("'streams' does not exist");
  expect(stream).toContain("Did you mean to write 'stream'?");
  expect(signal).toContain("'signals' does not exist");
  expect(dtype).toContain("Did you mean to write 'dtype'?");
});
