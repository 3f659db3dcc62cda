// The short form of a part, for `npm test`: the same cases each time, so that a failure comes from
// a change. TEST_SEED selects others; long runs search.

import { expect, test } from "vitest";
import { level } from "../level.ts";
import type { Part } from "./part.ts";

const seed = Number(process.env.TEST_SEED ?? 20_261_130);

/** How many cases of a part are tested at this level. */
export const countOf = ({ quick, few = quick }: Part): number => (level === "all" ? quick : few);

export function testQuickly(part: Part): void {
  const { name, run } = part;
  const count = countOf(part);
  // The part `rust` compiles first.
  test(`${count} cases of ${name}, seed ${seed}`, { timeout: 1_800_000 }, async () => {
    const { cases, failures } = await run({ seed, cases: count });
    const said = failures.map(({ what, script }) => `${what}\n${script}`);
    expect(said, `npm run fuzz -- ${name} --seed ${seed}`).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(count);
  });
}
