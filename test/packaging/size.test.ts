// The size budgets (scripts/lib/budgets.mjs), measured by size-limit on the build.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import {
  budgets,
  functionBytes,
  intervalsBytes,
  logSignatureBytes,
  onceBytes,
  randomFeaturesBytes,
  snapshotBytes,
  streamsBytes,
} from "../../scripts/lib/budgets.mjs";
import { functionsOf } from "../../scripts/lib/entry-modules.mjs";
import { families, prefixed } from "../../scripts/lib/families.mjs";
import { withoutLazy } from "../../scripts/lib/parts.mjs";
import { nodes, root } from "./consumer.ts";

interface Measured {
  readonly name: string;
  readonly passed: boolean;
  readonly size: number;
  readonly sizeLimit: number;
}

let measured: Measured[];
beforeAll(async () => {
  const sizeLimit = join(root, "node_modules", "size-limit", "bin.js");
  // It exits with an error if a budget is exceeded, but prints its results first.
  const { stdout } = await promisify(execFile)(nodes["Node 24"], [sizeLimit, "--json"], { cwd: root }).catch(
    (error: { stdout: string }) => error,
  );
  measured = JSON.parse(stdout) as Measured[];
});

describe.each(budgets.map(({ name, limit }) => ({ name, limit })))("$name", ({ name, limit }) => {
  it(`has at most ${limit} compressed`, () => {
    const found = measured.find((one) => one.name === name)!;
    expect(found.size).toBeGreaterThan(100);
    expect(found.size, `${found.size} bytes, ${found.sizeLimit} are allowed`).toBeLessThanOrEqual(found.sizeLimit);
    expect(found.passed).toBe(true);
  });
});

describe.each(Object.keys(families))("a function more of the family %s", (family) => {
  const functions = functionsOf(family);

  /** What an app downloads that imports these functions from the entry without a binary. */
  async function compressed(names: readonly string[]): Promise<number> {
    const { outputFiles } = await build({
      stdin: {
        contents: `export { ${["init", ...names].join(", ")} } from "./${prefixed(family, "slim")}.js";`,
        resolveDir: join(root, "dist"),
      },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      plugins: [withoutLazy],
    });
    return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  }

  it(`costs at most ${functionBytes} bytes where the others are imported`, async () => {
    const all = await compressed(functions);
    for (const name of functions) {
      const cost = all - (await compressed(functions.filter((other) => other !== name)));
      const own: Readonly<Record<string, number>> = {
        signature: onceBytes,
        logSignature: logSignatureBytes,
        randomSignatureFeatures: randomFeaturesBytes,
        createSignatureIntervals: intervalsBytes,
        createSignatureStreams: streamsBytes,
        restoreSignatureStream: snapshotBytes,
      };
      const most = functionBytes + (own[name] ?? 0);
      expect(cost, `${name} costs ${cost} bytes`).toBeLessThanOrEqual(most);
    }
  });
});
