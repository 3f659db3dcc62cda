// The installed package on server runtimes: every supported Node, Bun and Deno, in their current
// versions, started as a user would, in a project with the packed tarball.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runtime } from "../../scripts/lib/runtimes.mjs";
import type { Consumer } from "../packaging/consumer.ts";
import { requireHost } from "./hosts.ts";
import { makeProject, type Report, settle } from "./project.ts";

let project: Consumer;
beforeAll(async () => {
  project = await makeProject();
  const finish = `
    conformance(library, { algebra, kernels, workers: true }).then((report) => {
      const { Bun, Deno, process } = globalThis;
      console.log(JSON.stringify({ report, version: Deno?.version.deno ?? Bun?.version ?? process.versions.node }));
    });`;
  project.write(
    "esm.mjs",
    `import * as library from "path-signature";
     import * as algebra from "path-signature/algebra";
     import * as kernels from "path-signature/kernels";
     import { conformance } from "./conformance.mjs";${finish}`,
  );
  project.write(
    "common.cjs",
    `const library = require("path-signature");
     const algebra = require("path-signature/algebra");
     const kernels = require("path-signature/kernels");
     import("./conformance.mjs").then(({ conformance }) => {${finish}});`,
  );
});
afterAll(() => project.close());

interface Outcome {
  readonly report: Report;
  readonly version: string;
}

async function outcome(host: string, file: string): Promise<Outcome> {
  // Deno needs permission to read files, including those of workers.
  const args = host === "deno" ? ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", file] : [file];
  return JSON.parse(await project.run(runtime(host)!, ...args)) as Outcome;
}

describe.each(["node20", "node22", "node24", "node26", "bun"])("%s", (host) => {
  it("imports", async ({ skip }) => {
    requireHost(host, skip);
    const { report, version } = await outcome(host, "esm.mjs");
    await settle(host, report, version);
    if (host.startsWith("node")) expect(version.split(".")[0]).toBe(host.slice(4));
  });

  it("requires", async ({ skip }) => {
    requireHost(host, skip);
    const { report, version } = await outcome(host, "common.cjs");
    await settle(host, report, version);
  });
});

it("deno imports", async ({ skip }) => {
  requireHost("deno", skip);
  const { report, version } = await outcome("deno", "esm.mjs");
  await settle("deno", report, version);
});
