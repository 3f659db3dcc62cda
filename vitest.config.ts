// Vitest's configuration: tests run from the TypeScript sources, except test/packaging, which
// installs the packed tarball. `npm test` builds first (the sources import ts/generated).
// test/level.ts says which parts of tables TEST_LEVEL omits.

import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * For quick runs between edits: the tables on the inlined binaries, and other tests that need no
 * browser, tarball or GPU and little time.
 */
const quick = [
  ...["abi", "algebra", "algebra-errors", "binaries", "cases", "cut", "errors", "gradients", "gradients-oracles"],
  ...["hostile", "identities", "imports", "loading", "memory", "messages", "oracles"],
  ...["signature-kernel", "signature-kernel-errors", "tensor", "types", "width"],
  ...["dispatch/*", "engine/errors", "gpu/plan"],
].map((name) => `test/${name}.test.ts`);

/**
 * The longest tests, for machines without recorded durations. Started last, they would run alone at
 * the end.
 */
const longest = [
  ...["gpu/conformance", "site/pages", "runtimes/bundlers", "gpu/dawn", "gradients", "site/playground"],
  ...["gpu/limits", "engine/faults", "packaging/cli", "packaging/reproducible", "engine/gradients", "gpu/backend"],
  ...["gpu/public", "engine/bits", "cases", "gpu/gradients", "runtimes/browsers", "packaging/compilers", "gpu/tfjs"],
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

// Browsers and drivers print many warnings about missing devices.
if (!existsSync(process.env.XDG_RUNTIME_DIR ?? "")) {
  process.env.XDG_RUNTIME_DIR = join(import.meta.dirname, "target", "test", "run");
  mkdirSync(process.env.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
}

export default defineConfig({
  // Examples import the package by name. Their parts are tested from the sources, the whole on the
  // packed tarball.
  resolve: {
    alias: [
      { find: /^path-signature$/, replacement: join(import.meta.dirname, "ts/index.ts") },
      { find: /^path-signature\/features$/, replacement: join(import.meta.dirname, "ts/entry/features.ts") },
    ],
  },
  test: {
    include: process.env.TEST_LEVEL === "quick" ? quick : ["test/**/*.test.ts", "examples/**/*.test.ts"],
    setupFiles: ["test/unfilled-memory.ts"],
    watch: false,
    // For property tests and long paths on a busy machine with two cores; slower tests set their
    // own timeout.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // One process per file: tests measure memory and the effects of a first import.
    pool: "forks",
    // One more than there are cores: browsers, services and deadlines are waited for.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
  },
});
