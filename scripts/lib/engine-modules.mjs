// Writes the functions of a family's engines, ts/generated/engines/<family>.ts: an interface with a
// method for each `nameOperation` of ts/operations/<family>.ts, which takes and gives what the call
// signatures of `NameFunction` say, on an engine's threads. Those that
// ts/engine/<family>-engine.ts declares itself are left out.

import { dirname, join, relative } from "node:path";
import { callSignatures, functionsIn } from "./entry-modules.mjs";
import { families } from "./families.mjs";
import { writeIfChanged } from "./fingerprint.mjs";
import { at, read } from "./project.mjs";
import { Fault } from "./terminal.mjs";

const folder = "generated/engines";

/** Where a file of ts/ has each type from that it imports or exports. */
function typesOf(file) {
  const text = read(at("ts", file));
  const found = new Map();
  for (const [, names, from] of text.matchAll(/^import (?:type )?\{([^}]*)\} from "(\.[^"]+)";/gm))
    for (const name of names.split(",")) found.set(name.replace("type ", "").trim(), join(dirname(file), from));
  for (const [, name] of text.matchAll(/^export (?:interface|type) (\w+)/gm)) found.set(name, file);
  return found;
}

/** What the tags of a comment say, but its examples. */
const tagsOf = (comment) =>
  (comment.match(/^ *\* @(?!example)[\s\S]*?(?=^ *\* @example|^ *\*\/)/m)?.[0] ?? "").replace(
    /^ *\*\n(?![\s\S]*\S)/m,
    "",
  );

/** The method of an engine for a call signature of a function. */
function methodOf(name, { comment, signature }) {
  const [, before, options, after, result] =
    /^([\s\S]*\boptions\??: )([\s\S]*?)(,?\s*\)\s*: )([\s\S]*);$/.exec(signature) ?? [];
  if (options === undefined) throw new Fault(`The last parameter of ${name} must be its options: ${signature}`);
  const parameters = before.slice(before.lastIndexOf("(") + 1).replace(/[\s]+/g, " ");
  const names = [...parameters.matchAll(/(\w+)\??: /g)].map(([, one]) => one);
  return `  /**
   * Like \`${name}\`, on the engine's threads: the same result, to the bit.
   * Inputs must not change until the promise settles. It rejects with the errors of the function,
   * with the signal's reason, or with QUEUE_FULL, ENGINE_CLOSED, BLOCK_FAILED.
   *
${tagsOf(comment)}   *
   * @example
   * const result = await engine.${name}(${names.join(", ")});
   */
  ${name}${before}OnEngine<${options}>${after}Promise<${result}>;
`;
}

function textOf(family) {
  const own = read(at("ts", "engine", `${family}-engine.ts`));
  const imports = new Map([["OnEngine", "engine/context.ts"]]);
  const methods = [];
  for (const { name, file } of functionsIn(family)) {
    if (new RegExp(`^  ${name}[<(]`, "m").test(own)) continue;
    const types = typesOf(file);
    for (const one of callSignatures(file, name)) {
      for (const [type] of one.signature.matchAll(/\b[A-Z]\w*/g)) {
        const from = types.get(type);
        if (from === undefined) continue;
        if ((imports.get(type) ?? from) !== from) throw new Fault(`Two types are called ${type}: ts/${file}`);
        imports.set(type, from);
      }
      methods.push(methodOf(name, one));
    }
  }
  const lines = [...imports].map(([name, from]) => `import type { ${name} } from "${relative(folder, from)}";`);
  return `// Made by scripts/build.mjs: functions of the engines of the family \`${family}\`. Not committed.

${lines.join("\n")}

/** Functions of the family, on the threads of an engine. */
export interface Functions {
${methods.join("")}}
`;
}

/** Writes all of them. */
export function writeEngines() {
  for (const family of Object.keys(families)) writeIfChanged(at("ts", folder, `${family}.ts`), textOf(family));
}
