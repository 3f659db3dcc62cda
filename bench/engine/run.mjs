// The benchmark of the asynchronous engine: threads, gradients, peers with as many threads,
// latencies, memory, and a simulation of more threads. Started by
//
//   npm run bench -- engine [--quick]
//     [--only threads,gradients,long,peers,latency,joining,loop,memory,scaling]
//
// Runs of one day on one machine are merged into one file, bench/results/engine-MACHINE-DATE.json,
// with a page beside it; parts measured later that day replace earlier ones. Nothing is pinned: two
// threads and the calling thread share the cores, as they do for a user.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { info } from "../../dist/index.js";
import { codeMeasured, machine, root } from "../lib/machine.mjs";
import { Progress } from "../lib/progress.mjs";
import { measureGradients, measureLong, measureThreads } from "./batches.mjs";
import { measureJoining, measureLatency } from "./latency.mjs";
import { measureLoop, measureMemory } from "./loads.mjs";
import { measurePeers } from "./peers.mjs";
import { enginePage, engineTargets } from "./report.mjs";
import { measureScaling } from "./scaling.mjs";

const parts = {
  threads: measureThreads,
  gradients: measureGradients,
  long: measureLong,
  latency: measureLatency,
  joining: measureJoining,
  loop: measureLoop,
  memory: measureMemory,
  scaling: measureScaling,
  peers: measurePeers,
};

/** Format version of result files; others are not merged. */
const format = 1;

export async function runEngineBench(args) {
  const { values } = parseArgs({
    args,
    options: { only: { type: "string" }, quick: { type: "boolean", default: false } },
  });
  const names = values.only?.split(",") ?? Object.keys(parts);
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: give some of ${Object.keys(parts).join(", ")}`);
  if (!existsSync(join(root, "dist/index.js"))) throw new Error("dist/ is not built: run npm run build");

  const { variant } = info();
  if (variant !== "relaxed")
    throw new Error(`this Node runs the binary ${variant}: start it by npm run bench, which brings Node 24`);

  const where = machine();
  const date = new Date().toISOString().slice(0, 10);
  const base = join(root, "bench/results", `engine-${where.slug}-${date}${values.quick ? "-quick" : ""}`);
  mkdirSync(join(root, "bench/results"), { recursive: true });
  const earlier = existsSync(`${base}.json`) ? JSON.parse(readFileSync(`${base}.json`, "utf8")) : undefined;
  const result = {
    format,
    date,
    machine: { ...where, pinnedToCore: null },
    node: process.versions.node,
    parts: earlier?.format === format ? earlier.parts : {},
  };
  const progress = new Progress();
  for (const name of Object.keys(parts).filter((part) => names.includes(part))) {
    const measured = await parts[name]({ progress, quick: values.quick });
    progress.stop();
    result.parts[name] = { finished: new Date().toISOString(), code: codeMeasured(), ...measured };
    writeFileSync(
      `${base}.json`,
      `${JSON.stringify(result, (_, x) => (typeof x === "number" ? Number(x.toPrecision(5)) : x), 1)}\n`,
    );
  }
  writeFileSync(`${base}.md`, enginePage(result));
  process.stdout.write(`\n${engineTargets(result)}\n\n${relative(root, base)}.{json,md}\n`);
}
