// One thread against two: Gram matrices and their gradients on engines that differ only in their
// number of threads.

import { createEngine } from "../../dist/kernels.js";
import { inTurn } from "../engine/timing.mjs";
import { makePaths } from "../lib/paths.mjs";

const shape = { batch: 64, points: 128, channels: 5 };
const calls = [
  { what: "gram", run: (engine, [x, y]) => engine.signatureKernelGram(x, y) },
  { what: "symmetric", run: (engine, [x]) => engine.signatureKernelGram(x) },
  {
    what: "gradient",
    run: (engine, [x, y]) => engine.signatureKernelGramVjp(x, y, new Float32Array(shape.batch ** 2).fill(1)),
  },
  { what: "distance", run: (engine, [x, y]) => engine.signatureMmd(x, y) },
];

const paths = (seed) => ({
  data: makePaths("random walk", shape, seed).map((x) => x / Math.sqrt(shape.channels)),
  shape: [shape.batch, shape.points, shape.channels],
});

/** Seconds of each call on one thread and on two. */
export async function measureThreads({ progress, quick }) {
  const given = [paths(1), paths(2)];
  const open = (threads) => createEngine({ threads, idleTimeout: Number.POSITIVE_INFINITY });
  const [one, two] = [await open(1), await open(2)];
  const rows = [];
  progress.begin("threads", calls.length);
  try {
    for (const { what, run } of calls) {
      progress.row(what);
      const contestants = { one: () => run(one, given), two: () => run(two, given) };
      // Until both threads have compiled the kernels.
      for (let i = 0; i < 3; i++) for (const call of Object.values(contestants)) await call();
      rows.push({ what, ...shape, times: await inTurn(contestants, { quick, budget: 2 }) });
      progress.step();
    }
  } finally {
    await one.close();
    await two.close();
    progress.stop();
  }
  return { rows };
}
