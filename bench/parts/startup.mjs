// The cost of the first calls, in fresh processes: importing, compiling, and calls before the
// engine's optimised code is ready.

const shape = { batch: 32, points: 100 };
const shapes = [
  { ...shape, channels: 4, depth: 4 },
  { ...shape, channels: 8, depth: 3 },
];

/** Calls within this factor of the fastest one count as fast. */
const fast = 1.25;

export async function measureStartup(bench) {
  const calls = bench.quick ? 50 : 500;
  const rows = [];
  bench.progress.begin("startup", 2 * shapes.length);
  for (const variant of ["relaxed", "simd"]) {
    for (const row of shapes) {
      bench.progress.row(`${variant} (${row.channels},${row.depth})`);
      await bench.restart(variant);
      const { hello } = await bench.worker(variant);
      const contestant = await bench.prepare("first", variant, { ...row, ...bench.input(row), subject: "api" });
      const { seconds } = await contestant.worker.ask("each", { key: contestant.key, calls });
      await bench.forget([contestant]);
      const fastest = Math.min(...seconds);
      const reached = seconds.findIndex((one) => one <= fast * fastest);
      const untilFast = seconds.slice(0, reached).reduce((sum, one) => sum + one, 0);
      const { imported, initialised } = hello;
      rows.push({ variant, ...row, imported, initialised, first: seconds[0], fastest, untilFast, calls: reached });
      bench.progress.step();
    }
  }
  return { rows };
}
