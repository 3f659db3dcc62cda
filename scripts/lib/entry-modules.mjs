// Writes the entries of a family, one module per host: ts/generated/entries/<family>-<host>.ts.
// They bind the family's functions to a runtime that loads the family's binaries. Each function is
// a separate exported constant that is marked as pure, so that bundlers drop functions that an app
// does not import.
//
// The exports of a family are listed in ts/operations/<family>.ts, and in ts/engine/<family>.ts for
// hosts that have engines. Those files contain `export {…} from` only:
//
// - `bindName`: the entry exports a function `name`, documented as the call signature of the
//   interface `NameFunction` in the same file is: editors show that comment for calls, and the
//   entry's wherever else the name stands;
// - `nameOperation`: a function `name` of the family's engines;
// - everything else: the entry exports it unchanged. `Engine` is the type that `createEngine`
//   returns.

import { dirname, join } from "node:path";
import { families, prefixed } from "./families.mjs";
import { writeIfChanged } from "./fingerprint.mjs";
import { at, read } from "./project.mjs";
import { Fault } from "./terminal.mjs";

/**
 * Source of an entry's binaries. `loader`: the file of ts/entry that creates a loader from them.
 * `binaries`: the variants to import, and from where. `engine`: the arguments of that file's
 * `loadEngine`; hosts without workers have none. `init`: what `init` does there.
 */
export const hosts = {
  /** As text, for hosts that can compile bytes. */
  inline: {
    loader: "inline",
    binaries: ["relaxed", "simd"],
    from: (family, variant) => `../${family}/${variant}.ts`,
    engine: (family) => `relaxed, import("../${family}/threads.ts")`,
    init: "Loads the binary ahead of the first call, or selects another.",
  },
  /** None: for pages that fetch one, and programs that provide one. */
  slim: {
    loader: "slim",
    binaries: [],
    engine: () => "",
    init: "Loads the given binary; must precede the first call.",
  },
  /** As modules that the host has compiled: Cloudflare's workerd compiles no bytes at run time. */
  workerd: {
    loader: "compiled",
    binaries: ["relaxed", "simd"],
    from: (family, variant) => `path-signature/wasm/${prefixed(family, variant)}.wasm`,
    init: "Loads a binary ahead of the first call, or selects another; `source` must be a WebAssembly.Module here.",
  },
  /**
   * The same for Edge functions of Vercel and Next.js, whose bundler requires `?module`. `simd`
   * alone: an import that the engine cannot compile fails the whole function, and these functions
   * are developed on Node, whose version 20 has no relaxed SIMD.
   */
  "edge-light": {
    loader: "compiled",
    binaries: ["simd"],
    from: (family, variant) => `path-signature/wasm/${prefixed(family, variant)}.wasm?module`,
    init: "Loads the binary ahead of the first call, or selects another; `source` must be a WebAssembly.Module here.",
  },
};

/** Path of an entry's module, below ts/. */
export const entryModule = (family, host) => `generated/entries/${family}-${host}.ts`;

/** The call signatures of an interface `NameFunction`, each with its comment. */
export function callSignatures(file, name) {
  const interfaceName = `${name[0].toUpperCase()}${name.slice(1)}Function`;
  const [, body = ""] =
    new RegExp(`export interface ${interfaceName}\\b[^{]*\\{\\n([^]*?)\\n\\}\\n`).exec(read(at("ts", file))) ?? [];
  const found = Array.from(
    body.matchAll(/(\/\*\*[\s\S]*?\*\/)\s*([\s\S]*?;)(?=\s*(?:\/\*\*|$))/g),
    ([, comment, signature]) => ({
      comment,
      signature,
    }),
  );
  if (found.length === 0)
    throw new Fault(`ts/${file} must hold an interface ${interfaceName} with a documented call signature.`);
  return found;
}

/** The comment of the first of them. */
const commentOf = (file, name) => callSignatures(file, name)[0].comment.replace(/^ {3}/gm, " ");

/** The names that a list exports, by kind; none if the list does not exist. */
function readList(file) {
  const list = { file, bound: [], operations: [], values: [], types: [] };
  const text = read(at("ts", file)).replace(/^\/\/.*$/gm, "");
  const statement = /export (type )?\{([^}]*)\} from "([^"]+)";/g;
  const refuse = (what) => {
    throw new Fault(`ts/${file} may hold \`export {…} from\` only, not: ${what.trim()}`);
  };
  const besides = text.replace(statement, "");
  if (besides.trim()) refuse(besides);
  for (const [, allTypes, names, from] of text.matchAll(statement)) {
    for (const entry of names.split(",").filter((name) => name.trim())) {
      const [, type, name] = /^\s*(type )?(\w+)\s*$/.exec(entry) ?? refuse(entry);
      if (type || allTypes) list.types.push(name);
      else if (name.endsWith("Operation")) list.operations.push(name);
      else if (!name.startsWith("bind")) list.values.push(name);
      else
        list.bound.push({ binder: name, name: name[4].toLowerCase() + name.slice(5), from: join(dirname(file), from) });
    }
  }
  return list;
}

/** The names of a family's functions. */
export const functionsOf = (family) => readList(`operations/${family}.ts`).bound.map(({ name }) => name);

/** The functions that the family's engines have, and the files of ts/ that describe them. */
export function functionsIn(family) {
  const { operations, bound } = readList(`operations/${family}.ts`);
  return bound
    .filter(({ name }) => operations.includes(`${name}Operation`))
    .map(({ name, from }) => ({ name, file: from }));
}

const importOf = (names, from) => (names.length > 0 ? `import { ${names.join(", ")} } from "../../${from}";` : "");
const exportOf = (kind, names, from) =>
  names.length > 0 ? `export ${kind}{ ${names.join(", ")} } from "../../${from}";` : "";
const bound = (from, name, call) => `${commentOf(from, name)}\nexport const ${name} = /* @__PURE__ */ ${call};\n`;

function textOf(family, host) {
  const { loader, binaries, from, engine, init } = hosts[host];
  const lists = [{ ...readList(`operations/${family}.ts`), argument: "runtime" }];
  if (engine) lists.push({ ...readList(`engine/${family}.ts`), argument: "createEngine" });
  const given = binaries.length > 0 ? `"${family}", { ${binaries.join(", ")} }` : `"${family}"`;
  const { operations } = lists[0];
  const table = operations.map((name) => `${name.replace(/Operation$/, "")}: ${name}`).join(", ");
  const load = engine && `bindCreateEngine<Engine>(runtime, { ${table} }, () => loadEngine(${engine(family)}))`;
  const reexports = ({ file, values, types }) => [exportOf("", values, file), exportOf("type ", types, file)];
  const bindings = ({ bound: all, argument }) =>
    all.map(({ binder, name, from }) => bound(from, name, `${binder}(${argument})`));
  return [
    `// Made by scripts/build.mjs: the family \`${family}\` on the host \`${host}\`. Not committed.\n`,
    engine ? importOf(["bindCreateEngine"], "engine/bind.ts") : "",
    importOf(engine ? ["loadEngine", "loader"] : ["loader"], `entry/${loader}.ts`),
    ...lists.map(({ file, bound: all }) =>
      importOf(
        all.map(({ binder }) => binder),
        file,
      ),
    ),
    engine ? importOf(operations, lists[0].file) : "",
    engine ? importOf(["type Engine"], lists[1].file) : "",
    importOf(["bindInfo"], "wasm/info.ts"),
    importOf(["bindInit"], "wasm/init.ts"),
    importOf(["Runtime"], "wasm/runtime.ts"),
    ...binaries.map((variant) => `import ${variant} from "${from(family, variant)}";`),
    `\nconst runtime = /* @__PURE__ */ new Runtime(/* @__PURE__ */ loader(${given}));\n`,
    ...bindings(lists[0]),
    bound("wasm/info.ts", "info", "bindInfo(runtime)"),
    bound("wasm/init.ts", "init", "bindInit(runtime, info)").replace("/**", `/**\n * ${init}\n *`),
    load ? bound("engine/bind.ts", "createEngine", load) : "",
    ...lists.slice(1).flatMap(bindings),
    ...lists.flatMap(reexports),
    engine ? `export * from "../../engine/public.ts";` : "",
    `export * from "../../entry/public.ts";\n`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** Writes all of them. */
export function writeEntries() {
  for (const family of Object.keys(families))
    for (const host of Object.keys(hosts)) writeIfChanged(at("ts", entryModule(family, host)), textOf(family, host));
}
