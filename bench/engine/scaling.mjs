// Estimates the effect of more threads than this machine has: costs measured here are fed to the
// simulation of ../scaling/simulate.mjs. For each row the calling thread's own work (staging,
// reading, scheduler ticks) is measured by its processor time, and the kernels' work on one thread.

import { createEngine, signature } from "../../dist/index.js";
import { rowName } from "../grid.mjs";
import { makePaths } from "../lib/paths.mjs";
import { tabulate, threadCounts } from "../scaling/simulate.mjs";
import { inTurn, warm } from "./timing.mjs";

const rows = [
  [4096, 1000, 2, 2],
  [4096, 1000, 2, 4],
  [4096, 500, 4, 4],
  [2048, 500, 8, 3],
  [256, 1000, 8, 4],
].map(([batch, points, channels, depth]) => ({ batch, points, channels, depth }));

/** Seconds of processor time that the calling thread takes for a call, and seconds in all. */
async function busyTime(run, calls) {
  await run();
  const before = process.threadCpuUsage();
  const begin = performance.now();
  for (let i = 0; i < calls; i++) await run();
  const seconds = (performance.now() - begin) / 1e3 / calls;
  const { user, system } = process.threadCpuUsage(before);
  return { busy: (user + system) / 1e6 / calls, seconds };
}

/** Bytes per second at which one thread copies data that no cache holds. */
function copyBandwidth() {
  const from = new Float32Array(2 ** 24).fill(1);
  const to = new Float32Array(2 ** 24);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const before = performance.now();
    to.set(from);
    best = Math.min(best, performance.now() - before);
  }
  return from.byteLength / (best / 1e3);
}

export async function measureScaling({ progress, quick }) {
  const engine = await createEngine({ threads: 2 });
  await warm(engine, 2);
  const found = [];
  const list = quick ? rows.slice(0, 1) : rows;
  progress.begin("scaling", list.length);
  for (const row of list) {
    progress.row(rowName(row));
    const { batch, points, channels, depth } = row;
    const data = makePaths("random walk", row, 1);
    const paths = { data, shape: [batch, points, channels] };
    const shared = { data: new Float32Array(new SharedArrayBuffer(data.byteLength)), shape: paths.shape };
    shared.data.set(data);
    const { sync } = await inTurn({ sync: () => signature(paths, { depth }) }, { quick, budget: 0.3 });
    const plan = engine.explain("signature", { shape: paths.shape, depth });
    const costs = {
      work: sync.min,
      tasks: plan.tasks,
      staged: await busyTime(() => engine.signature(paths, { depth }), quick ? 2 : 8),
      inPlace: await busyTime(() => engine.signature(shared, { depth }), quick ? 2 : 8),
    };
    found.push({ ...row, ...costs, speedups: tabulate(costs) });
    progress.step();
  }
  await engine.close();
  return { threads: threadCounts, bandwidth: copyBandwidth(), rows: found };
}
