// The short form of a part, for `npm test`: the same cases each time, so that a failure comes from
// a change. TEST_SEED selects others; long runs search.

import { expect, test } from "vitest";
import type { Part } from "./part.ts";

const seed = Number(process.env.TEST_SEED ?? 20_261_130);

export function testQuickly({ name, quick, run }: Part): void {
  // The part `rust` compiles first.
  test(`${quick} cases of ${name}, seed ${seed}`, { timeout: 1_800_000 }, async () => {
    const { cases, failures } = await run({ seed, cases: quick });
    const said = failures.map(({ what, script }) => `${what}\n${script}`);
    expect(said, `npm run fuzz -- ${name} --seed ${seed}`).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(quick);
  });
}
