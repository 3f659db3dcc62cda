// How vitest runs the tests: from the TypeScript sources, except test/packaging, which installs the packed tarball.
// `npm test` builds first (the sources import ts/generated).

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "examples/**/*.test.ts"],
    watch: false,
    // Property tests and long paths on a busy machine of two cores; a test that knows it needs more says so itself.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // A process each: tests look at memory and at what a first import does.
    pool: "forks",
  },
});
