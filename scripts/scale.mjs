// The long forms of the tests on several processes, which kill more: `npm run scale -- [queue]
// [spark]`.

import { at, pinnedNode } from "./lib/project.mjs";
import { foreground, main } from "./lib/terminal.mjs";

await main(async () => {
  const given = process.argv.slice(2);
  const tests = (given.length > 0 ? given : ["queue", "spark"]).map((name) => `examples/${name}`);
  const env = { SCALE: "long", REQUIRE_REDIS: "1", REQUIRE_SPARK: "1" };
  // One after the other: each has more processes than a small machine has cores.
  const vitest = [at("node_modules", "vitest", "vitest.mjs"), "run", "--no-file-parallelism"];
  return foreground(pinnedNode, [...vitest, ...tests], { cwd: at(), env });
});
