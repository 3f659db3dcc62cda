// Memory: flat over a thousand calls, and bounded for any batch and length. The facade's
// WebAssembly memory is observed from outside.

import { grid, rowName } from "../grid.mjs";

const calls = 1000;

/**
 * Shapes of a thousand calls in turn, each taking another code path of the facade: blocks, segments
 * of time, one path, both number types.
 */
const mix = [
  { batch: 3, points: 50, channels: 2, depth: 4 },
  { batch: 256, points: 100, channels: 3, depth: 3 },
  { batch: 1, points: 5000, channels: 4, depth: 3 },
  { batch: 37, points: 80, channels: 8, depth: 3, dtype: "float64" },
  { batch: 5, points: 60, channels: 3, depth: 3, stream: true },
];

/** Batches and lengths far larger than the staging memory. */
const large = [
  { batch: 1024, points: 100, channels: 4, depth: 4 },
  { batch: 16384, points: 100, channels: 4, depth: 4 },
  { batch: 4, points: 10_000, channels: 4, depth: 4 },
  { batch: 4, points: 1_000_000, channels: 4, depth: 4 },
];

export async function measureMemory(bench) {
  bench.progress.begin("memory", mix.length + large.length + 1);
  // A process of its own, without other parts' inputs and instances.
  await bench.restart("relaxed");
  const worker = await bench.worker("relaxed");
  const run = async (row, count) => {
    const contestant = await bench.prepare("memory", "relaxed", { ...row, ...bench.input(row), subject: "api" });
    await worker.ask("sample", { key: contestant.key, calls: count, before: 0 });
    await bench.forget([contestant]);
  };
  const pass = async (count) => {
    for (const row of mix) await run(row, count);
    return worker.ask("memory");
  };
  bench.progress.row("warm-up");
  const before = await pass(20);
  bench.progress.step();
  bench.progress.row(`${calls} calls`);
  const after = await pass(calls / mix.length);
  bench.progress.step();

  const bounds = [];
  for (const row of large) {
    bench.progress.row(rowName(row));
    await run(row, 1);
    bounds.push({ ...row, wasm: (await worker.ask("memory")).wasm });
    bench.progress.step();
  }
  const scratch = [];
  for (const row of grid.filter(bench.rows)) {
    const { bytes } = await worker.ask("scratch", { channels: row.channels, depth: row.depth });
    scratch.push({ channels: row.channels, depth: row.depth, bytes });
  }
  await bench.restart("relaxed");
  return { calls, before, after, bounds, scratch };
}
