// Copies the constants by which the CPU's kernels choose a variant from the Rust sources to
// ts/generated/plan-constants.ts, for dispatch. The Rust sources are their only definition.

import { readFileSync } from "node:fs";
import { filesUnder, writeIfChanged } from "./fingerprint.mjs";
import { at } from "./project.mjs";
import { Fault } from "./terminal.mjs";

/** Each constant's name in Rust, its name in TypeScript, and its meaning. */
const constants = [
  [
    "PRUNES_FROM",
    "prunesFrom",
    "Steps from which on the pruned walk is taken, by depth; the last for all greater depths.",
  ],
  ["PRUNES_SMALL_FROM", "prunesSmallFrom", "The same for signatures of fewer numbers than fewestOfLarge."],
  ["SMALL", "fewestOfLarge", "Signatures of fewer numbers are small."],
  ["DEEPEST", "deepestPruned", "The greatest depth at which the pruned walk exists."],
  ["MAX_LETTERS", "mostPrunedChannels", "The most channels with which the pruned walk exists above depth 2."],
  ["FEWEST_STEPS_TO_CUT", "fewestStepsToCut", "Paths of fewer steps stay in one piece."],
  ["MAX_WIDTH", "lanes", "Lanes of a float32 vector."],
];

const usize = String.raw`(?:\d+|1 << \d+)`;
const value = new RegExp(`^(?:${usize}|\\[${usize}(?:, ${usize})*,?\\])$`);

/**
 * A constant's value as JavaScript: a number, or a list of numbers, which Rust writes the same way.
 */
function literalOf(name, sources) {
  const declaration = new RegExp(String.raw`\bconst ${name}: (?:usize|\[usize; \d+\]) =\s*([^;]+);`, "g");
  const found = sources.flatMap((text) => [...text.matchAll(declaration)].map(([, given]) => given.trim()));
  if (found.length !== 1) throw new Fault(`crates declare the constant ${name} ${found.length} times, not once.`);
  const [text] = found;
  if (!value.test(text)) throw new Fault(`crates/kernels: ${name} is no plain number or list of numbers: ${text}`);
  return text;
}

export function writePlanConstants() {
  const sources = filesUnder("crates/kernels/src", "crates/lanes/src").map((file) => readFileSync(at(file), "utf8"));
  const lines = constants.map(([name, own, what]) => {
    const text = literalOf(name, sources);
    return `/** ${what} */\nexport const ${own}: ${text.startsWith("[") ? "readonly number[]" : "number"} = ${text};\n`;
  });
  writeIfChanged(
    at("ts", "generated", "plan-constants.ts"),
    `// Made by scripts/build.mjs from crates/kernels. Not committed.\n\n${lines.join("\n")}`,
  );
}
