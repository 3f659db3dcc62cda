// The import graph: no cycles, one direction between layers, and no name of an operation in code
// that serves all operations.

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "@typescript/typescript6";
import { describe, expect, test } from "vitest";
import * as algebra from "../ts/operations/algebra.ts";
import * as core from "../ts/operations/core.ts";
import * as kernels from "../ts/operations/kernels.ts";

const root = join(import.meta.dirname, "..");

/**
 * Layers from which a layer may import values, besides itself. A layer is a folder of ts/; `index`
 * are the files beside the folders, `entries` the generated ones of ts/entry.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  generated: [],
  input: ["generated", "wasm"],
  wasm: ["generated", "input"],
  run: ["input", "wasm"],
  operations: ["input", "run", "streams", "wasm"],
  streams: ["input", "operations", "run", "wasm"],
  pool: ["input", "run", "wasm"],
  gpu: ["dispatch", "generated", "input", "run", "wasm"],
  dispatch: ["gpu", "input"],
  engine: ["dispatch", "generated", "gpu", "input", "operations", "pool", "run", "wasm"],
  adapters: ["gpu", "input"],
  tables: ["input"],
  arrow: ["input", "tables"],
  io: ["input", "tables"],
  features: ["input", "operations"],
  entry: [
    "adapters",
    "arrow",
    "engine",
    "features",
    "generated",
    "gpu",
    "index",
    "input",
    "io",
    "operations",
    "pool",
    "run",
    "wasm",
  ],
  cli: ["arrow", "entry", "generated", "index", "input", "io", "tables"],
  entries: ["engine", "entry", "generated", "operations", "wasm"],
  index: ["entries"],
};

/** Layers from which some others may import nothing, not even types. */
const closed = [
  { layer: "entry", to: Object.keys(layers).filter((layer) => !["cli", "entry", "entries", "index"].includes(layer)) },
  { layer: "engine", to: ["pool"] },
];

/** Exceptions to `layers`; each must occur. */
const exceptions = [
  {
    from: "gpu/operations/signature-vjp.ts",
    to: ["operations/cost.ts", "operations/gradient-cuts.ts"],
    reason: "plans the operation as its counterpart does: the same depth of signatures, the same cost in signatures",
  },
  ...[
    "gpu/logarithm.ts",
    "gpu/kernels/logarithm.wgsl.ts",
    "gpu/operations/log-signature.ts",
    "gpu/programs/log-signature.ts",
    "gpu/programs/log-tables.ts",
  ].map((from) => ({
    from,
    to: ["operations/log-signature-labels.ts"],
    reason: "counts and labels coordinates as its counterpart does",
  })),
  {
    from: "gpu/tensor.ts",
    to: ["operations/log-signature-tensor.ts"],
    reason: "returns what the operation returns on the CPU",
  },
  {
    from: "gpu/programs/signature-kernel.ts",
    to: ["operations/signature-kernel-call.ts", "operations/signature-kernel-tiles.ts"],
    reason: "computes the tiles of its counterpart, and reports what is wrong with paths in the same words",
  },
  {
    from: "gpu/programs/signature-vjp.ts",
    to: ["operations/gradients.ts", "operations/signature-vjp.ts"],
    reason: "returns what its counterpart returns, and reports a cotangent in the same words",
  },
];

/** Code that serves all operations; and within it the GPU's part of each operation. */
const general = /^(run|pool|dispatch|gpu)\//;
const counterparts = /^gpu\/(operations|programs|kernels)\//;

type Kind = "type" | "value" | "later";

interface Import {
  /** As written in the file. */
  readonly module: string;
  readonly names: readonly string[];
  /** "later": by `import()`, after the file has been evaluated. */
  readonly kind: Kind;
}

interface Source {
  readonly imports: readonly Import[];
  /** Strings that are values. In types, the keys of a call may equal names of operations. */
  readonly strings: readonly string[];
}

/** Imports and exports from other modules count as types if none of their names is a value. */
function parse(text: string): Source {
  const imports: Import[] = [];
  const strings: string[] = [];
  const add = (module: ts.Node | undefined, kind: Kind, names: readonly string[] = []) => {
    if (module && ts.isStringLiteralLike(module)) imports.push({ module: module.text, names, kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : node;
      const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
      const list = named && (ts.isNamedImports(named) || ts.isNamedExports(named)) ? [...named.elements] : undefined;
      const isDefault = ts.isImportDeclaration(node) && node.importClause?.name !== undefined;
      const isType = clause?.isTypeOnly || (!isDefault && list?.every((one) => one.isTypeOnly));
      const names = list?.map(({ propertyName, name }) => (propertyName ?? name).text);
      add(node.moduleSpecifier, isType ? "type" : "value", names);
      return;
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, "type");
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], "later");
    if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) strings.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, true));
  return { imports, strings };
}

/** The files below a folder with an extension, by their paths in it. */
const filesOf = (folder: string, end: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(end) && !file.endsWith(".d.ts"));

const sources = new Map(
  filesOf("ts", ".ts").map((file) => [file, parse(readFileSync(join(root, "ts", file), "utf8"))]),
);

/** Imports of the library's files, by their paths in ts/. */
const imports = [...sources].flatMap(([from, source]) =>
  source.imports
    .filter(({ module }) => module.startsWith("."))
    .map((one) => ({ ...one, from, to: posix.join(posix.dirname(from), one.module) })),
);

function layerOf(file: string): string {
  if (file.startsWith("generated/entries/")) return "entries";
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "index";
}

/** Cycles of a graph: at least one if there are any. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const path: string[] = [];
  const done = new Set<string>();
  const visit = (node: string): void => {
    const at = path.indexOf(node);
    if (at >= 0) found.push([...path.slice(at), node].join(" → "));
    if (at >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return found;
}

const written = ({ from, to }: { readonly from: string; readonly to: string }): string => `${from} → ${to}`;

describe("imports", () => {
  test("are read as what they are", () => {
    const read = (text: string) => parse(text).imports.map(({ kind, names }) => [kind, ...names].join(" "));
    expect(read('import type { A } from "./a"; import { type B } from "./b"; export type * from "./c"')).toEqual([
      "type A",
      "type B",
      "type",
    ]);
    expect(
      read('import { type A, b as c } from "./a"; import "./b"; export * from "./c"; import d from "./d"'),
    ).toEqual(["value A b", "value", "value", "value"]);
    expect(read('type A = import("./a").A; const b = () => import("./b");')).toEqual(["type", "later"]);
    expect(
      circles(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual(["b → c → b"]);
  });

  test("lead to files that are there", () => {
    const missing = imports.filter(({ to }) => !sources.has(to));
    expect(missing.map(written)).toEqual([]);
  });

  test("make no circle among files that hold values", () => {
    const graph = new Map<string, string[]>([...sources.keys()].map((file) => [file, []]));
    for (const { kind, from, to } of imports) if (kind === "value") graph.get(from)!.push(to);
    expect(circles(graph)).toEqual([]);
  });

  test("go from layer to layer as the table says", () => {
    expect([...new Set([...sources.keys()].map(layerOf))].sort()).toEqual(Object.keys(layers).sort());
    const forbidden = imports.filter(({ kind, from, to }) => {
      const [own, other] = [layerOf(from), layerOf(to)];
      return kind !== "type" && own !== other && !layers[own]!.includes(other);
    });
    const excepted = exceptions.flatMap(({ from, to }) => to.map((to) => written({ from, to })));
    expect(forbidden.map(written).sort()).toEqual(excepted.sort());
  });

  test.each(closed)("of $layer do not occur below it, not even for types", ({ layer, to: others }) => {
    const forbidden = imports.filter(({ from, to }) => layerOf(to) === layer && others.includes(layerOf(from)));
    expect(forbidden.map(written)).toEqual([]);
  });
});

describe("operations", () => {
  const names = Object.values({ ...core, ...algebra, ...kernels }).flatMap((value) =>
    "kernel" in value ? [value.name] : [],
  );
  const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  /** `signature`, `signatureOperation`, but not `signatures`. */
  const isNamed = (word: string): boolean =>
    names.some((name) => word.startsWith(name) && /^([A-Z]|$)/.test(word.slice(name.length)));
  const files = names.flatMap((name) => [`${dashed(name)}.ts`, `${dashed(name)}.wgsl.ts`]);

  test("have names", () => {
    expect(names.length).toBeGreaterThanOrEqual(10);
    expect(["signature", "signatureOperation", "signatures", "isSignature"].map(isNamed)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  const unnamed = [...sources.keys()].filter((file) => general.test(file) && !counterparts.test(file));

  test("are not named where all are served", () => {
    const named = unnamed.flatMap((file) => {
      const { imports, strings } = sources.get(file)!;
      const modules = imports.map(({ module }) => module).filter((module) => files.includes(posix.basename(module)));
      const words = imports.flatMap(({ names }) => names).filter(isNamed);
      return [...modules, ...words, ...strings.filter((text) => names.includes(text))].map(
        (word) => `${file}: ${word}`,
      );
    });
    expect(named).toEqual([]);
  });
});

describe("modules of crates/kernels", () => {
  const folder = "crates/kernels/src";
  const modules = new Map(filesOf(folder, ".rs").map((file) => [file.replace(/(\/mod)?\.rs$/, ""), file]));

  /**
   * Names that a module uses from `crate` or `super`, in `use` and elsewhere. Without tests and its
   * own parents.
   */
  function namedBy(module: string): string[] {
    const text = readFileSync(join(root, folder, modules.get(module)!), "utf8");
    const [code] = text.replace(/\/\/.*/g, "").split("#[cfg(test)]") as [string];
    const found = new Set<string>();
    for (const [, start, path, group] of code.matchAll(/\b(crate|super)((?:::\w+)*)(?:::\{([^{}]*)\})?/g)) {
      const parent = module.split("/").slice(0, -1);
      for (const last of group?.split(",") ?? [""]) {
        const words = [...path!.split("::"), ...last.split("::")].map((word) => word.trim()).filter(Boolean);
        const named = start === "crate" ? words : [...parent, ...words];
        // The rest names items of the module.
        while (named.length > 0 && !modules.has(named.join("/"))) named.pop();
        found.add(named.join("/"));
      }
    }
    return [...found].filter((name) => name !== "" && !`${module}/`.startsWith(`${name}/`));
  }

  test("make no circle", () => {
    const graph = new Map([...modules.keys()].sort().map((module) => [module, namedBy(module)]));
    expect(graph.get("ops/signature/scratch")).toContain("walk/depth_two");
    expect(circles(graph)).toEqual([]);
  });
});
