// Fair timing of several contestants: warmed up one by one, then sampled in turn, A B C A B C …, so
// that changes of clock rate or of other load affect all of them. A sample is several calls, long
// enough for the clock.

import { summary } from "./statistics.mjs";

/**
 * @typedef {object} Plan
 * @property {number} warmSeconds warm-up of each contestant (compilers and caches); at least two
 *   calls
 * @property {number} sampleSeconds shortest sample
 * @property {number} rounds most samples of each contestant
 * @property {number} leastRounds samples that even the slowest contestant gets
 * @property {number} budgetSeconds of each contestant on a processor, beyond which it gets only
 *   `leastRounds`
 */

/** @type {Plan} For results. */
export const fullPlan = { warmSeconds: 0.5, sampleSeconds: 0.003, rounds: 80, leastRounds: 4, budgetSeconds: 2 };
/** @type {Plan} Smoke test; its numbers are not to be quoted. */
export const quickPlan = { warmSeconds: 0.03, sampleSeconds: 0.002, rounds: 4, leastRounds: 2, budgetSeconds: 0.05 };

/** Calls so long that one of them fills the caches and needs no untimed call before it. */
const longCall = 0.05;

/**
 * @param {{ worker: import("./worker.mjs").Worker, key: string, label: string }[]} contestants each
 *   prepared under `key` in its worker
 * @param {Plan} plan
 * @returns {Promise<Record<string, { min: number, median: number, samples: number, calls: number,
 *   processor?: number }>>} seconds per call by label; `processor`: of a processor, where Linux
 *   counts them, which is less than `min` where other loads run
 */
export async function interleave(contestants, plan) {
  const series = [];
  for (const contestant of contestants) {
    const { worker, key } = contestant;
    const { fastest } = await worker.ask("warm", { key, seconds: plan.warmSeconds });
    series.push({
      ...contestant,
      calls: Math.max(1, Math.ceil(plan.sampleSeconds / fastest)),
      samples: [],
      processor: [],
      spent: 0,
    });
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const one of series) {
      if (round >= plan.leastRounds && one.spent > plan.budgetSeconds) continue;
      const before = one.spent / Math.max(1, one.samples.length) < longCall ? 1 : 0;
      const { seconds, processor } = await one.worker.ask("sample", { key: one.key, calls: one.calls, before });
      one.samples.push(seconds / one.calls);
      if (processor > 0) one.processor.push(processor / one.calls);
      one.spent += processor > 0 ? processor : seconds;
      // Code may still get faster after the warm-up; this keeps samples long enough.
      if (seconds < 0.7 * plan.sampleSeconds)
        one.calls = Math.ceil((one.calls * plan.sampleSeconds) / Math.max(seconds, 1e-6));
    }
  }
  return Object.fromEntries(
    series.map(({ label, samples, processor, calls }) => {
      const onProcessor = processor.length > 0 ? { processor: Math.min(...processor) } : {};
      return [label, { ...summary(samples), ...onProcessor, calls }];
    }),
  );
}
