// The overhead of a call: a warm one, the first of a process, an abort; and many small calls at
// once, coalesced or not.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createEngine } from "../../dist/index.js";
import { makePaths } from "../lib/paths.mjs";
import { median, summary } from "../lib/statistics.mjs";
import { inTurn, warm } from "./timing.mjs";

const tiny = { data: new Float32Array([0, 0, 1, 1]), shape: [1, 2, 2] };

/**
 * Time to the first result by the process's own clock: from before the import, and from process
 * start.
 */
const coldProgram = `
const begin = performance.now();
const { createEngine } = await import(process.argv[1]);
const engine = await createEngine({ threads: 2 });
await engine.signature({ data: new Float32Array(3000), shape: [10, 100, 3] }, { depth: 3 });
const end = performance.now();
console.log(JSON.stringify([end - begin, end]));
process.exit(0);`;

export async function measureLatency({ progress, quick }) {
  progress.note("latency");
  const engine = await createEngine({ threads: 2, idleTimeout: Number.POSITIVE_INFINITY });
  await warm(engine, 2);
  const dispatch = [];
  for (let i = 0; i < (quick ? 200 : 4000); i++) {
    const before = performance.now();
    await engine.signature(tiny, { depth: 1 });
    if (i >= 100) dispatch.push((performance.now() - before) / 1e3);
  }

  const row = { batch: 4000, points: 200, channels: 6, depth: 4 };
  const paths = { data: makePaths("random walk", row, 1), shape: [row.batch, row.points, row.channels] };
  const aborts = [];
  const freed = [];
  for (let i = 0; i < (quick ? 3 : 20); i++) {
    const controller = new AbortController();
    const call = engine.signature(paths, { depth: row.depth, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 15 + i));
    const before = performance.now();
    controller.abort();
    await call.catch(() => undefined);
    aborts.push((performance.now() - before) / 1e3);
    while (engine.info().tasks > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    freed.push((performance.now() - before) / 1e3);
  }
  await engine.close();

  const cold = [];
  for (let i = 0; i < (quick ? 2 : 15); i++) {
    const url = new URL("../../dist/index.js", import.meta.url).href;
    const args = ["--input-type=module", "-e", coldProgram, url];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    cold.push(JSON.parse(stdout).map((ms) => ms / 1e3));
  }
  const most = (numbers) => Math.max(...numbers);
  return {
    dispatch: summary(dispatch),
    abort: { median: median(aborts), most: most(aborts), freedMedian: median(freed), freedMost: most(freed) },
    cold: { fromImport: median(cold.map(([x]) => x)), fromStart: median(cold.map(([, x]) => x)), samples: cold.length },
  };
}

export async function measureJoining({ progress, quick }) {
  progress.note("joining");
  const count = 10_000;
  const row = { batch: count, points: 100, channels: 3, depth: 3 };
  const data = makePaths("random walk", row, 1);
  const paths = Array.from({ length: count }, (_, i) => ({
    data: data.slice(300 * i, 300 * (i + 1)),
    shape: [100, 3],
  }));
  const joining = await createEngine({ threads: 2 });
  const apart = await createEngine({ threads: 2, coalesce: false });
  await warm(joining, 2);
  await warm(apart, 2);
  const all = (engine) => () => Promise.all(paths.map((path) => engine.signature(path, { depth: 3 })));
  const times = await inTurn({ joined: all(joining), apart: all(apart) }, { quick, budget: 1.5, rounds: 15 });
  await joining.close();
  await apart.close();
  return { count, times };
}
