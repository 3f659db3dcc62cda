// The kernels alone, on numbers already in WebAssembly memory, with each algorithm forced, beside
// the multiply-add peak measured in turn with them.

import { grid, oddShapes, onePath, rowName } from "../grid.mjs";
import { timePeak } from "./roofline.mjs";

/** [label, process, kernel request] */
const forms = [
  ["horner", "relaxed", { algorithm: "horner" }],
  ["pruned", "relaxed", { algorithm: "pruned" }],
  ["auto", "relaxed", { algorithm: "auto" }],
  ["horner simd", "simd", { algorithm: "horner" }],
  ["horner float64", "relaxed", { algorithm: "horner", dtype: "float64" }],
];

export async function measureKernels(bench) {
  const rows = [...grid, ...oddShapes, ...onePath].filter(bench.rows);
  bench.progress.begin("kernels", rows.length);
  const measured = [];
  for (const row of rows) {
    bench.progress.row(rowName(row));
    const input = bench.input(row);
    const references = bench.reference(row, input.data);
    const contestants = [];
    const errors = {};
    for (const [label, name, asked] of forms) {
      const contestant = await bench.prepare(label, name, { ...row, ...input, ...asked, subject: "kernel" });
      errors[label] = await bench.check(contestant, row, references);
      contestants.push(contestant);
    }
    contestants.push(
      await timePeak(bench, "relaxed"),
      await timePeak(bench, "simd"),
      await timePeak(bench, "relaxed", "float64"),
    );
    measured.push({ ...row, times: await bench.time(contestants), errors });
    bench.progress.step();
  }
  return { rows: measured };
}
