// Runs all tests: the crates natively by cargo, then everything else by vitest. The last line has
// the totals of both, `N passed, N failed`, and the exit status is 0 if all passed. Arguments go to
// vitest, except
//
//   --all                  with the exhaustive sweeps of the tables (test/level.ts)
//   --again                a file that fails is run once more at the end, with nothing beside it
//   --quick                no browser, tarball or GPU: cargo, types, tables on inlined binaries
//   --only cargo|vitest    one of the two

import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { families, mainFamily } from "./lib/families.mjs";
import { at, pinnedNode, read, targetFolder } from "./lib/project.mjs";
import { environment, remembered } from "./lib/rust.mjs";
import { command, Fault, foreground, main, say, step } from "./lib/terminal.mjs";

/**
 * A part that fails without naming a failed test (it did not compile, it crashed) counts as one
 * failure.
 */
function withStatus(counts, status) {
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

const sum = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });
const none = { passed: 0, failed: 0, skipped: 0 };

/** Adds up cargo's `test result:` lines, one per test program. */
function cargoCounts(output) {
  return [...output.matchAll(/^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/gm)]
    .map(([, passed, failed, skipped]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(skipped),
    }))
    .reduce(sum, none);
}

async function cargo(level) {
  const toolchain = remembered();
  if (!toolchain) throw new Fault("No Rust toolchain has been chosen for the build yet.", "npm run setup");
  const env = {
    ...environment(toolchain),
    CARGO_TARGET_DIR: targetFolder("native"),
    CARGO_TERM_COLOR: "never",
    ...level,
  };
  let counts = none;
  // The workspace has the binaries of the family `core`; the others one after the other.
  const others = Object.keys(families).filter((family) => family !== mainFamily);
  const featured = others.map((family) => [
    ...["-p", "path-signature-wasm", "--no-default-features"],
    "--features",
    family,
  ]);
  for (const chosen of [["--workspace"], ...featured]) {
    const args = ["test", ...chosen, "--locked", "--no-fail-fast"];
    let output = "";
    let status = 0;
    try {
      await step(`cargo test ${chosen.at(-1)}`, async (report) => {
        const onLine = (line) => report(line.slice(0, 60));
        output = await command(join(toolchain.folder, "cargo"), args, { env, cwd: at(), onLine });
      });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      output = error.output ?? error.message;
      status = 1;
      console.error(output);
    }
    counts = sum(counts, withStatus(cargoCounts(output), status));
  }
  say(`  cargo: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} ignored`);
  return counts;
}

/** Stderr of programs under test is shown only if vitest itself failed. */
const stderrFile = at("target", "test", "stderr.txt");
const mostStderr = 4_000;

const colors = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};

async function vitest(args, env) {
  const counts = at("target", "test", "counts.json");
  mkdirSync(at("target", "test"), { recursive: true });
  rmSync(counts, { force: true });
  const stderr = openSync(stderrFile, "w");
  const status = await foreground(
    pinnedNode,
    [
      at("node_modules", "vitest", "vitest.mjs"),
      "run",
      `--reporter=${at("scripts", "lib", "test-reporter.mjs")}`,
      ...args,
    ],
    { cwd: at(), env: { ...env, ...colors, TEST_COUNTS: counts }, stderr, onLine: say },
  );
  closeSync(stderr);
  const text = read(counts);
  if (!text) console.error(read(stderrFile).slice(-mostStderr));
  return withStatus(text ? JSON.parse(text) : none, status);
}

/** More failed files than this are not the work of a busy machine. */
const mostAgain = 5;

/**
 * Runs the files that failed once more, one after the other. Tests with browsers, services and
 * workers that die have deadlines, and a machine that other programs share misses one in some
 * thousand tests. The first failure stays in the log.
 */
async function again({ failures = {}, ...counts }, args, env) {
  const files = Object.keys(failures);
  if (files.length === 0 || files.length > mostAgain) return counts;
  say(`\nOnce more, by themselves: ${files.join(", ")}`);
  const options = args.filter((argument) => argument.startsWith("-"));
  const { failures: left = {}, ...second } = await vitest([...files, ...options, "--no-file-parallelism"], env);
  const passed = files.filter((file) => !(file in left));
  if (passed.length > 0) say(`Failed at first, passed by themselves: ${passed.join(", ")}`);
  return Object.values(failures).reduce(
    (total, file) => ({
      passed: total.passed - file.passed,
      failed: total.failed - file.failed,
      skipped: total.skipped - file.skipped,
    }),
    sum(counts, second),
  );
}

/** All types, as in `npm run check`; counts as one test. */
async function types() {
  try {
    await step("tsc", async () => {
      await command(pinnedNode, [at("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.json"], { cwd: at() });
    });
    return { ...none, passed: 1 };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    console.error(error.message);
    return { ...none, failed: 1 };
  }
}

const parts = { cargo, vitest };

function options() {
  const args = process.argv.slice(2);
  const flag = (name) => {
    const place = args.indexOf(name);
    if (place >= 0) args.splice(place, 1);
    return place >= 0;
  };
  const [all, quick, twice] = [flag("--all"), flag("--quick"), flag("--again")];
  if (all && quick) throw new Fault("--all and --quick: give one of the two");
  const place = args.indexOf("--only");
  const [, only] = place < 0 ? [] : args.splice(place, 2);
  if (place >= 0 && !(only in parts)) throw new Fault(`--only ${only}: give cargo or vitest`);
  return { all, quick, twice, only, args };
}

await main(async () => {
  const { all, quick, twice, only, args } = options();
  const env = { TEST_LEVEL: all ? "all" : quick ? "quick" : "usual" };
  const work = [
    ...(only === "vitest" ? [] : [() => cargo(env)]),
    ...(quick && only === undefined ? [types] : []),
    ...(only === "cargo" ? [] : [() => vitest(args, env)]),
  ];
  // Side by side: the longest native test keeps one core busy for most of their time.
  const counts = await Promise.all(work.map((part) => part()));
  const last = twice && only !== "cargo" ? await again(counts.pop(), args, env) : none;
  const total = counts.reduce(sum, last);
  if (total.skipped > 0) console.log(`${total.skipped} skipped`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});
