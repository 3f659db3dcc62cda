// How vitest runs the tests: from the TypeScript sources, except test/packaging, which installs the packed tarball.
// `npm test` builds first (the sources import ts/generated).

import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Examples import the package by its name: their parts are tested on the sources, as a whole on the packed tarball.
  resolve: { alias: [{ find: /^path-signature$/, replacement: join(import.meta.dirname, "ts/index.ts") }] },
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    setupFiles: ["test/unfilled-memory.ts"],
    watch: false,
    // Property tests and long paths on a busy machine of two cores; a test that knows it needs more says so itself.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A process each: tests look at memory and at what a first import does.
    pool: "forks",
  },
});
