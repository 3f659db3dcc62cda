// The short form of a part, for `npm test`: a new seed each time, which the test's name has, unless
// one is given. TEST_SEED repeats a run.

import { expect, test } from "vitest";
import type { Part } from "./part.ts";

export function testQuickly({ name, quick, run }: Part, fixed?: number): void {
  const seed = fixed ?? Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  test(`${quick} cases of ${name}, seed ${seed}`, { timeout: 600_000 }, async () => {
    const { cases, failures } = await run({ seed, cases: quick });
    const said = failures.map(({ what, script }) => `${what}\n${script}`);
    expect(said, `npm run fuzz -- ${name} --seed ${seed}`).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(quick);
  });
}
