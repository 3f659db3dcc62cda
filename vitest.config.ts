// How vitest runs the tests: from the TypeScript sources, except test/packaging, which installs the packed tarball.
// `npm test` builds first (the sources import ts/generated). What TEST_LEVEL leaves out of tables: test/level.ts.

import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Between two edits: the tables on the inlined binaries, and what else takes no browser, no tarball, no GPU and little time. */
const quick = [
  ...["abi", "algebra", "algebra-errors", "binaries", "cases", "cut", "errors", "gradients", "gradients-oracles"],
  ...["hostile", "identities", "imports", "loading", "memory", "oracles", "tensor", "types", "width"],
  ...["dispatch/*", "engine/bits", "engine/errors", "gpu/plan"],
].map((name) => `test/${name}.test.ts`);

/** Those that take longest, on a machine that has not run them yet: begun last they would be waited for alone. */
const longest = [
  ...["gpu/conformance", "gpu/dawn", "gpu/limits", "engine/faults", "gradients", "packaging/reproducible"],
  ...["gpu/public", "gpu/gradients", "gpu/accuracy", "gpu/tfjs", "gpu/backend", "cases"],
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const known = longest.findIndex((name) => moduleId.endsWith(name));
      return known < 0 ? longest.length : known;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

// Browsers and drivers that find none say so, each of them, many times.
if (!existsSync(process.env.XDG_RUNTIME_DIR ?? "")) {
  process.env.XDG_RUNTIME_DIR = join(import.meta.dirname, "target", "test", "run");
  mkdirSync(process.env.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
}

export default defineConfig({
  // Examples import the package by its name: their parts are tested on the sources, as a whole on the packed tarball.
  resolve: { alias: [{ find: /^path-signature$/, replacement: join(import.meta.dirname, "ts/index.ts") }] },
  test: {
    include: process.env.TEST_LEVEL === "quick" ? quick : ["test/**/*.test.ts", "examples/**/*.test.ts"],
    setupFiles: ["test/unfilled-memory.ts"],
    watch: false,
    // Property tests and long paths on a busy machine of two cores; a test that knows it needs more says so itself.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A process each: tests look at memory and at what a first import does.
    pool: "forks",
    // Vitest leaves a core to itself, which on two is half of the machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
  },
});
