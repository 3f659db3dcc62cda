// The table of cases, and calls at a device's limits, on the WebGPU of other runtimes: Chromium
// (Dawn, as in browsers) and Deno (wgpu, an independent implementation with its own WGSL compiler).

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { beforeAll, expect, test } from "vitest";
import { level } from "../level.ts";
import type { Report } from "./conformance.ts";
import { type Host, tablesOf } from "./host-tables.ts";
import { hostTime, runOn } from "./hosts.ts";
import { describeOn } from "./implementations.ts";
import type { Outcome } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = "target/test/gpu";

/** The table and the library bundled into one JavaScript file that exports `run`. */
async function bundle(): Promise<string> {
  await build({
    configFile: false,
    root,
    logLevel: "error",
    define: { "process.env.TEST_LEVEL": JSON.stringify(level) },
    build: {
      lib: { entry: "test/gpu/conformance.ts", formats: ["es"], fileName: "conformance" },
      outDir: join(root, folder),
      emptyOutDir: true,
      target: "esnext",
      minify: false,
    },
  });
  return `${folder}/conformance.js`;
}

const hosts: readonly Host[] = ["chromium", "deno"];
let started: Record<Host, Promise<unknown>> | undefined;

/**
 * The report of a host. The first request starts both, side by side: minutes each, on one core
 * each.
 */
async function reportOf(name: Host): Promise<Report> {
  if (started === undefined) {
    const file = bundle();
    const start = async (host: Host) => runOn[host](await file);
    started = { chromium: start("chromium"), deno: start("deno") };
    // A missing one is skipped and not started.
    for (const host of hosts) started[host].catch(() => undefined);
  }
  return (await started[name]) as Report;
}

for (const name of hosts) {
  describeOn(name, name, () => {
    const { gradients, limits, logarithms, signatures } = tablesOf[name];
    let report: Report;
    beforeAll(async () => {
      report = await reportOf(name);
    }, hostTime);

    const expectRight = (outcome: Outcome | undefined) => {
      expect(outcome?.error).toBeUndefined();
      expect(outcome?.worst, outcome?.where).toBeLessThanOrEqual(1);
    };
    const expectSignature = ({ name: wanted }: { name: string }) =>
      expectRight(report.outcomes.find((one) => one.name === wanted));

    test.each([...signatures, ...limits])("$name", expectSignature);
    test.each(gradients)("gradients: $name", ({ name: wanted }) =>
      expectRight(report.gradients.find((one) => one.name === wanted)),
    );

    test.each(logarithms)("log-signatures: $name", ({ name: wanted }) =>
      expectRight(report.logarithms.find((one) => one.name === wanted)),
    );

    test("compilers have no complaints, no fault was met", () => {
      expect(report.messages).toEqual([]);
      expect(report.faults).toEqual([]);
    });
  });
}
