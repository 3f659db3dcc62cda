// Entry of every npm script: setup, then the given scripts in sequence, on the Node that
// devDependencies pin. A shell cannot do that: it looks up `node` before setup installs the pinned
// one. Arguments after `--` go to the last script.
//
//   node scripts/start.mjs [--hosts] [--packages] scripts/build.mjs bench/run.mjs -- --quick
//
// `--hosts`: the last script runs browsers and WebGPU drivers. Quick tests omit it.
// `--packages`: it needs packages of the documentation and of examples.

import { delimiter } from "node:path";
import { at, pinnedNode } from "./lib/project.mjs";
import { foreground, main } from "./lib/terminal.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  const given = process.argv.slice(2);
  const dashes = given.indexOf("--");
  const words = dashes < 0 ? given : given.slice(0, dashes);
  const extra = dashes < 0 ? [] : given.slice(dashes + 1);
  const scripts = words.filter((word) => !word.startsWith("--"));
  const isQuickTest = scripts.at(-1) === "scripts/test.mjs" && extra.includes("--quick");
  const hosts = words.includes("--hosts") && !isQuickTest;
  await setup({ hosts, others: words.includes("--packages") });
  // For processes that the scripts start.
  const env = { PATH: [at("node_modules", "node", "bin"), process.env.PATH].join(delimiter) };
  for (const [i, script] of scripts.entries()) {
    const status = await foreground(pinnedNode, [script, ...(i === scripts.length - 1 ? extra : [])], { env });
    if (status !== 0) return status;
  }
});
