// Runs all tests: the crates' natively by cargo, then everything else by vitest. The last line has the totals of both,
// `N passed, N failed`, and the exit status says whether all passed. Arguments go to vitest, except
//
//   --only cargo|vitest    one of the two

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { at, pinnedNode, read, targetFolder } from "./lib/project.mjs";
import { environment, remembered } from "./lib/rust.mjs";
import { command, Fault, foreground, main, say, step } from "./lib/terminal.mjs";

/** A part that ends badly without naming a failed test (it did not compile, it crashed) counts as one failure. */
function withStatus(counts, status) {
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

const sum = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });
const none = { passed: 0, failed: 0, skipped: 0 };

/** Adds up cargo's `test result:` lines, one for each test program. */
export function cargoCounts(output) {
  return [...output.matchAll(/^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/gm)]
    .map(([, passed, failed, skipped]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(skipped),
    }))
    .reduce(sum, none);
}

/** Counts of vitest's JSON report; a file that could not even be loaded has no tests but is a failure. */
export function vitestCounts(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function cargo() {
  const toolchain = remembered();
  if (!toolchain) throw new Fault("No Rust toolchain has been chosen for the build yet.", "npm run setup");
  const env = { ...environment(toolchain), CARGO_TARGET_DIR: targetFolder("native"), CARGO_TERM_COLOR: "never" };
  const args = ["test", "--workspace", "--locked", "--no-fail-fast"];
  let output = "";
  let status = 0;
  try {
    await step("cargo test", async (report) => {
      const onLine = (line) => report(line.slice(0, 60));
      output = await command(join(toolchain.folder, "cargo"), args, { env, cwd: at(), onLine });
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    output = error.output ?? error.message;
    status = 1;
    console.error(output);
  }
  const counts = withStatus(cargoCounts(output), status);
  say(`  cargo: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} ignored\n`);
  return counts;
}

async function vitest(args) {
  const report = at("target", "test", "vitest.json");
  mkdirSync(at("target", "test"), { recursive: true });
  rmSync(report, { force: true });
  const status = await foreground(
    pinnedNode,
    [
      at("node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...args,
    ],
    { cwd: at() },
  );
  const text = read(report);
  return withStatus(text ? vitestCounts(JSON.parse(text)) : none, status);
}

function options() {
  const args = process.argv.slice(2);
  const place = args.indexOf("--only");
  if (place < 0) return { parts: ["cargo", "vitest"], args };
  const [, part] = args.splice(place, 2);
  if (part !== "cargo" && part !== "vitest") throw new Fault(`--only ${part}: give cargo or vitest`);
  return { parts: [part], args };
}

await main(async () => {
  const { parts, args } = options();
  let total = none;
  if (parts.includes("cargo")) total = sum(total, await cargo());
  if (parts.includes("vitest")) total = sum(total, await vitest(args));
  if (total.skipped > 0) console.log(`${total.skipped} skipped`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});
