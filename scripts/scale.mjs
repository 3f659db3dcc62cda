// The long forms of the tests on several processes, which kill more: `npm run scale -- [queue]
// [spark] [cli]`.

import { at, pinnedNode } from "./lib/project.mjs";
import { foreground, main } from "./lib/terminal.mjs";

await main(async () => {
  const given = process.argv.slice(2);
  const places = { queue: "examples/queue", spark: "examples/spark", cli: "test/packaging/cli.test.ts" };
  const tests = (given.length > 0 ? given : Object.keys(places)).map((name) => places[name] ?? name);
  const env = { SCALE: "long", REQUIRE_REDIS: "1", REQUIRE_SPARK: "1" };
  // One after the other: each has more processes than a small machine has cores.
  const vitest = [at("node_modules", "vitest", "vitest.mjs"), "run", "--no-file-parallelism"];
  return foreground(pinnedNode, [...vitest, ...tests], { cwd: at(), env });
});
