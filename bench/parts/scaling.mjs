// Growth of the public call's time with the batch, the length and the size of a signature, beside
// its two limits: multiply-adds at the machine's peak, and copying input and output once.

import { rowName } from "../grid.mjs";
import { signatureSize } from "../lib/counts.mjs";
import { timePeak } from "./roofline.mjs";

const shape = { channels: 4, depth: 4 };

const series = {
  batch: [1, 2, 3, 4, 5, 8, 13, 16, 32, 64, 128, 256, 512, 1024, 2048].map((batch) => ({
    batch,
    points: 200,
    ...shape,
  })),
  points: [2, 3, 5, 9, 17, 33, 65, 129, 257, 513, 1025, 2049, 4097, 8193, 16385, 32769].map((points) => ({
    batch: 32,
    points,
    ...shape,
  })),
  size: shapesUpTo(20_000).map(([channels, depth]) => ({ batch: 64, points: 200, channels, depth })),
};

/** Every (channels, depth) of some channel counts whose signature has at most that many numbers. */
function shapesUpTo(numbers) {
  const shapes = [];
  for (const channels of [2, 3, 4, 5, 6, 8, 12, 16, 24, 32]) {
    for (let depth = 2; depth <= 12 && signatureSize(channels, depth) <= numbers; depth++)
      shapes.push([channels, depth]);
  }
  return shapes;
}

export async function measureScaling(bench) {
  const thin = (rows) => (bench.quick ? rows.filter((_, i) => i % 4 === 0) : rows);
  const total = Object.values(series).reduce((sum, rows) => sum + thin(rows).length, 0);
  const plan = { ...bench.plan, budgetSeconds: bench.plan.budgetSeconds / 2, warmSeconds: bench.plan.warmSeconds / 2 };
  bench.progress.begin("scaling", total);
  const measured = {};
  for (const [name, rows] of Object.entries(series)) {
    measured[name] = [];
    for (const row of thin(rows)) {
      bench.progress.row(`${name} ${rowName(row)}`);
      const request = { ...row, ...bench.input(row) };
      const contestants = [
        await bench.prepare("relaxed", "relaxed", { ...request, subject: "api", out: true }),
        await bench.prepare("copy", "relaxed", { ...request, subject: "copy" }),
        await timePeak(bench, "relaxed"),
      ];
      measured[name].push({ ...row, times: await bench.time(contestants, plan) });
      bench.progress.step();
    }
  }
  return { series: measured };
}
