// Timing of asynchronous calls: several contestants in turn, A B A B …, each call awaited.

import { summary } from "../lib/statistics.mjs";

/** Seconds of a run. */
export async function seconds(run) {
  const before = performance.now();
  await run();
  return (performance.now() - before) / 1e3;
}

/**
 * @param {Record<string, () => unknown>} contestants
 * @param {{ quick: boolean, budget?: number, rounds?: number }} options `budget`: seconds for each
 *   contestant; it gets five samples at least
 * @returns {Promise<Record<string, { min: number, median: number, samples: number }>>} seconds of a
 *   call by name
 */
export async function inTurn(contestants, { quick, budget = 0.6, rounds = 60 }) {
  const all = Object.entries(contestants).map(([name, run]) => ({ name, run, samples: [], spent: 0, calls: 1 }));
  for (const one of all) {
    let first = 0;
    // Compilers tier up in the first calls.
    for (let i = 0, begin = performance.now(); i < 3 || performance.now() - begin < (quick ? 20 : 150); i++)
      first = await seconds(one.run);
    one.calls = Math.max(1, Math.ceil(0.003 / first));
  }
  for (let round = 0; round < (quick ? 3 : rounds); round++) {
    for (const one of all) {
      if (round >= 5 && one.spent > budget) continue;
      const spent = await seconds(async () => {
        for (let i = 0; i < one.calls; i++) await one.run();
      });
      one.samples.push(spent / one.calls);
      one.spent += spent;
    }
  }
  return Object.fromEntries(all.map(({ name, samples }) => [name, summary(samples)]));
}

/** The engine's threads have started after this. */
export async function warm(engine, threads) {
  const paths = { data: new Float32Array(4096 * 50 * 4), shape: [4096, 50, 4] };
  for (let i = 0; i < 100 && engine.info().workers < threads; i++) await engine.signature(paths, { depth: 3 });
}
