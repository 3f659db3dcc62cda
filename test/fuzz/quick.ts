// The short form of a part, for `npm test`. TEST_SEED repeats a run.

import { expect, test } from "vitest";
import type { Part } from "./part.ts";

export function testQuickly({ name, quick, run }: Part): void {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  test(`${quick} cases of ${name}, seed ${seed}`, { timeout: 180_000 }, async () => {
    const { cases, failures } = await run({ seed, cases: quick });
    expect(failures, `npm run fuzz -- ${name} --seed ${seed}`).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(quick);
  });
}
